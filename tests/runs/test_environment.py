"""What a run was made with; the commit is read from git's files, and no program is ever started."""

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

from kaggle_digits.runs import environment

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository as git lays it out, on the branch main."""
    git = tmp_path / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "refs" / "heads" / "main").write_text(f"{COMMIT}\n")
    return tmp_path


def test_versions_and_machine_are_told():
    versions = environment.versions()
    assert {"python", "keras", "kaggle-digits", "tensorflow", "numpy", "scikit-learn"} == set(versions)
    assert versions["keras"] == importlib.metadata.version("keras")
    assert versions["python"] == sys.version.split()[0]
    assert environment.circumstances()["machine"]


def test_a_branch_is_read_from_anywhere_below(repository):
    (repository / "a" / "b").mkdir(parents=True)
    for folder in (repository, repository / "a" / "b"):
        assert environment.git(folder).commit == COMMIT


def test_packed_refs_are_read(repository):
    (repository / ".git" / "refs" / "heads" / "main").unlink()
    other = COMMIT[::-1]
    (repository / ".git" / "packed-refs").write_text(
        "# pack-refs with: peeled fully-peeled sorted\n"
        f"{other} refs/heads/feature/main\n{other} refs/heads/maine\n{COMMIT} refs/heads/main\n"
        f"{other} refs/tags/v1\n^{other}\n"
    )
    assert environment.git(repository).commit == COMMIT


def test_a_loose_branch_goes_before_a_packed_one(repository):
    (repository / ".git" / "packed-refs").write_text(f"{COMMIT[::-1]} refs/heads/main\n")
    assert environment.git(repository).commit == COMMIT


@pytest.mark.parametrize("commit", [COMMIT, COMMIT + "0" * 24], ids=["sha1", "sha256"])
def test_a_detached_head_is_a_commit(repository, commit):
    (repository / ".git" / "HEAD").write_text(f"{commit}\n")
    assert environment.git(repository).commit == commit


@pytest.mark.parametrize(
    "head",
    ["", "ref: refs/heads/none\n", "ref: ../../secret\n", "ref: refs/heads/../../../secret\n", "ref: /etc/passwd\n",
     "ref: refs/heads/\n", "not a commit", COMMIT[:39], COMMIT.upper(), f"{COMMIT} and", "\0", "ref: refs/heads/a b"],
)  # fmt: skip
def test_what_is_no_commit_is_none(repository, head):
    (repository / "secret").write_text(COMMIT)
    (repository.parent / "secret").write_text(COMMIT)
    (repository / ".git" / "HEAD").write_text(head)
    assert environment.git(repository) is None


def test_noise_is_none(repository):
    (repository / ".git" / "HEAD").write_bytes(b"\xff\xfe\0")
    assert environment.git(repository) is None
    (repository / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (repository / ".git" / "refs" / "heads" / "main").write_bytes(b"\xff\xfe\0")
    assert environment.git(repository) is None


def test_a_worktree_whose_git_is_a_file_is_none_and_does_not_look_further(repository):
    worktree = repository / "worktree"
    worktree.mkdir()
    (worktree / ".git").write_text(f"gitdir: {repository}/.git/worktrees/worktree\n")
    assert environment.git(worktree) is None


def test_outside_of_a_repository_there_is_none(tmp_path):
    if any((parent / ".git").exists() for parent in tmp_path.parents):
        pytest.skip("the temporary folder lies in a repository")
    assert environment.git(tmp_path) is None


def test_no_program_is_started(repository):
    """Not even where the repository's configuration names one, which `git status` would run."""
    marker = repository / "ran"
    (repository / ".git" / "config").write_text(f'[core]\n\tfsmonitor = "touch {marker}"\n')
    code = (
        "import sys\nfrom pathlib import Path\nfrom kaggle_digits.runs import environment\n"
        "started = []\n"
        "sys.addaudithook(lambda event, _: started.append(event) if event.split('.')[0] in "
        "('subprocess',) or event.startswith(('os.system', 'os.exec', 'os.posix_spawn', 'os.fork')) else None)\n"
        "print(environment.git(Path(sys.argv[1])).commit, started)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(repository)], capture_output=True, text=True, check=True)
    assert done.stdout == f"{COMMIT} []\n"
    assert not marker.exists()

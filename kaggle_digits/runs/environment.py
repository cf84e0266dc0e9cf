"""What a run was made with: versions, machine, commit."""

import importlib.metadata
import platform
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from kaggle_digits import __version__
from kaggle_digits.runs.record import GitRecord

_LIBRARIES = ("tensorflow", "keras", "numpy", "scikit-learn")
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_LONGEST = 4096  # characters of a file of git's that are looked at, packed-refs aside


def circumstances() -> dict[str, Any]:
    """What a run that begins now, in the current folder, is made with: those fields of `Beginning`."""
    started = datetime.now().astimezone()
    return {"versions": versions(), "machine": platform.platform(), "git": git(Path.cwd()), "started": started}


def versions() -> dict[str, str]:
    """The versions of the package, Python and the libraries that matter."""
    libraries = {name: importlib.metadata.version(name) for name in _LIBRARIES}
    return {"kaggle-digits": __version__, "python": platform.python_version(), **libraries}


def git(folder: Path) -> GitRecord | None:
    """The commit that a folder is at; None outside a git repository.

    git itself is not asked: a repository's configuration may name programs, which `git status` would run.
    """
    for parent in (folder, *folder.parents):
        if (parent / ".git").exists():  # in a worktree it is a file, which leads elsewhere: then nothing is known
            commit = _commit(parent / ".git")
            return GitRecord(commit) if commit else None
    return None


def _commit(repository: Path) -> str | None:
    try:
        head = (repository / "HEAD").read_text(encoding="utf-8")[:_LONGEST].strip()
        if not head.startswith("ref: "):
            return head if _COMMIT.fullmatch(head) else None
        branch = head.removeprefix("ref: ")
        if not re.fullmatch(r"refs(/[\w.+-]+)+", branch) or ".." in branch:
            return None
        if (repository / branch).is_file():
            commit = (repository / branch).read_text(encoding="utf-8")[:_LONGEST].strip()
        else:
            packed = (repository / "packed-refs").read_text(encoding="utf-8")
            commit = next(line.split()[0] for line in packed.splitlines() if line.endswith(f" {branch}"))
    except (OSError, ValueError, StopIteration):
        return None
    return commit if _COMMIT.fullmatch(commit) else None

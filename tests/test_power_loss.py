"""Power that fails, and takes with it what was not synced: nothing is half there, and nothing undone that was told.

`pytest -m nightly` goes through the steps of a network's training, of folds and of a resumed training, too.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kaggle_server import KaggleServer
from power_loss import VARIANTS
from test_fetch import WHOLE, right_files
from test_power_cut import EVALUATE, FOLDS, NEIGHBORS, SUBMIT, TRAIN, Powered, check_all_whole, visible, write_labels

from kaggle_digits import runs
from kaggle_digits.competition import ledger, submission

SCRIPT = Path(__file__).with_name("power_loss.py")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the layer looks at Linux's /proc")


def watched(folder: Path, words: list[str], environment: dict[str, str] | None = None) -> Path:
    """Runs a command that must succeed; the folder of what the disk may hold at each of its steps."""
    out = folder.with_name(f"{folder.name}-states")
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(out), *words],
        cwd=folder,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=1_800,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return out


def states(out: Path) -> Iterator[Path]:
    """What the disk may hold, step by step."""
    found = sorted(path for path in out.iterdir() if path.name.rpartition("-")[2] in VARIANTS)
    assert len(found) > len(VARIANTS), "nothing was watched"
    return iter(found)


def seen(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in visible(folder)}


def check_end(out: Path, folder: Path) -> None:
    """What the command has told to be done is on the disk."""
    for variant in VARIANTS:
        assert seen(out / f"end-{variant}") == seen(folder)


def test_a_file_that_is_not_synced_is_lost_or_torn(tmp_path: Path) -> None:
    """The layer itself: what it must find in a program that takes no care."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "old.txt").write_text("old")
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[2]); import power_loss; from pathlib import Path\n"
        "def run(words):\n"
        "    Path('new.txt').write_text('careless')\n"
        "    Path('.a').write_text('halved'); os.replace('.a', 'old.txt')\n"
        "    with open('synced.txt', 'w') as file:\n"
        "        file.write('whole'); file.flush(); os.fsync(file.fileno())\n"
        "    folder = os.open('.', os.O_RDONLY); os.fsync(folder)\n"
        "    os.mkdir('late')\n"
        "power_loss.run = run\n"
        "power_loss.main(Path(sys.argv[1]), [])"
    )
    out = tmp_path / "out"
    subprocess.run([sys.executable, "-c", code, out, SCRIPT.parent], cwd=tmp_path / "work", check=True)
    assert seen(out / "end-lost") == {"new.txt": b"", "old.txt": b"", "synced.txt": b"whole"}
    assert seen(out / "end-torn") == {"new.txt": b"care", "old.txt": b"hal", "synced.txt": b"whole"}
    assert not (out / "end-lost" / "late").exists()
    assert (out / "end-torn" / "late").is_dir()
    assert any(seen(state) == {"old.txt": b"old"} for state in states(out))


def test_fetch(tmp_path: Path) -> None:
    work = tmp_path / "work"
    (work / "data").mkdir(parents=True)
    older = {name: content.replace(b"\r\n", b"\n") for name, content in right_files().items()}
    for name, content in older.items():
        (work / "data" / name).write_bytes(content)
    (work / "mine.zip").write_bytes(WHOLE)
    out = watched(work, ["fetch"])
    for state in states(out):
        found = seen(state / "data")
        assert found.keys() == older.keys()
        assert all(content in (older[name], right_files()[name]) for name, content in found.items())
    check_end(out, work)


def test_the_ledger(tmp_path: Path, server: KaggleServer) -> None:
    work = tmp_path / "work"
    work.mkdir()
    write_labels(work, 1)
    server.left = 5
    out = watched(work, SUBMIT, server.environment(tmp_path / "home"))
    before: list[ledger.Entry] = []
    for state in states(out):
        torn: list[int] = []
        known = ledger.read(state / "submissions", on_torn=torn.append)
        # The names of files are not lost with the folder's: an entry that was written stays.
        if state.name.endswith("lost"):
            assert known[: len(before)] == before
            before = known
        assert torn in ([], [len(known) + 1])
    check_end(out, work)


def check_training(words: list[str], tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    out = watched(work, words)
    for state in states(out):
        check_all_whole(state)
        for run in runs.listing(state / "models"):
            runs.verify(run)
            assert len(submission.read(state / "submissions" / f"{run.name}.csv")) == 719
    check_end(out, work)


def test_train(tmp_path: Path) -> None:
    check_training(NEIGHBORS, tmp_path)


@pytest.mark.nightly
@pytest.mark.parametrize("words", [TRAIN, FOLDS, [*FOLDS, "--jobs=2"]])
def test_train_others(words: list[str], tmp_path: Path) -> None:
    check_training(words, tmp_path)


@pytest.mark.nightly
def test_evaluate(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    Powered(work, "a training").run(*NEIGHBORS)
    out = watched(work, EVALUATE)
    for state in states(out):
        check_all_whole(state)
        (run,) = runs.listing(state / "models")
        found = {path.name for path in visible(run.path / "evaluation-sklearn")}
        assert "report.json" not in found or found > {"confusion.png", "mistakes.png", "confidence.png"}
    check_end(out, work)

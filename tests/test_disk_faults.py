"""An error of the operating system at any step on the disk: one sentence that fits, and nothing half there.

A stale handle of a network drive, a disk that is full, a folder of somebody else, another disk in between.
`pytest -m nightly` lets every step fail with every error.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from test_fetch import ROWS, WHOLE, right_files
from test_power_cut import NEIGHBORS

from kaggle_digits import runs
from kaggle_digits.competition import submission

SCRIPT = Path(__file__).with_name("disk_faults.py")
ERRORS = ["ESTALE", "ENOSPC", "EACCES", "EXDEV", "EIO"]


def outcomes(folder: Path, every: int, errors: list[str], words: list[str]) -> list[dict[str, Any]]:
    """How a command ended with an error at each of so many steps."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder), str(every), ",".join(errors), *words],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=3_000,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert told[0]["code"] == 0, told[0]
    assert len(told) > 3
    return told


def check_sentence(one: dict[str, Any]) -> None:
    """What is said ends in one sentence; only a full disk wants space."""
    assert one["code"] in (0, 1), one
    if one["code"] == 0:  # what may fail: what was parsed is not kept, say
        return
    *_, last = one["told"].splitlines()
    assert last.startswith("error: "), one
    assert "Traceback" not in one["told"], one
    assert ("Free some space" in last) == (one["error"] == "ENOSPC"), one


def check_training(one: dict[str, Any], folder: Path) -> None:
    check_sentence(one)
    assert (folder / "mine.txt").read_text() == "mine"
    complete = runs.listing(folder / "models")
    assert len(complete) == (one["code"] == 0), one
    found = sorted(path.name for path in (folder / "submissions").glob("*"))
    assert found == [f"{run.name}.csv" for run in complete], one
    for run in complete:
        runs.verify(run)
        assert len(submission.read(folder / "submissions" / found[0])) == 719
    if not one["where"].startswith("os.remove"):  # what cannot be removed stays
        assert [path for path in folder.rglob(".partial-*") if path.is_file()] == [], one


@pytest.mark.parametrize(
    ("every", "errors"), [(20, ERRORS), *(pytest.param(1, [error], marks=pytest.mark.nightly) for error in ERRORS)]
)
def test_train(every: int, errors: list[str], tmp_path: Path) -> None:
    for one in outcomes(tmp_path, every, errors, NEIGHBORS):
        check_training(one, tmp_path / f"{one['step']:03}")


@pytest.mark.parametrize("errors", [ERRORS, *(pytest.param([error], marks=pytest.mark.nightly) for error in ERRORS)])
def test_fetch(errors: list[str], tmp_path: Path) -> None:
    (tmp_path / "mine.zip").write_bytes(WHOLE)
    assert ROWS == (5, 3)
    for one in outcomes(tmp_path, 1, errors, ["fetch"]):
        check_sentence(one)
        data = tmp_path / f"{one['step']:03}" / "data"
        found = {path.name: path.read_bytes() for path in data.glob("[!.]*")}
        assert all(right_files()[name] == content for name, content in found.items()), one
        assert one["code"] == 1 or found.keys() == right_files().keys(), one
        assert "train.csv" not in found or found.keys() == right_files().keys(), one


def test_without_locks(tmp_path: Path) -> None:
    """Some network drives know none."""
    code = (
        "import sys, errno\n"
        "def refuse(event, _):\n"
        "    if event == 'fcntl.flock': raise OSError(errno.ENOLCK, 'No locks available')\n"
        "sys.addaudithook(refuse)\n"
        "from kaggle_digits import cli\n"
        "cli.main()"
    )
    commands = [subprocess.Popen([sys.executable, "-c", code, *NEIGHBORS], cwd=tmp_path) for _ in range(2)]
    assert [command.wait() for command in commands] == [0, 0]
    assert len(runs.listing(tmp_path / "models")) == 2
    assert list(tmp_path.rglob(".partial-*")) == []

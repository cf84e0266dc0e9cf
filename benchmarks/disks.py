"""What is left when the power fails, and what is said when a disk does: at each step of every command that writes.

    python benchmarks/disks.py [EVERY]

The layer of tests/power_loss.py stands between a command and its disk: at each step it keeps three states that the
disk may be in if the power fails there. tests/disk_faults.py lets each step fail, or each EVERY-th of a training, with
one of five errors by turns. Every state and every ending is checked as the tests do. And a disk is full: each byte of
a file's last block is the first that has no room. Writes results/disks.json and .md.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import machine
import numpy as np

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "competition")]

import test_disk_faults as faults  # noqa: E402
import test_power_loss as losses  # noqa: E402
from kaggle_server import KaggleServer  # noqa: E402
from made_runs import make  # noqa: E402
from test_fetch import WHOLE, file_limit  # noqa: E402
from test_ledger import entry  # noqa: E402

from kaggle_digits import runs  # noqa: E402
from kaggle_digits.competition import ledger, submission  # noqa: E402
from kaggle_digits.errors import StorageError  # noqa: E402

_BLOCK = 4096


def power(name: str, check: Callable[[Path], None], folder: Path) -> dict[str, Any]:
    """How many states of the disk were looked at, and what was wrong with one, if anything was."""
    folder.mkdir()
    wrong = ""
    try:
        check(folder)
    except AssertionError as error:
        wrong = (str(error) or "what was told to be done is not all on the disk").splitlines()[0]
    looked_at = len(list(losses.states(folder / "work-states")))
    print(name, looked_at, wrong, flush=True)
    return {"command": name, "states": looked_at, "lost": wrong}


def submit(folder: Path) -> None:
    with KaggleServer() as server:
        losses.test_the_ledger(folder, server)


def errors(name: str, every: int, check: Callable[[dict[str, Any], Path], None], folder: Path) -> dict[str, Any]:
    """How a command ended, for an error at each of its steps."""
    folder.mkdir()
    (folder / "mine.zip").write_bytes(WHOLE)
    words = ["fetch"] if name == "fetch" else faults.NEIGHBORS
    found: Counter[str] = Counter()
    for one in faults.outcomes(folder, every, faults.ERRORS, words):
        try:
            check(one, folder / f"{one['step']:03}")
            found["one sentence" if one["code"] else "done all the same"] += one["step"] > 0
        except AssertionError as error:
            found["wrong"] += 1
            print(one, error, flush=True)
    print(name, dict(found), flush=True)
    return {"command": name, "steps": found.total(), **found}


def full(name: str, path: Path, write: Callable[[], object]) -> dict[str, Any]:
    """What is said and left where a file's last block, or what is added to it, has no room from one of its bytes on."""
    write()
    before = path.read_bytes()
    write()
    size = path.stat().st_size
    path.write_bytes(before)
    first = len(before) if size > len(before) else (size - 1) // _BLOCK * _BLOCK
    found: Counter[str] = Counter()
    for room in range(first, size):
        with file_limit(room):
            try:
                write()
                found["wrong"] += 1
            except StorageError:
                is_left = path.read_bytes() == before and not list(path.parent.glob(".partial-*"))
                found["one sentence" if is_left else "wrong"] += 1
    print(name, dict(found), flush=True)
    return {"file": name, "bytes": size - first, **found}


def full_disks(folder: Path) -> list[dict[str, Any]]:
    """The same for the files that matter most."""
    run = make(folder / "models")
    path, digits = run.path, np.random.default_rng(0).random((108, 10), np.float32)
    written = [run_row % 10 for run_row in range(719)]
    return [
        full("run.json", path / runs.RECORD, lambda: runs.set_note(runs.read(path), "a note")),
        full(
            "validation.npz",
            path / "validation.npz",
            lambda: runs.rows.write_validation(path, np.arange(108), np.arange(108) % 10, digits),
        ),
        full(
            "a submission", folder / "mine.csv", lambda: submission.write(folder / "mine.csv", range(1, 720), written)
        ),
        full("the ledger", folder / ledger.FILE, lambda: ledger.append(folder, entry())),
    ]


def main(every: int) -> None:
    """Runs all, and writes the tables."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        power_rows = [
            power("fetch", losses.test_fetch, folder / "a"),
            power("submit", submit, folder / "b"),
            power("train knn", lambda own: losses.check_training(losses.NEIGHBORS, own), folder / "c"),
            power("train simple", lambda own: losses.check_training(losses.TRAIN, own), folder / "d"),
            power("train knn, two folds", lambda own: losses.check_training(losses.FOLDS, own), folder / "h"),
            power(
                "the same at once", lambda own: losses.check_training([*losses.FOLDS, "--jobs=2"], own), folder / "i"
            ),
            power("evaluate", losses.test_evaluate, folder / "j"),
        ]
        error_rows = [
            errors("fetch", 1, lambda one, _own: faults.check_sentence(one), folder / "e"),
            errors("train knn", every, faults.check_training, folder / "f"),
        ]
        (folder / "g").mkdir()
        full_rows = full_disks(folder / "g")
    where = machine.describe()
    lines = ["| command | states of the disk | lost, torn or untrue |", "|---|---:|---:|"]
    lines += [f"| {row['command']} | {row['states']} | {row['lost'] or 0} |" for row in power_rows]
    lines += [
        "",
        "| command | errors | one sentence | done all the same | anything else |",
        "|---|---:|---:|---:|---:|",
    ]
    endings = ("one sentence", "done all the same", "wrong")
    lines += [
        f"| {row['command']} | {row['steps']} | {' | '.join(str(row.get(one, 0)) for one in endings)} |"
        for row in error_rows
    ]
    lines += [
        "",
        "| full from a byte of | bytes | one sentence, and as before | anything else |",
        "|---|---:|---:|---:|",
    ]
    lines += [
        f"| {row['file']} | {row['bytes']} | {row.get('one sentence', 0)} | {row.get('wrong', 0)} |"
        for row in full_rows
    ]
    lines += ["", machine.sentence(where)]
    results = {"machine": where, "power": power_rows, "errors": error_rows, "full": full_rows}
    machine.save("disks", results, "\n".join(lines))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)

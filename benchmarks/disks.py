"""What is left when the power fails, and what is said when a disk does: at each step of every command that writes.

    python benchmarks/disks.py [EVERY]

The layer of tests/power_loss.py stands between a command and its disk: at each step it keeps three states that the
disk may be in if the power fails there. tests/disk_faults.py lets each step fail, or each EVERY-th of a training, with
one of five errors by turns. Every state and every ending is checked as the tests do. Writes results/disks.json and
.md.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import machine

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "competition")]

import test_disk_faults as faults  # noqa: E402
import test_power_loss as losses  # noqa: E402
from kaggle_server import KaggleServer  # noqa: E402
from test_fetch import WHOLE  # noqa: E402


def power(name: str, check: Callable[[Path], None], folder: Path) -> dict[str, Any]:
    """How many states of the disk were looked at, and what was wrong with one, if anything was."""
    folder.mkdir()
    wrong = ""
    try:
        check(folder)
    except AssertionError as error:
        wrong = str(error).splitlines()[0]
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


def main(every: int) -> None:
    """Runs all, and writes the tables."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        power_rows = [
            power("fetch", losses.test_fetch, folder / "a"),
            power("submit", submit, folder / "b"),
            power("train knn", lambda own: losses.check_training(losses.NEIGHBORS, own), folder / "c"),
            power("train simple", lambda own: losses.check_training(losses.TRAIN, own), folder / "d"),
        ]
        error_rows = [
            errors("fetch", 1, lambda one, _own: faults.check_sentence(one), folder / "e"),
            errors("train knn", every, faults.check_training, folder / "f"),
        ]
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
    lines += ["", machine.sentence(where)]
    machine.save("disks", {"machine": where, "power": power_rows, "errors": error_rows}, "\n".join(lines))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)

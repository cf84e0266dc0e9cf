"""What a user sees when Kaggle misbehaves: every fault of tests/competition/test_faults.py, met by the command line.

    python benchmarks/faults.py

A server on loopback stands in for Kaggle; the client is Kaggle's own. Each fault meets a process of its own in a
folder of its own, with `KDIGITS_TIMEOUT=12` where a user has 60 seconds of patience. Writes results/faults.json
and .md.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import machine

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "competition")]

import test_faults  # noqa: E402
from kaggle_server import TOKEN, Fault, KaggleServer  # noqa: E402
from test_fetch import stored  # noqa: E402

from kaggle_digits.competition import submission  # noqa: E402

_TWO_LINES = 160  # letters of a sentence that a table shows


def cases() -> dict[str, dict[str, test_faults.Case]]:
    """All faults, by command and name; those that wait included, which the tests meet with less patience."""
    slow = {
        f"{how}: {call}": test_faults.Case({call: Fault(**vars(fault))})
        for how, faults in (
            ("silent", test_faults.SILENT),
            ("stalled", test_faults.STALLED),
            ("trickling", test_faults.TRICKLING),
        )
        for call, fault in faults
    }
    return {"submit": {**test_faults.SUBMIT, **slow}, "fetch": test_faults.FETCH}


def meet(command: str, case: test_faults.Case) -> dict[str, Any]:
    """One fault, met by one process."""
    with tempfile.TemporaryDirectory() as name, KaggleServer() as server:
        work, home = Path(name) / "work", Path(name) / "home"
        work.mkdir()
        home.mkdir()
        server.faults, server.archive = case.faults, stored()
        words = [command]
        if command == "submit":
            submission.write(work / "mine.csv", range(1, 28_001), [number % 10 for number in range(28_000)])
            words.append("mine.csv")
        environment = {**os.environ, **server.environment(home, **{"KDIGITS_TIMEOUT": "12", **case.environment})}
        before = files(work)
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "kaggle_digits", *words], cwd=work, env=environment, capture_output=True, text=True
        )
        seconds = time.perf_counter() - began
        assert TOKEN not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        lines = [line for line in (done.stderr if done.returncode else done.stdout).splitlines() if line.strip()]
        return {
            "sees": re.sub(r"127\.0\.0\.1:\d+", "SERVER", lines[-1]).replace(str(work), "."),
            "exit": done.returncode,
            "left": sorted(files(work) - before),
            "taken": len(server.submissions),
            "seconds": round(seconds, 1),
        }


def files(folder: Path) -> set[str]:
    """The names of all files below a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def table(results: dict[str, dict[str, Any]]) -> str:
    """The results as Markdown."""
    lines = ["| fault | the user sees | exit code | files left | sent | seconds |", "|---|---|---:|---|---:|---:|"]
    for name, each in results.items():
        sees = each["sees"] if len(each["sees"]) <= _TWO_LINES else each["sees"][:_TWO_LINES] + " ..."
        sees = sees.replace("|", "\\|")
        left = ", ".join(each["left"]) or "none"
        lines.append(f"| {name} | {sees} | {each['exit']} | {left} | {each['taken']} | {each['seconds']:.1f} |")
    return "\n".join(lines)


def main() -> None:
    """Meets all faults, and writes the table."""
    results = {
        f"{command}, {name}": meet(command, case) for command, some in cases().items() for name, case in some.items()
    }
    here = machine.describe()
    slowest = max(each["seconds"] for each in results.values())
    note = f"{len(results)} faults, {slowest:.1f} s at most, nothing sent twice. {machine.sentence(here)}."
    assert all(each["taken"] <= 1 for each in results.values())
    machine.save("faults", {"machine": here, "faults": results}, f"{table(results)}\n\n{note}")


if __name__ == "__main__":
    main()

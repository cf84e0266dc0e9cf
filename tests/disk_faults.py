"""Runs a command again and again, each time with an error of the operating system at another of its steps on the disk.

    python disk_faults.py FOLDER EVERY ERROR[,ERROR...] WORD...

A step is whatever makes, opens for writing, renames or removes a file or folder below the current one, or locks one.
EVERY is 1 for all of them, 10 for each tenth. Each command runs in a folder of its own in FOLDER, with a file in it
that is none of its business. A line of JSON tells of each: the step, the error, how the command ended, what it said.
`fetch` stands for a fetch of a few rows; other words are a command line.
"""

import contextlib
import errno
import json
import os
import sys
import traceback
from pathlib import Path

from power_cut import is_step
from typer.testing import CliRunner

from kaggle_digits.cli import app
from kaggle_digits.competition import fetch
from kaggle_digits.errors import DigitsError


class Faults:
    """Lets one step fail.

    Attributes:
        step: which, from 1; 0 is none.
        error: with which error.
        seen: how many steps there were.
        where: the step that failed.
    """

    def __init__(self) -> None:
        self.step, self.error, self.seen, self.where, self.here = 0, 0, 0, "", ""

    def hook(self, event: str, arguments: tuple[object, ...]) -> None:
        """An audit hook; see `sys.addaudithook`."""
        if not self.here or not (event == "fcntl.flock" or is_step(event, arguments, self.here)):
            return
        self.seen += 1
        if self.seen == self.step:
            path = "" if event == "fcntl.flock" else os.fsdecode(arguments[0])  # type: ignore[arg-type]
            self.where = f"{event} {path}"
            target = os.fsdecode(arguments[1]) if event == "os.rename" else None  # type: ignore[arg-type]
            raise OSError(self.error, os.strerror(self.error), path or None, None, target)


def run(words: list[str]) -> tuple[int, str]:
    """The exit code of a command, and what it said on standard error."""
    if words != ["fetch"]:
        result = CliRunner().invoke(app, words)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            return -1, "".join(traceback.format_exception(result.exception))
        return result.exit_code, result.stderr
    try:
        fetch.fetch(Path("data"), archive=Path("..") / "mine.zip", rows=(5, 3), force=True)
    except DigitsError as error:
        return 1, f"error: {error}\n"
    except Exception:
        return -1, traceback.format_exc()
    return 0, ""


def main(folder: Path, every: int, errors: list[int], words: list[str]) -> None:
    """What the process does."""
    faults = Faults()
    sys.addaudithook(faults.hook)
    step = last = 0
    while step <= last:
        number = errors[step // every % len(errors)]
        own = folder / f"{step:03}"
        own.mkdir()
        (own / "mine.txt").write_text("mine")
        with contextlib.chdir(own):
            faults.step, faults.error, faults.seen, faults.where, faults.here = step, number, 0, "", str(own)
            code, told = run(words)
            faults.here = ""
        last = last or faults.seen  # the first run has all steps
        outcome = {"step": step, "error": errno.errorcode[number], "where": faults.where, "code": code, "told": told}
        sys.stdout.write(json.dumps(outcome) + "\n")
        step += every


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), [getattr(errno, name) for name in sys.argv[3].split(",")], sys.argv[4:])

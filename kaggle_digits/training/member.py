"""A member of a committee trained in a process of its own, on this machine or on another one's behalf.

    python -P -m kaggle_digits.training.member FOLDER

FOLDER holds what `pack` wrote. Every line of standard output tells of an epoch, as JSON; the member's run folder is
whole when the process ends with 0. It ends at once when its standard input is closed: nobody waits for it any more.
"""

import io
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from kaggle_digits import machine, recipes
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DigitsError
from kaggle_digits.recipes import RecipeFile
from kaggle_digits.runs import Beginning, Epoch, Listener, in_words
from kaggle_digits.training import committee
from kaggle_digits.training.committee import Member, Work

_TASK = "task.json"
_ROWS = "rows.npz"


class Task(msgspec.Struct, frozen=True):
    """What a process is asked to train: a member, whose own folder will be, or is half trained already, in the run's.

    The file is the user's own recipe's, which they named when they started the training.
    """

    run: str
    name: str
    beginning: Beginning
    file: RecipeFile | None


def task(run: Path, member: Member) -> Task:
    """A member as a task, whose folder will be in that of a run."""
    return Task(str(run), member.name, member.beginning, member.recipe.file)


def can_travel(member: Member) -> bool:
    """Whether another process can build it: a function of a notebook's is only there."""
    return member.recipe.built_in or member.recipe.file is not None


def pack(folder: Path, task: Task, rows: bytes) -> None:
    """Writes what a process needs into an empty folder; the rows are from `pack_rows`."""
    (folder / _TASK).write_bytes(msgspec.json.encode(task))
    (folder / _ROWS).write_bytes(rows)


def pack_rows(work: Work) -> bytes:
    """Digits and folds as the bytes of an .npz."""
    buffer, digits = io.BytesIO(), work.digits
    rows: dict[str, Any] = {
        "images": digits.images,
        "labels": digits.known_labels,
        "ids": digits.ids,
        "folds": work.fold_of,
        **({} if work.unlabelled is None else {"unlabelled": work.unlabelled}),
    }
    np.savez(buffer, classes=digits.classes, **rows)
    return buffer.getvalue()


class Processes:
    """Processes that train packed members, and can all be ended."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._ended = False
        self._lock = threading.Lock()

    def run(self, folder: Path, tell: Callable[[str], None], most: int, cores: set[int] | None = None) -> None:
        """Trains what was packed in a process, and waits for it; one that is killed is started once more.

        Args:
            folder: from `pack`.
            tell: is given every line of progress.
            most: how many processor cores the process may use.
            cores: which ones, where the system can hold it to them; None is any.

        Raises:
            DigitsError: the process failed; the sentence says why.
        """
        # -P: a module in the current folder must not take the place of one of Python's own.
        command = [sys.executable, "-P", "-m", __spec__.name, str(folder), ",".join(map(str, sorted(cores or ())))]
        environment = {**os.environ, machine.SETTING: str(most)}
        status, reason = self._once(command, environment, tell)
        if status < 0 and not self._ended:
            # Where memory is short, the system kills whoever takes most of it. The checkpoint stays.
            tell(f"a process was killed (signal {-status}); its training continues")
            status, reason = self._once(command, environment, tell)
        if status < 0:
            raise DigitsError(
                f"a model's process was killed twice (signal {-status}), perhaps for lack of memory. Train fewer at a "
                "time, with --jobs."
            )
        if status != 0:
            raise DigitsError(f"a model could not be trained: {reason or f'its process ended with {status}'}")

    def _once(self, command: list[str], environment: dict[str, str], tell: Callable[[str], None]) -> tuple[int, str]:
        """Exit status, below 0 for a signal, and the last line of standard error."""
        pipe = subprocess.PIPE
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
            with self._lock:
                if self._ended:
                    raise DigitsError("the training was ended.")
                process = subprocess.Popen(
                    command, env=environment, stdin=pipe, stdout=pipe, stderr=errors, text=True, encoding="utf-8"
                )
                self._running.add(process)
            with process:
                for line in process.stdout or ():
                    tell(line.rstrip())
            self._running.discard(process)
            errors.seek(0)
            return process.returncode, (errors.read().splitlines() or [""])[-1].strip()

    def end(self) -> None:
        """Kills all that run."""
        with self._lock:
            self._ended = True
            for process in list(self._running):
                process.kill()


class EpochPrinter(Listener):
    """Writes a line an epoch to standard output, which begins with a name."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._epochs: int | None = None

    def begins(self, epochs: int | None, steps: int) -> None:  # noqa: ARG002
        """See `Listener`."""
        self._epochs = epochs

    def epoch(self, epoch: Epoch) -> None:
        """See `Listener`."""
        sys.stdout.write(f"{self._line(epoch)}\n")
        sys.stdout.flush()

    def _line(self, epoch: Epoch) -> str:
        return in_words(self._name, epoch, self._epochs)


class _Told(msgspec.Struct, frozen=True):
    """What a member's process says of an epoch to the one that started it: a line of JSON."""

    name: str
    epoch: Epoch
    epochs: int | None


class _EpochTeller(EpochPrinter):
    """The same for the process that waits for this one: see `hear`."""

    def _line(self, epoch: Epoch) -> str:
        return msgspec.json.encode(_Told(self._name, epoch, self._epochs)).decode()


def hear(line: str, listener: Listener, worker: str = "") -> None:
    """Tells a listener what a member's process, on a worker of a cluster perhaps, or a library there has said."""
    try:
        told = msgspec.json.decode(line, type=_Told)
    except msgspec.DecodeError:
        listener.note(f"{worker}: {line}" if worker else line)
    else:
        listener.model_epoch(told.name, told.epoch, told.epochs, worker)


def _train(folder: Path) -> None:
    task = msgspec.json.decode((folder / _TASK).read_bytes(), type=Task)
    with np.load(folder / _ROWS, allow_pickle=False) as rows:
        digits = Digits(rows["images"], rows["labels"], rows["ids"], int(rows["classes"]))
        work = Work(Path(task.run), digits, rows["folds"], rows.get("unlabelled"))
    recipe = recipes.restore(task.beginning.recipe, recipes.run(task.file) if task.file else None)
    committee.train_member(work, Member(task.name, recipe, task.beginning), _EpochTeller(task.name))


def _end_when_nobody_waits() -> None:
    # Not sys.stdin, whose lock the interpreter wants when it ends.
    while os.read(0, 1024):
        pass
    os._exit(1)


def main(arguments: list[str]) -> int:
    """What the process does."""
    threading.Thread(target=_end_when_nobody_waits, daemon=True).start()
    if arguments[1:] and arguments[1] and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(core) for core in arguments[1].split(",")})
    try:
        _train(Path(arguments[0]))
    except DigitsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""A member of a committee trained in a process of its own, on this machine or on another one's behalf.

    python -P -m kaggle_digits.training.member FOLDER

FOLDER holds what `pack` wrote. Every line of standard output tells of an epoch, as JSON; the member's run folder is
whole when the process ends with 0. It ends at once when its standard input is closed: nobody waits for it any more.
"""

import io
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np

from kaggle_digits import machine, recipes
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DigitsError
from kaggle_digits.recipes import RecipeFile, RecipeRecord
from kaggle_digits.runs import Beginning, Epoch, Listener, in_words
from kaggle_digits.training import committee
from kaggle_digits.training.committee import Member, Work

_TASK = "task.json"
_ROWS = "rows.npz"


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What a process is asked to train.

    Attributes:
        run: the folder in which the member's own will be, or is already, half trained.
        beginning: what the run began with.
        name: the member's, see `committee.Member`.
        recipe: the member's.
        fold: the member's.
        seed: the member's.
        tta: the member's.
        path: of the recipe file of the user's own, which they named when they started the training.
        text: of that file.
    """

    run: str
    beginning: Beginning
    name: str
    recipe: RecipeRecord
    fold: int
    seed: int
    tta: bool
    path: str | None = None
    text: str | None = None


def task(run: Path, beginning: Beginning, member: Member) -> Task:
    """A member as a task.

    Args:
        run: the folder in which the member's own will be.
        beginning: what the run began with.
        member: which member.
    """
    file = member.recipe.file
    return Task(
        run=str(run),
        beginning=beginning,
        name=member.name,
        recipe=member.recipe.record(),
        fold=member.fold,
        seed=member.seed,
        tta=member.tta,
        path=str(file.path) if file else None,
        text=file.text if file else None,
    )


def pack(folder: Path, task: Task, rows: bytes) -> None:
    """Writes what a process needs into an empty folder.

    Args:
        folder: which one.
        task: what is to be trained.
        rows: from `pack_rows`.
    """
    (folder / _TASK).write_bytes(msgspec.json.encode(task))
    (folder / _ROWS).write_bytes(rows)


def pack_rows(work: Work) -> bytes:
    """Digits and folds as the bytes of an .npz."""
    buffer, digits = io.BytesIO(), work.digits
    np.savez(
        buffer,
        images=digits.images,
        labels=digits.known_labels,
        ids=digits.ids,
        classes=digits.classes,
        folds=work.fold_of,
    )
    return buffer.getvalue()


class Processes:
    """Processes that train packed members, and can all be ended."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._ended = False
        self._lock = threading.Lock()

    def run(self, folder: Path, tell: Callable[[str], None], most: int, cores: set[int] | None = None) -> None:
        """Trains a packed member in a process, and waits for it; one that is killed is started once more.

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
            tell(f"a process was killed ({-status}); it goes on where it was")
            status, reason = self._once(command, environment, tell)
        if status < 0:
            raise DigitsError(
                f"a member's process was killed twice ({-status}), perhaps because memory is short. Train fewer at a "
                "time, with --jobs."
            )
        if status != 0:
            raise DigitsError(f"a member could not be trained: {reason or f'its process ended with {status}'}")

    def _once(
        self, command: list[str], environment: dict[str, str], tell: Callable[[str], None]
    ) -> tuple[int, str | None]:
        """Exit status, below 0 for a signal, and the last line of standard error."""
        pipe = subprocess.PIPE
        with self._lock:
            if self._ended:
                raise DigitsError("the training was ended.")
            process = subprocess.Popen(
                command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True, encoding="utf-8"
            )
            self._running.add(process)
        with process:
            errors: list[str] = []
            reader = threading.Thread(target=lambda: errors.extend(process.stderr or ()), daemon=True)
            reader.start()
            for line in process.stdout or ():
                tell(line.rstrip())
            process.wait()
            reader.join(timeout=1)
            self._running.discard(process)
        return process.returncode, errors[-1].strip() if errors else None

    def end(self) -> None:
        """Kills all that run."""
        with self._lock:
            self._ended = True
            for process in list(self._running):
                process.kill()


class EpochPrinter(Listener):
    """Writes a line an epoch to standard output.

    Args:
        name: what every line begins with.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._epochs: int | None = None

    def begins(self, epochs: int | None, steps: int) -> None:  # noqa: ARG002
        """See `Listener`."""
        self._epochs = epochs

    def epoch(self, epoch: Epoch) -> None:
        """See `Listener`."""
        self._write(epoch)
        sys.stdout.flush()

    def _write(self, epoch: Epoch) -> None:
        sys.stdout.write(f"{in_words(self._name, epoch, self._epochs)}\n")


class _Told(msgspec.Struct, frozen=True):
    """What a member's process says of an epoch to the one that started it: a line of JSON."""

    name: str
    epoch: Epoch
    epochs: int | None


class _EpochTeller(EpochPrinter):
    """The same for the process that waits for this one: see `hear`."""

    def _write(self, epoch: Epoch) -> None:
        sys.stdout.write(msgspec.json.encode(_Told(self._name, epoch, self._epochs)).decode() + "\n")


def hear(line: str, listener: Listener, worker: str = "") -> None:
    """Tells a listener what a member's process has said.

    Args:
        line: of its standard output, onto which a library may have written as well.
        listener: who wants to know.
        worker: of a cluster, where the process runs.
    """
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
        fold_of = rows["folds"]
    own = None
    if task.path is not None and task.text is not None:
        own = recipes.run(RecipeFile(Path(task.path), task.text, task.recipe.sha256 or ""))
    member = Member(task.name, recipes.restore(task.recipe, own), task.fold, task.seed, task.tta)
    work = Work(Path(task.run), task.beginning, digits, fold_of)
    committee.train_member(work, member, _EpochTeller(member.name))


def _end_when_nobody_waits() -> None:
    def watch() -> None:
        # Not sys.stdin, whose lock the interpreter wants when it ends.
        while os.read(0, 1024):
            pass
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main(arguments: list[str]) -> int:
    """What the process does."""
    _end_when_nobody_waits()
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

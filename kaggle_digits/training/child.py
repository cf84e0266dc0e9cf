"""A member of a committee trained in a process of its own, on this machine or on another one's behalf.

    python -m kaggle_digits.training.child FOLDER

FOLDER holds what `pack` wrote. Every line of standard output is a line of progress; the member's run folder is whole
when the process ends with 0. It ends at once when its standard input is closed: nobody waits for it any more.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kaggle_digits import machine, recipes
from kaggle_digits.classifiers.protocol import Epoch, Silence
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DigitsError
from kaggle_digits.training import committee
from kaggle_digits.training.committee import Member, Work

TASK = "task.json"
ROWS = "rows.npz"


def pack(folder: Path, run: Path, plan: dict[str, Any], member: Member, rows: bytes) -> None:
    """Writes what a child needs into an empty folder.

    Args:
        folder: which one.
        run: the folder in which the member's own will be, or is already, half trained.
        plan: what the run began with.
        member: which member.
        rows: from `pack_rows`.
    """
    task = {"run": str(run), "plan": plan, "member": {**vars(member), "recipe": member.recipe.as_json()}}
    (folder / TASK).write_text(json.dumps(task), encoding="utf-8")
    (folder / ROWS).write_bytes(rows)


def pack_rows(work: Work) -> bytes:
    """Digits and folds as the bytes of an .npz."""
    import io

    import numpy as np

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


class Children:
    """Child processes that train packed members, and can all be ended."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._ended = False
        self._lock = threading.Lock()

    def run(self, folder: Path, tell: Callable[[str], None], most: int, cores: set[int] | None = None) -> None:
        """Trains a packed member in a child process, and waits for it; one that is killed is started once more.

        Args:
            folder: from `pack`.
            tell: is given every line of progress.
            most: how many processor cores the child may use.
            cores: which ones, where the system can hold it to them; None is any.

        Raises:
            DigitsError: the child failed; the sentence says why.
        """
        command = [sys.executable, "-m", __spec__.name, str(folder), ",".join(map(str, sorted(cores or ())))]
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


class Teller(Silence):
    """A listener that writes a line an epoch to standard output."""

    def __init__(self, name: str) -> None:
        self._name, self._epochs = name, ""

    def begins(self, epochs: int | None, steps: int) -> None:  # noqa: ARG002
        """See `Listener`."""
        self._epochs = "" if epochs is None else f" of {epochs}"

    def epoch(self, epoch: Epoch) -> None:
        """See `Listener`."""
        told = f"{self._name}: epoch {epoch.epoch}{self._epochs}, validation accuracy {epoch.val_accuracy:.4f}"
        sys.stdout.write(f"{told}, {epoch.seconds:.1f} s\n")
        sys.stdout.flush()


def _train(folder: Path) -> None:
    import numpy as np

    task = json.loads((folder / TASK).read_text(encoding="utf-8"))
    own = task["member"]
    with np.load(folder / ROWS, allow_pickle=False) as rows:
        digits = Digits(rows["images"], rows["labels"], rows["ids"], int(rows["classes"]))
        fold_of = rows["folds"]
    member = Member(**{**own, "recipe": recipes.from_json(own["recipe"])})
    committee.train_here(Work(Path(task["run"]), task["plan"], digits, fold_of), member, Teller(member.name))


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

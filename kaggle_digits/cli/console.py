"""How a training looks on a terminal, and in a log file; and how Ctrl-C ends it well."""

import re
import shutil
import signal
import sys
import threading
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer

from kaggle_digits.runs import Epoch, Listener, Run

_DIGITS = 10
_BUNDLED = "sklearn"
# All control characters but tabs and line feeds, and what reverses the direction of writing.
_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_HEADING = "  epoch     loss  accuracy  val loss  val accuracy  seconds"


def tell(message: str) -> None:
    """Says something on standard error, so that standard output holds only what was asked for."""
    typer.echo(clean(message), err=True)


def show(text: str) -> None:
    """Prints what was asked for, on standard output."""
    typer.echo(clean(text))


def clean(text: str) -> str:
    """Text that a terminal only shows: whatever else it could take for a command is written as Python writes it.

    Names of runs, recipes and files, and Kaggle's messages, come from others.
    """
    return _COMMANDS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def say_which(run: Run) -> None:
    """Says on standard error which run answers, and what is to be known of it before its answers are believed."""
    record = run.record
    kind = "validation" if record.folds is None else "out-of-fold"
    tell(f"{run.name}: {record.recipe.name}, {kind} accuracy {record.validation_accuracy:.4f}")
    if record.classes < _DIGITS:
        known = ", ".join(map(str, range(record.classes - 1)))
        tell(f"note: it knows the labels {known} and {record.classes - 1} only, and takes every image for one of them")
    if record.data.kind == _BUNDLED:
        tell("note: it learned scikit-learn's digits, of 8 x 8 pixels: on sharper ones it is worse than that")


def table(
    header: list[str],
    rows: list[list[str]],
    *,
    optional: Sequence[str] = (),
    left: Container[str] = (),
    width: int | None = None,
) -> str:
    """Rows under a header, in columns as wide as their widest cell; the first column is aligned to the left.

    Args:
        header: the names of the columns.
        rows: as many cells each.
        optional: the names of columns that are left out, the first one first, until the rest fits the width.
        left: the names of further columns that are aligned to the left.
        width: in characters; None is the terminal's, and no limit where standard output is none.
    """
    if width is None:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize
    rows = [[clean(cell).replace("\n", "\\n") for cell in row] for row in rows]
    columns = {name: [name, *cells] for name, *cells in zip(header, *rows, strict=True)}
    for name in optional:
        if sum(max(map(len, cells)) + 2 for cells in columns.values()) - 2 <= width:
            break
        columns.pop(name, None)
    aligned = []
    for place, (name, cells) in enumerate(columns.items()):
        longest = max(map(len, cells))
        to_left = place == 0 or name in left
        aligned.append([cell.ljust(longest) if to_left else cell.rjust(longest) for cell in cells])
    return "\n".join("  ".join(line).rstrip() for line in zip(*aligned, strict=True))


class EpochLines(Listener):
    """A listener that writes one line an epoch: for files, pipes and notebooks.

    Attributes:
        stop: set it to end the training after the step at hand.
    """

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._of = ""
        self._before: Any = None

    def note(self, text: str) -> None:
        """See `Listener`."""
        self._say(text)

    def begins(self, epochs: int | None, steps: int) -> None:  # noqa: ARG002
        """See `Listener`. From now on Ctrl-C asks to stop after the step at hand; a second one stops at once."""
        self._of = "" if epochs is None else f"/{epochs}"
        self._say(_HEADING)
        self._before = signal.signal(signal.SIGINT, self._ask_to_stop)

    def step(self, epoch: int, step: int, loss: float, accuracy: float) -> None:
        """See `Listener`."""

    def epoch(self, epoch: Epoch) -> None:
        """See `Listener`."""
        self._say(
            f"{epoch.epoch:4}{self._of:<4} {epoch.loss:7.4f}  {epoch.accuracy:8.4f}  {epoch.val_loss:8.4f}"
            f"  {epoch.val_accuracy:12.4f}  {epoch.seconds:7.1f}"
        )

    def wants_stop(self) -> bool:
        """See `Listener`."""
        return self.stop.is_set()

    def ends(self) -> None:
        """See `Listener`. Ctrl-C is again what it was before."""
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None

    def _ask_to_stop(self, *_: object) -> None:
        if self.stop.is_set():
            raise KeyboardInterrupt
        self.stop.set()
        self._say("stopping: the best epoch so far will be kept (Ctrl-C again stops at once)")

    def _say(self, line: str) -> None:
        tell(line)


class EpochBar(EpochLines):
    """The same lines, above a bar that shows the step, and the time left: for terminals."""

    def __init__(self) -> None:
        super().__init__()
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:3.0f} %"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=Console(stderr=True),
            transient=True,
        )
        self._steps = 0
        self._task: Any = None

    def begins(self, epochs: int | None, steps: int) -> None:
        """See `Listener`."""
        self._steps = steps
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task("", total=None if epochs is None else epochs * steps)
        self._progress.start()
        super().begins(epochs, steps)

    def step(self, epoch: int, step: int, loss: float, accuracy: float) -> None:
        """See `Listener`."""
        self._progress.update(
            self._task,
            completed=(epoch - 1) * self._steps + step,
            description=f"epoch {epoch}{self._of}  loss {loss:.4f}  accuracy {accuracy:.4f}",
        )

    def downloaded(self, done: int, total: int | None) -> None:
        """See `Listener`."""
        if self._task is None:
            self._task = self._progress.add_task("coming home", total=total)
            self._progress.start()
        self._progress.update(self._task, completed=done, total=total)

    def ends(self) -> None:
        """See `Listener`."""
        super().ends()
        self._progress.stop()

    def _say(self, line: str) -> None:
        self._progress.console.print(clean(line), highlight=False, markup=False)


@contextmanager
def training_display() -> Iterator[EpochLines]:
    """A listener that fits the terminal."""
    listener = EpochBar() if sys.stderr.isatty() else EpochLines()
    try:
        yield listener
    finally:
        listener.ends()


@contextmanager
def download_bar() -> Iterator[Any]:
    """A function of (bytes so far, bytes in all or None) that draws a bar where there is a terminal."""
    with _bar("DownloadColumn", "TransferSpeedColumn") as show:
        yield lambda done, total: show("checking" if done == total else "downloading", done, total)


@contextmanager
def picture_bar() -> Iterator[Any]:
    """A function of (pictures done, pictures in all) that draws a bar where there is a terminal and much to do."""
    with _bar("MofNCompleteColumn", "TimeRemainingColumn") as show:
        yield lambda done, total: show("pictures", done, total)


@contextmanager
def _bar(*columns: str) -> Iterator[Any]:
    """A function of (words, done, total) that draws a bar, and rich's columns of these names, on a terminal."""
    if not sys.stderr.isatty():
        yield lambda _words, _done, _total: None
        return
    from rich import progress
    from rich.console import Console

    parts = [progress.TextColumn("{task.description}"), progress.BarColumn()]
    parts += [getattr(progress, name)() for name in columns]
    with progress.Progress(*parts, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda words, done, total: bar.update(task, description=words, completed=done, total=total)

"""What is said on standard error, tables for standard output, and bars for terminals."""

import re
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from typing import Any

import typer

from kaggle_digits.runs import READER, Run

_DIGITS = 10
BUNDLED = "sklearn"
_FEW_WORDS = 24
# All control characters but tabs and line feeds, and what reverses the direction of writing.
_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


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
    name = f"{run.name}, which comes with kaggle-digits" if run.path == READER else run.name
    tell(f"{name}: {record.recipe.name}, {kind} accuracy {record.validation_accuracy:.4f}")
    if record.classes < _DIGITS:
        known = ", ".join(map(str, range(record.classes - 1)))
        tell(f"note: it knows only the labels {known} and {record.classes - 1}; every image gets one of them")
    if record.data.kind == BUNDLED:
        tell("note: it was trained on scikit-learn's digits (8 x 8 pixels); the run called reader is better on photos")


def table(
    header: list[str],
    rows: list[list[str]],
    *,
    optional: Sequence[str] = (),
    text: str | None = None,
    wraps: str | None = None,
    width: int | None = None,
) -> str:
    """Rows under a header, in columns as wide as their widest cell; the first column is aligned to the left.

    Args:
        header: the names of the columns.
        rows: as many cells each.
        optional: the names of columns that are left out, the first one first, until the rest fits the width.
        text: the name of a column of words: it is aligned to the left, and what does not fit is cut off; in the first
            column, which has the names of files, at the beginning, which says less than the end, or in the middle
            where only that tells them apart.
        wraps: the name of another one, in which what does not fit goes on in further lines.
        width: in characters; None is the terminal's, and no limit where standard output is none.
    """
    if width is None:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize
    rows = [[clean(cell).replace("\n", "\\n") for cell in row] for row in rows]
    columns = [(name, max(map(len, (name, *cells))), cells) for name, *cells in zip(header, *rows, strict=True)]

    def beside(*names: str | None) -> int:
        """The characters left for the columns of these names."""
        return width - sum(size for name, size, _ in columns if name not in names) - 2 * (len(columns) - 1)

    def size_of(sought: str | None) -> int:
        return next((size for name, size, _ in columns if name == sought), 0)

    for name in optional:
        if min(size_of(text), _FEW_WORDS) > beside(text):
            columns = [column for column in columns if column[0] != name]
    room = beside(text, wraps)
    room_of = {text: max(room - size_of(wraps), room // 2) if size_of(wraps) else room}
    room_of[wraps] = room - min(size_of(text), room_of[text])
    aligned = []
    for place, (name, size, cells) in enumerate(columns):
        lines = [[cell] for cell in (name, *cells)]
        if name == wraps and size > room_of[name]:
            lines = [textwrap.wrap(cell, max(1, room_of[name])) or [""] for cell in (name, *cells)]
        elif name == text and size > room_of[name]:
            lines = [[cell] for cell in _cut([name, *cells], room_of[name], is_first=place == 0)]
        is_left = place == 0 or name in (text, wraps)
        longest = max(len(line) for cell in lines for line in cell)
        aligned.append([[line.ljust(longest) if is_left else line.rjust(longest) for line in cell] for cell in lines])
    blank = [" " * len(cell[0][0]) for cell in aligned]
    return "\n".join(
        "  ".join(part or gap for part, gap in zip(line, blank, strict=True)).rstrip()
        for row in zip(*aligned, strict=True)
        for line in zip_longest(*row)
    )


def _cut(cells: list[str], room: int, is_first: bool) -> list[str]:
    """What fits of each; of the first column's, so that they can be told apart as before if that is possible."""
    letters = max(0, room - 3)
    ways = [
        [cell if len(cell) <= room else f"{cell[:ahead]}...{cell[len(cell) - letters + ahead :]}" for cell in cells]
        for ahead in (range(letters + 1) if is_first else (letters,))
    ]
    return max(ways, key=lambda cut: len(set(cut)))


def agrees(question: str) -> bool:
    """Whether a person at a terminal says yes; where there is none, nobody does."""
    return sys.stdin.isatty() and sys.stderr.isatty() and typer.confirm(question, default=False, err=True)


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
def at_work(words: str) -> Iterator[None]:
    """Shows on a terminal that something is being done, for as long as it takes."""
    with _bar() as show:
        show(words, None, None)
        yield


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

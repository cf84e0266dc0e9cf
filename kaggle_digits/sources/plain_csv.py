"""The competition's CSVs in the form in which Kaggle gives them, read twice as fast as any CSV can be.

Digits, commas and line ends are all that such a file has below its header, so that its numbers can be found by looking
at all bytes at once. Whatever else a file may be, it is left to a reader with more patience.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from kaggle_digits import machine

_COMMA, _LINE_FEED, _ZERO, _NINE = b",\n09"
_AT_ONCE = 1 << 19  # bytes: few enough for the arrays in between to stay in the processor's cache
_LONGEST_HEADER = 1 << 16
_ALLOCATED = 1 << 21  # floats


def read(path: Path, columns: tuple[str, ...]) -> NDArray[np.uint8] | None:
    """All values of a plain CSV whose header has these columns: uint8 `(rows, columns)`.

    Returns None where the file is not of this form, or has a value above 255; raises OSError where it cannot be read.
    """
    np.empty(_ALLOCATED)  # having freed so much once, the C library keeps smaller arrays' memory for the next block
    with path.open("rb") as file:
        if file.readline(_LONGEST_HEADER).replace(b"\r\n", b"\n") != ",".join(columns).encode() + b"\n":
            return None
        parts = []
        for part in _side_by_side(lambda block: _values(block, len(columns)), _blocks(file)):
            if part is None:
                return None
            parts.append(part)
    return np.concatenate(parts) if parts else None


def _side_by_side(
    task: Callable[[NDArray[np.uint8]], NDArray[np.uint8] | None], blocks: Iterator[NDArray[np.uint8]]
) -> Iterator[NDArray[np.uint8] | None]:
    """What a task makes of each block, in their order, on every core; no more blocks are read ahead than that takes."""
    cores = machine.usable_cores()
    waiting: deque[Future[NDArray[np.uint8] | None]] = deque()
    with ThreadPoolExecutor(cores) as threads:
        for block in blocks:
            waiting.append(threads.submit(task, block))
            if len(waiting) > 2 * cores:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _blocks(file: BinaryIO) -> Iterator[NDArray[np.uint8]]:
    """Whole lines that end in a line feed, the last one too, even where it has none in the file."""
    begun = b""
    while read := file.read(_AT_ONCE):
        lines, _, begun = (begun + read).rpartition(b"\n")
        yield _block(lines)  # an empty one, which nobody takes for numbers, where no line is so long
    if begun:
        yield _block(begun)


def _block(lines: bytes) -> NDArray[np.uint8]:
    return np.frombuffer((lines + b"\n").replace(b"\r\n", b"\n"), np.uint8)


def _values(block: NDArray[np.uint8], columns: int) -> NDArray[np.uint8] | None:
    """Of some whole lines, uint8 `(lines, columns)`; None where they hold anything but numbers from 0 to 255.

    Every byte is taken for the end of a number, and its number computed from the three bytes before it; then those are
    kept that are ends. That is more work than to look for the ends first, and takes a third of the time.
    """
    ends = np.concatenate([np.ones(4, np.bool_), block < _ZERO])  # as if other numbers had ended before the first
    now, one, two, three, four = (ends[4 - back : len(ends) - back] for back in range(5))
    places, breaks = np.flatnonzero(now), np.flatnonzero(block == _LINE_FEED)
    if (
        block.max() > _NINE
        or np.count_nonzero(block == _COMMA) + len(breaks) != len(places)
        or not np.array_equal(places[columns - 1 :: columns], breaks)
        or (now & one).any()
        or (now & ~(one | two | three | four)).any()
    ):
        return None
    digits = np.concatenate([np.zeros(4, np.uint8), (block - np.uint8(_ZERO)) * ~now])
    units, tens, hundreds = (digits[4 - back : len(ends) - back] for back in (1, 2, 3))
    below, hundreds = units + tens * np.uint8(10), hundreds * (now & ~two)
    if (hundreds > 2).any() or ((hundreds == 2) & (below > 55)).any():
        return None
    # Chosen by their places, several times faster than by a mask.
    values: NDArray[np.uint8] = (below + hundreds * np.uint8(100))[places]
    return values.reshape(-1, columns)

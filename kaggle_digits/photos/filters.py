"""Filters in NumPy alone: those of SciPy take a fifth of a second to load, and longer for pictures so small."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

_Kind = TypeVar("_Kind", bound=np.generic)


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of a picture.

    Attributes:
        numbers: int32 `(height, width)`, the number of the part that a pixel belongs to, from 1; 0 is none.
        boxes: int64 `(count + 1, 4)`, by number: left, top, right and bottom, the last two exclusive.
        areas: int64 `(count + 1,)`, by number, in pixels; 0 where there is no such part.
    """

    numbers: NDArray[np.int32]
    boxes: NDArray[np.int64]
    areas: NDArray[np.int64]

    @property
    def at_border(self) -> NDArray[np.bool_]:
        """Bool `(count + 1,)`, which parts touch the picture's border."""
        height, width = self.numbers.shape
        left, top, right, bottom = self.boxes.T
        return np.asarray((left == 0) | (top == 0) | (right == width) | (bottom == height), np.bool_)


def label(mask: NDArray[np.bool_], *, corners: bool) -> Parts:
    """What is connected in a mask, numbered in reading order of the first pixels.

    Args:
        mask: bool `(height, width)`.
        corners: whether pixels are connected at their corners, too.
    """
    starts, ends, _ = _runs(mask)
    stride = mask.shape[1] + 1
    # A run touches those of the row above that end after its start, and start before its end.
    first = np.searchsorted(ends, starts - stride - corners, "right")
    counts = np.maximum(np.searchsorted(starts, ends - stride + corners) - first, 0)
    lower = np.repeat(np.arange(len(starts)), counts)
    upper = np.arange(len(lower)) + np.repeat(first - np.cumsum(counts) + counts, counts)
    roots = np.arange(len(starts))
    while len(lower):
        one, other = roots[lower], roots[upper]
        np.minimum.at(roots, np.maximum(one, other), np.minimum(one, other))
        while ((further := roots[roots]) != roots).any():
            roots = further
        apart = roots[lower] != roots[upper]
        lower, upper = lower[apart], upper[apart]
    numbers = np.cumsum(roots == np.arange(len(roots)), dtype=np.int32)[roots]
    return _parts(_painted(starts, ends, numbers, mask.shape), starts, ends, numbers)


def measured(numbers: NDArray[np.int32]) -> Parts:
    """The parts of a picture whose pixels are numbered, int32 `(height, width)`."""
    return _parts(numbers, *_runs(numbers))


def runs(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For every pixel of a mask, how many of it lie beside each other in its row, itself counted; 0 elsewhere."""
    starts, ends, _ = _runs(mask)
    return _painted(starts, ends, ends - starts, mask.shape)


def box(shown: NDArray[np.bool_]) -> tuple[slice, slice] | None:
    """The rows and columns from the first to the last in which something shows; None where nothing does."""
    rows, columns = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
    return np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if len(rows) else None


def _runs(values: NDArray[_Kind]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[_Kind]]:
    """Where runs of a value start and end, row by row, each row with a 0 after its last pixel; and the values."""
    stride = values.shape[1] + 1
    flat = np.zeros(len(values) * stride, values.dtype)
    flat.reshape(-1, stride)[:, :-1] = values
    edges = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1])
    found = flat[edges[:-1]]
    return edges[:-1][found != 0], edges[1:][found != 0], found[found != 0]


def _painted(
    starts: NDArray[np.int64], ends: NDArray[np.int64], of_runs: NDArray[_Kind], shape: tuple[int, ...]
) -> NDArray[_Kind]:
    """A picture with a value for each run, and 0 between them."""
    values, places = np.zeros(2 * len(starts) + 1, of_runs.dtype), np.zeros(2 * len(starts) + 2, np.int64)
    values[1::2], places[1:-1:2], places[2::2], places[-1] = of_runs, starts, ends, shape[0] * (shape[1] + 1)
    return np.repeat(values, np.diff(places)).reshape(shape[0], -1)[:, :-1]


def _parts(
    numbers: NDArray[np.int32], starts: NDArray[np.int64], ends: NDArray[np.int64], of_runs: NDArray[np.int32]
) -> Parts:
    count = int(of_runs.max(initial=0)) + 1
    rows, lefts = np.divmod(starts, numbers.shape[1] + 1)
    boxes = np.zeros((4, count), np.int64)
    boxes[:2] = numbers.size
    np.minimum.at(boxes[0], of_runs, lefts)
    np.minimum.at(boxes[1], of_runs, rows)
    np.maximum.at(boxes[2], of_runs, lefts + ends - starts)
    np.maximum.at(boxes[3], of_runs, rows + 1)
    return Parts(numbers, boxes.T, np.bincount(of_runs, ends - starts, count).astype(np.int64))


def around(mask: NDArray[np.bool_]) -> Parts:
    """What a mask leaves free, with a pixel more on all sides: 1 is around it all, and the others are holes."""
    free = np.ones((len(mask) + 2, mask.shape[1] + 2), np.bool_)
    free[1:-1, 1:-1] = ~mask
    return label(free, corners=False)


def gaussian(values: NDArray[np.float32], deviation: float, reach: float = 4.0) -> NDArray[np.float32]:
    """A picture made soft; beyond its edges it goes on as in a mirror.

    Args:
        values: float32 `(height, width)`, or several, `(n, height, width)`.
        deviation: of the filter, in pixels.
        reach: so many deviations away it is cut off.
    """
    middle, *others = _bell(deviation, reach)
    reached = len(others)
    for axis in (-2, -1):
        side = values.shape[axis]
        wide = values.take(_mirrored(side, reached), axis).swapaxes(axis, -1)
        values = middle * values
        for away, weight in enumerate(others, 1):
            before, after = (wide[..., reached + by : reached + by + side] for by in (-away, away))
            values += weight * (before + after).swapaxes(axis, -1)
    return values


@lru_cache(maxsize=64)
def _mirrored(side: int, around: int) -> NDArray[np.intp]:
    """The places of a line's pixels, with so many more at both ends that mirror them."""
    places = np.arange(-around, side + around) % (2 * side)
    return np.minimum(places, 2 * side - 1 - places)


@lru_cache(maxsize=16)
def _bell(deviation: float, reach: float) -> list[np.float32]:
    """The filter's weights from its middle to one side."""
    bell = [math.exp(-0.5 * (place / deviation) ** 2) for place in range(int(reach * deviation + 0.5) + 1)]
    return [np.float32(weight / (2 * sum(bell) - bell[0])) for weight in bell]


def highest(values: NDArray[_Kind], size: int, *axes: int) -> NDArray[_Kind]:
    """The highest value in a window of so many pixels around every one, along these axes."""
    return _slid(values, size, axes, np.maximum)


def lowest(values: NDArray[_Kind], size: int, *axes: int) -> NDArray[_Kind]:
    """The lowest value in a window of so many pixels around every one, along these axes."""
    return _slid(values, size, axes, np.minimum)


def _slid(values: NDArray[_Kind], size: int, axes: tuple[int, ...], choose: Callable[..., Any]) -> NDArray[_Kind]:
    for axis in axes:
        side = values.shape[axis]
        found = values.take(np.arange(-(size // 2), side + (size - 1) // 2).clip(0, side - 1), axis)
        found = found if axis == 0 else found.T
        seen = 1
        while seen < size:
            more = min(seen, size - seen)
            found = choose(found[:-more], found[more:])
            seen += more
        values = found if axis == 0 else found.T
    return values


def percentile(values: NDArray[_Kind], *percents: float) -> NDArray[_Kind]:
    """Percentiles along the last axis, the first axis of the answer unless there is but one: between two values, in
    proportion. NumPy's own take longer to begin than for the sums, and its median loads another package."""
    places = [percent / 100 * (values.shape[-1] - 1) for percent in percents]
    ordered = np.partition(values, sorted({place for at in places for place in (int(at), math.ceil(at))}))
    found = np.stack(
        [ordered[..., int(at)] + (ordered[..., math.ceil(at)] - ordered[..., int(at)]) * (at % 1) for at in places]
    )
    return found if len(percents) > 1 else found[0]


def depth(mask: NDArray[np.bool_], most: float) -> NDArray[np.float64]:
    """How far every pixel of a mask is from the nearest one outside: float64 `(height, width)`, right up to `most`."""
    reach = math.ceil(most)
    places = np.arange(len(mask))[:, None]
    before = np.maximum.accumulate(np.where(mask, -reach - 1, places), axis=0)
    after = np.minimum.accumulate(np.where(mask, len(mask) + reach, places)[::-1], axis=0)[::-1]
    upright = np.minimum(places - before, after - places) ** 2
    found = upright.copy()
    for away in range(1, reach + 1):
        np.minimum(found[:, away:], upright[:, :-away] + away**2, out=found[:, away:])
        np.minimum(found[:, :-away], upright[:, away:] + away**2, out=found[:, :-away])
    return np.asarray(np.sqrt(found), np.float64)

"""What is drawn, and not merely dark: shadows and dim corners are told from strokes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.photos import mask, paper, rules

# How much of its darkness a part's edge changes by from one pixel to the next, at least, times a length in pixels.
SHARP, SHARPEST = 50.0, 0.125  # times the picture's longer side, and at most, of what reaches the picture's border
SOFT = 4.0  # times the part's longer side: a digit of 20 pixels enlarged has ten
SHARP_ENOUGH = 0.08  # for the others, in small pictures
ALIKE = 0.35  # of the steepness of the sharpest edge: one pen's strokes are about equally sharp
LONG = 0.1  # of the longest edge; a shorter one may be a speck

# Fainter ink than this, of black on white, may be a rule, a shadow or the paper's own fibres; it is believed only where
# it stands out so many times from the noise, in so few parts, away from the border.
FAINT, CLEAR, FEW = 0.20, 12.0, 12

GRAIN, LIGHTEST = 2.5, 0.4  # of the noise's deviations, or of the ink's darkness: what is cut off as paper
SOLID = 0.5  # of its darkness, from which ink counts for the width of strokes
SAME = 0.25  # of the way from ink to paper, in greys: what is enclosed by ink and no lighter is ink, too


@dataclass(frozen=True, eq=False)
class Strokes:
    """The ink of a picture.

    Attributes:
        amount: float32 `(height, width)`, 0 is paper.
        parts: int32 `(height, width)`, the number of the connected part of ink that a pixel belongs to, 0 is none.
        darkness: of the ink, in the units of `amount`; 0 where there is none.
        noise: the standard deviation of the paper in `amount`.
    """

    amount: NDArray[np.float32]
    parts: NDArray[np.int32]
    darkness: float
    noise: float

    def shades(self) -> NDArray[np.float32]:
        """Ink from 0 to 1, with the paper's noise cut off: float32 `(height, width)`."""
        floor = min(GRAIN * self.noise, LIGHTEST * self.darkness)
        shown: NDArray[np.float32] = ((self.amount - floor) / max(self.darkness - floor, 1e-6)).clip(0, 1)
        return shown

    def width(self) -> float:
        """The typical width of a stroke in pixels; 0 where there is no ink."""
        ink = self.parts > 0
        rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
        if not len(rows):
            return 0.0
        box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        return width(ink[box] & (self.amount[box] > SOLID * self.darkness))


def width(ink: NDArray[np.bool_]) -> float:
    """The typical width of a stroke in pixels, 0 where there is none.

    Through a pixel of a straight stroke of whatever slope, with `h` pixels of ink across and `v` down, the stroke is
    `h v / sqrt(h^2 + v^2)` wide.

    Args:
        ink: bool `(height, width)`.
    """
    if not ink.any():
        return 0.0
    down = rules.upright_runs(ink)[ink].astype(np.float32)
    across = rules.upright_runs(np.ascontiguousarray(ink.T)).T[ink].astype(np.float32)
    return float(np.median(down * across / np.hypot(down, across)))


def find(picture: NDArray[np.uint8]) -> Strokes:
    """Finds what is drawn.

    Args:
        picture: uint8 `(height, width)` or `(height, width, 3)`, 0 is black and 255 is white.
    """
    from scipy import ndimage

    inked = paper.ink(picture)
    amount = mask.smooth(inked)
    darkness = mask.darkness(amount, inked.noise)
    if darkness == 0:
        return Strokes(amount, np.zeros(amount.shape, np.int32), 0.0, inked.noise)
    low = mask.low(amount, darkness)
    low &= ~rules.find(low)
    parts, count = ndimage.label(low, np.ones((3, 3)), output=np.int32)
    kept = np.zeros(count + 1, np.bool_)
    kept[parts[mask.high(amount, darkness)]] = True
    at_border = _at_border(parts, count)
    kept &= _are_sharp(amount, parts, at_border)
    if darkness < FAINT:
        kept &= ~at_border
        kept &= kept[1:].sum() <= FEW and darkness > CLEAR * inked.noise
    kept[0] = False
    parts *= kept[parts]
    _fill_blots(parts, amount, inked.greys, darkness)
    return Strokes(amount, parts, darkness if kept.any() else 0.0, inked.noise)


def _fill_blots(
    parts: NDArray[np.int32], amount: NDArray[np.float32], greys: NDArray[np.uint8], darkness: float
) -> None:
    """Fills what looked like paper in the middle of a blot, which is wider than any window that paper is looked for in.

    Args:
        parts: int32 `(height, width)`, changed in place, as is `amount`.
        amount: float32 `(height, width)`.
        greys: uint8 `(height, width)`, ink is darker than paper.
        darkness: of the ink.
    """
    from scipy import ndimage

    rows, columns = np.flatnonzero(parts.any(axis=1)), np.flatnonzero(parts.any(axis=0))
    if not len(rows):
        return
    # With a pixel of paper around it, where there is any.
    box = np.s_[max(0, rows[0] - 1) : rows[-1] + 2, max(0, columns[0] - 1) : columns[-1] + 2]
    parts, amount, greys = parts[box], amount[box], greys[box]
    enclosed, count = ndimage.label(np.pad(parts == 0, 1, constant_values=True))
    if count < 2:
        return
    enclosed = enclosed[1:-1, 1:-1]
    ink_greys, paper_greys = (_means(greys, numbers) for numbers in (parts, enclosed))
    for number, where in enumerate(ndimage.find_objects(enclosed)[1:], 2):
        inside = enclosed[where] == number
        # Left of a topmost pixel is the ink around it.
        owner = parts[where[0].start, where[1].start + int(inside[0].argmax()) - 1]
        if paper_greys[number] < ink_greys[owner] + SAME * (paper_greys[1] - ink_greys[owner]):
            parts[where][inside] = owner
            amount[where][inside] = darkness


def _means(greys: NDArray[np.uint8], numbers: NDArray[np.int32]) -> NDArray[np.float64]:
    """The mean grey of the pixels of every number."""
    return np.bincount(numbers.ravel(), greys.ravel()) / np.maximum(np.bincount(numbers.ravel()), 1)


def _are_sharp(
    amount: NDArray[np.float32], parts: NDArray[np.int32], at_border: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Bool `(count + 1,)`, which parts have edges sharper than a shadow's."""
    count = len(at_border) - 1
    rows, columns = np.nonzero(_edge(parts > 0))
    numbers = parts[rows, columns]
    lengths = np.maximum(np.bincount(numbers, minlength=count + 1), 1)
    mean = np.bincount(numbers, _steepness(amount, rows, columns), count + 1) / lengths
    darkest = np.full(count + 1, 1e-6, np.float32)
    np.maximum.at(darkest, parts[parts > 0], amount[parts > 0])
    limits = np.minimum(SOFT / np.maximum(_sides(parts), 1), SHARP_ENOUGH)
    limits[at_border] = min(SHARP / max(parts.shape), SHARPEST)
    sharpest = mean[lengths >= LONG * lengths.max()].max(initial=0)
    return np.asarray((mean / darkest > limits) & (mean > ALIKE * sharpest), np.bool_)


def _edge(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Ink that has paper above, below, or beside it."""
    inner = ink.copy()
    inner[1:] &= ink[:-1]
    inner[:-1] &= ink[1:]
    inner[:, 1:] &= ink[:, :-1]
    inner[:, :-1] &= ink[:, 1:]
    return ink & ~inner


def _steepness(amount: NDArray[np.float32], rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float32]:
    """By how much the amount changes from one pixel to the next, at some places."""
    height, width = amount.shape
    down = amount[np.minimum(rows + 1, height - 1), columns] - amount[np.maximum(rows - 1, 0), columns]
    across = amount[rows, np.minimum(columns + 1, width - 1)] - amount[rows, np.maximum(columns - 1, 0)]
    return np.asarray(np.hypot(down, across) / 2, np.float32)


def _at_border(parts: NDArray[np.int32], count: int) -> NDArray[np.bool_]:
    """Bool `(count + 1,)`, which parts touch the picture's border."""
    touching = np.zeros(count + 1, np.bool_)
    for edge in (parts[0], parts[-1], parts[:, 0], parts[:, -1]):
        touching[edge] = True
    return touching


def _sides(parts: NDArray[np.int32]) -> NDArray[np.float64]:
    """Float64 `(count + 1,)`, the longer side of every part in pixels."""
    from scipy import ndimage

    spans = [max(rows.stop - rows.start, columns.stop - columns.start) for rows, columns in ndimage.find_objects(parts)]
    return np.array([0.0, *spans])

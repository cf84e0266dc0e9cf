"""What is drawn, and not merely dark: shadows and dim corners are told from strokes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kaggle_digits.photos import filters, mask, paper, rules

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

    def shades(self, window: tuple[slice, slice]) -> NDArray[np.float32]:
        """Ink from 0 to 1 in a window, with the paper's noise cut off: float32, the window's height and width."""
        floor = min(GRAIN * self.noise, LIGHTEST * self.darkness)
        shown: NDArray[np.float32] = ((self.amount[window] - floor) / max(self.darkness - floor, 1e-6)).clip(0, 1)
        return shown

    def width(self) -> float:
        """The typical width of a stroke in pixels; 0 where there is no ink."""
        ink = self.parts > 0
        box = filters.box(ink)
        return 0.0 if box is None else width(ink[box] & (self.amount[box] > SOLID * self.darkness))


def width(ink: NDArray[np.bool_]) -> float:
    """The typical width of a stroke in pixels, 0 where there is none.

    Through a pixel of a straight stroke of whatever slope, with `h` pixels of ink across and `v` down, the stroke is
    `h v / sqrt(h^2 + v^2)` wide.

    Args:
        ink: bool `(height, width)`.
    """
    if not ink.any():
        return 0.0
    down, across = (lengths[ink].astype(np.float32) for lengths in (filters.runs(ink.T).T, filters.runs(ink)))
    return float(filters.percentile(down * across / np.hypot(down, across), 50))


def find(picture: Image.Image) -> Strokes:
    """Finds what is drawn in a picture of mode L or RGB."""
    inked = paper.ink(picture)
    amount = mask.smooth(inked)
    darkness = mask.darkness(amount, inked.noise)
    if darkness == 0:
        return Strokes(amount, np.zeros(amount.shape, np.int32), 0.0, inked.noise)
    low = mask.low(amount, darkness)
    low &= ~rules.find(low)
    found = filters.label(low, corners=True)
    darkest = np.full(len(found.areas), 1e-6, np.float32)
    np.maximum.at(darkest, found.numbers[low], amount[low])
    kept = (darkest > mask.HIGH * darkness) & _are_sharp(amount, low, found, darkest)
    if darkness < FAINT:
        kept &= ~found.at_border
        kept &= kept[1:].sum() <= FEW and darkness > CLEAR * inked.noise
    kept[0] = False
    parts = (np.arange(len(kept), dtype=np.int32) * kept)[found.numbers]
    if kept.any():
        left, top, right, bottom = found.boxes[kept].T
        # With a pixel of paper around it, where there is any.
        box = np.s_[max(0, top.min() - 1) : bottom.max() + 1, max(0, left.min() - 1) : right.max() + 1]
        _fill_blots(parts[box], amount[box], inked.greys[box], darkness)
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
    enclosed = filters.around(parts > 0)
    if len(enclosed.areas) <= 2:
        return
    numbers = enclosed.numbers[1:-1, 1:-1]
    ink_greys, paper_greys = (_means(greys, of_pixels) for of_pixels in (parts, numbers))
    for number, (left, top, right, bottom) in enumerate(enclosed.boxes[2:] - 1, 2):
        where = np.s_[top:bottom, left:right]
        inside = numbers[where] == number
        # Left of a topmost pixel is the ink around it.
        owner = parts[top, left + int(inside[0].argmax()) - 1]
        if paper_greys[number] < ink_greys[owner] + SAME * (paper_greys[1] - ink_greys[owner]):
            parts[where][inside] = owner
            amount[where][inside] = darkness


def _means(greys: NDArray[np.uint8], numbers: NDArray[np.int32]) -> NDArray[np.float64]:
    """The mean grey of the pixels of every number."""
    return np.bincount(numbers.ravel(), greys.ravel()) / np.maximum(np.bincount(numbers.ravel()), 1)


def _are_sharp(
    amount: NDArray[np.float32], low: NDArray[np.bool_], found: filters.Parts, darkest: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Bool `(count + 1,)`, which parts have edges sharper than a shadow's."""
    rows, columns = np.nonzero(_edge(low))
    numbers = found.numbers[rows, columns]
    lengths = np.maximum(np.bincount(numbers, minlength=len(darkest)), 1)
    mean = np.bincount(numbers, _steepness(amount, rows, columns), len(darkest)) / lengths
    sides = (found.boxes[:, 2:] - found.boxes[:, :2]).max(axis=1)
    limits = np.minimum(SOFT / np.maximum(sides, 1), SHARP_ENOUGH)
    limits[found.at_border] = min(SHARP / max(low.shape), SHARPEST)
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

"""What is drawn, and not merely dark: shadows and dim corners are told from strokes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaggle_digits.photos import mask, paper, rules

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# How much of its darkness a part's edge changes by from one pixel to the next, at least, times a length in pixels.
_SHARP = 30.0  # times the picture's longer side; chosen on simulated strokes and dim corners of smoothed pictures
_SOFT = 4.0  # times the part's longer side: a digit of 20 pixels enlarged has ten
_SHARP_ENOUGH = 0.08  # for both, in small pictures
_ALIKE = 0.35  # of the steepness of the sharpest edge: one pen's strokes are about equally sharp
_LONG = 0.1  # of the longest edge; a shorter one may be a speck
_DIM = 0.35  # of black on white; no corner of a photo and hardly a shadow is darker


@dataclass(frozen=True, eq=False)
class Strokes:
    """The ink of a picture.

    Attributes:
        amount: float32 `(height, width)`, 0 is paper.
        parts: int32 `(height, width)`, the number of the connected part of ink that a pixel belongs to, 0 is none.
        darkness: of the ink, in the units of `amount`; 0 where there is none.
        noise: the standard deviation of the paper in `amount`.
    """

    amount: "NDArray[np.float32]"
    parts: "NDArray[np.int32]"
    darkness: float
    noise: float

    def shades(self) -> "NDArray[np.float32]":
        """Ink from 0 to 1, with the paper's noise cut off: float32 `(height, width)`."""
        floor = min(2.5 * self.noise, 0.4 * self.darkness)
        shown: NDArray[np.float32] = ((self.amount - floor) / max(self.darkness - floor, 1e-6)).clip(0, 1)
        return shown

    def width(self) -> float:
        """The typical width of a stroke in pixels; 0 where there is no ink."""
        import numpy as np

        ink = self.parts > 0
        rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
        if not len(rows):
            return 0.0
        box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        return width(ink[box] & (self.amount[box] > self.darkness / 2))


def width(ink: "NDArray[np.bool_]") -> float:
    """The typical width of a stroke in pixels, 0 where there is none.

    Through a pixel of a straight stroke of whatever slope, with `h` pixels of ink across and `v` down, the stroke is
    `h v / sqrt(h^2 + v^2)` wide.

    Args:
        ink: bool `(height, width)`.
    """
    import numpy as np

    if not ink.any():
        return 0.0
    down = rules.upright_runs(ink)[ink].astype(np.float32)
    across = rules.upright_runs(np.ascontiguousarray(ink.T)).T[ink].astype(np.float32)
    return float(np.median(down * across / np.hypot(down, across)))


def find(picture: "NDArray[np.uint8]") -> Strokes:
    """Finds what is drawn.

    Args:
        picture: uint8 `(height, width)` or `(height, width, 3)`, 0 is black and 255 is white.
    """
    import numpy as np
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
    kept &= _are_sharp(amount, parts, count)
    kept[0] = False
    parts *= kept[parts]
    return Strokes(amount, parts, darkness if kept.any() else 0.0, inked.noise)


def _are_sharp(amount: "NDArray[np.float32]", parts: "NDArray[np.int32]", count: int) -> "NDArray[np.bool_]":
    """Bool `(count + 1,)`, which parts have edges sharper than a shadow's."""
    import numpy as np

    rows, columns = np.nonzero(_edge(parts > 0))
    numbers = parts[rows, columns]
    lengths = np.maximum(np.bincount(numbers, minlength=count + 1), 1)
    mean = np.bincount(numbers, _steepness(amount, rows, columns), count + 1) / lengths
    darkest = np.full(count + 1, 1e-6, np.float32)
    np.maximum.at(darkest, parts[parts > 0], amount[parts > 0])
    limits = np.minimum(_SOFT / np.maximum(_sides(parts), 1), _SHARP_ENOUGH)
    strict = _at_border(parts, count) & (darkest < _DIM)
    limits[strict] = min(_SHARP / max(parts.shape), _SHARP_ENOUGH)
    sharpest = mean[lengths >= _LONG * lengths.max()].max(initial=0)
    return np.asarray((mean / darkest > limits) & (mean > _ALIKE * sharpest), np.bool_)


def _edge(ink: "NDArray[np.bool_]") -> "NDArray[np.bool_]":
    """Ink that has paper above, below, or beside it."""
    inner = ink.copy()
    inner[1:] &= ink[:-1]
    inner[:-1] &= ink[1:]
    inner[:, 1:] &= ink[:, :-1]
    inner[:, :-1] &= ink[:, 1:]
    return ink & ~inner


def _steepness(
    amount: "NDArray[np.float32]", rows: "NDArray[np.intp]", columns: "NDArray[np.intp]"
) -> "NDArray[np.float32]":
    """By how much the amount changes from one pixel to the next, at some places."""
    import numpy as np

    height, width = amount.shape
    down = amount[np.minimum(rows + 1, height - 1), columns] - amount[np.maximum(rows - 1, 0), columns]
    across = amount[rows, np.minimum(columns + 1, width - 1)] - amount[rows, np.maximum(columns - 1, 0)]
    return np.asarray(np.hypot(down, across) / 2, np.float32)


def _at_border(parts: "NDArray[np.int32]", count: int) -> "NDArray[np.bool_]":
    """Bool `(count + 1,)`, which parts touch the picture's border."""
    import numpy as np

    touching = np.zeros(count + 1, np.bool_)
    for edge in (parts[0], parts[-1], parts[:, 0], parts[:, -1]):
        touching[edge] = True
    return touching


def _sides(parts: "NDArray[np.int32]") -> "NDArray[np.float64]":
    """Float64 `(count + 1,)`, the longer side of every part in pixels."""
    import numpy as np
    from scipy import ndimage

    spans = [max(rows.stop - rows.start, columns.stop - columns.start) for rows, columns in ndimage.find_objects(parts)]
    return np.array([0.0, *spans])

"""What is drawn, and not merely dark: shadows and dim corners are told from strokes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaggle_digits.photos import mask, paper

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SURVIVING = 0.95  # of the ink, that must still be seen through a narrow window for that window to be wide enough
_STILL_DARK = 0.5  # of its darkness
# How much of its darkness a part's edge changes by from one pixel to the next, at least, times a length in pixels.
_SHARP = 30.0  # times the picture's longer side: of 228 simulated strokes none has less than 44, most dim corners 20
_SOFT = 4.0  # times the part's longer side: a digit of 20 pixels enlarged has ten
_SHARP_ENOUGH = 0.08  # for both, in small pictures
_DIM = 0.35  # of black on white; no corner of a photo and hardly a shadow is darker


@dataclass(frozen=True, eq=False)
class Strokes:
    """The ink of a picture.

    Attributes:
        amount: float32 `(height, width)`, 0 is paper.
        mask: bool `(height, width)`, what is ink.
        darkness: of the ink, in the units of `amount`; 0 where there is none.
        noise: the standard deviation of the paper in `amount`.
    """

    amount: "NDArray[np.float32]"
    mask: "NDArray[np.bool_]"
    darkness: float
    noise: float


def find(picture: "NDArray[np.uint8]") -> Strokes:
    """Finds what is drawn, looking at the paper as near to the strokes as their width allows.

    Args:
        picture: uint8 `(height, width)` or `(height, width, 3)`, 0 is black and 255 is white.
    """
    greys = paper.clearest(picture)
    widest = _seen(greys, paper.WINDOWS[-1])
    for window in paper.WINDOWS[:-1] if widest.mask.any() else ():
        seen = _seen(greys, window)
        if _survives(widest, seen):
            return _sharp(seen)
    return _sharp(widest)


def _seen(greys: "NDArray[np.uint8]", window: float) -> Strokes:
    inked = paper.ink(greys, window)
    smoothed = mask.smooth(inked)
    is_ink, darkness = mask.ink_mask(smoothed, inked.noise)
    return Strokes(smoothed if inked.noise > _NOISY else inked.amount, is_ink, darkness, inked.noise)


_NOISY = 0.01  # of black on white; quieter pictures keep their own edges


def _survives(widest: Strokes, narrower: Strokes) -> bool:
    """Whether the ink away from the border, where no shadow of a hand or a lens falls, is still dark."""
    import numpy as np
    from scipy import ndimage

    parts, count = ndimage.label(widest.mask, np.ones((3, 3)))
    inner = ~_at_border(parts, count)
    inner[0] = False
    judged = inner[parts] if inner.any() else widest.mask
    return float(np.mean(narrower.amount[judged] > _STILL_DARK * widest.amount[judged])) >= _SURVIVING


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


def _sharp(strokes: Strokes) -> Strokes:
    """Without the parts whose edges are as soft as a shadow's."""
    import numpy as np
    from scipy import ndimage

    parts, count = ndimage.label(strokes.mask, np.ones((3, 3)))
    if count == 0:
        return strokes
    smoothed = ndimage.gaussian_filter(strokes.amount, 0.7)
    steepness = np.hypot(*np.gradient(smoothed)) if min(smoothed.shape) > 1 else np.abs(smoothed)
    edge = strokes.mask & ~ndimage.minimum_filter(strokes.mask.view(np.uint8), 3, mode="constant", cval=1).view(
        np.bool_
    )
    lengths = np.maximum(np.bincount(parts[edge], minlength=count + 1), 1)
    mean = np.bincount(parts[edge], steepness[edge], count + 1) / lengths
    darkest = np.full(count + 1, 1e-6, np.float32)
    np.maximum.at(darkest, parts[strokes.mask], smoothed[strokes.mask])
    limits = np.minimum(_SOFT / np.maximum(_sides(parts), 1), _SHARP_ENOUGH)
    strict = _at_border(parts, count) & (darkest < _DIM)
    limits[strict] = min(_SHARP / max(parts.shape), _SHARP_ENOUGH)
    kept = mean / darkest > limits
    kept[0] = False
    return Strokes(strokes.amount, kept[parts], strokes.darkness if kept.any() else 0.0, strokes.noise)

"""Whether ink has the form of a digit at all: a network answers 3 to a scribble, too, and with conviction."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Of 8,000 digits of the competition, one in 1,000 exceeds each of these.
_INK = 110  # from 0 to 255; less is paper
_MOST_HOLES, _LEAST_HOLE = 3, 2  # pixels that a hole has
_MOST_INK = 250.0  # pixels
_MOST_CROSSED = 3.0  # strokes that a row or column crosses, in the mean over those with ink
_MOST_CROSSED_BOTH = 4.6  # the two means together


def is_digit_like(image: "NDArray[np.uint8]") -> bool:
    """Whether an image has no more ink, strokes and holes than digits have.

    Args:
        image: uint8 `(height, width)`, in the form of MNIST's.
    """
    down, across = crossings(image)
    return (
        holes(image) <= _MOST_HOLES
        and float(image.sum()) / 255 <= _MOST_INK * image.size / 784
        and max(down, across) <= _MOST_CROSSED
        and down + across <= _MOST_CROSSED_BOTH
    )


def holes(image: "NDArray[np.uint8]") -> int:
    """How many pieces of paper are enclosed by ink.

    Args:
        image: uint8 `(height, width)`, in the form of MNIST's.
    """
    import numpy as np
    from scipy import ndimage

    paper, _ = ndimage.label(np.pad(image < _INK, 1, constant_values=True))
    return int((np.bincount(paper.ravel())[2:] >= _LEAST_HOLE).sum())


def crossings(image: "NDArray[np.uint8]") -> tuple[float, float]:
    """How many strokes a column and a row cross, in the mean over those with ink; 0 without any.

    Args:
        image: uint8 `(height, width)`, in the form of MNIST's.
    """
    import numpy as np

    ink = (image >= _INK).astype(np.int8)
    starts = [(np.diff(ink, axis=axis, prepend=0) == 1).sum(axis=axis) for axis in (0, 1)]
    down, across = (float(each.sum() / max(1, (each > 0).sum())) for each in starts)
    return down, across

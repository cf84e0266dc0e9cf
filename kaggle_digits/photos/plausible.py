"""Whether ink has the form of a digit at all: a network answers 3 to a scribble, too, and with conviction."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST_HOLES = 2


def is_digit_like(image: "NDArray[np.uint8]") -> bool:
    """Whether an image has no more ink, strokes and holes than digits have.

    Args:
        image: uint8 `(height, width)`, in the form of MNIST's.
    """
    return holes(image) <= _MOST_HOLES


def holes(image: "NDArray[np.uint8]") -> int:
    """How many pieces of paper are enclosed by ink."""
    import numpy as np
    from scipy import ndimage

    paper = np.pad(image, 1) < 110
    return int(ndimage.label(paper)[1]) - 1

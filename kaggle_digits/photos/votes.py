"""A digit is still the same one when it leans a little; what is no digit becomes another one."""

import numpy as np
from numpy.typing import NDArray

LEANINGS = (-0.18, 0.18)  # columns for every row, beside 0
VOTES = 1 + len(LEANINGS)
"""How many images a model is asked about for each digit."""


def leaning(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Every image as it is, and leaning to either side: uint8 `(VOTES * n, height, width)`, all of one kind together.

    Args:
        images: uint8 `(n, height, width)`.
    """
    return np.concatenate([images, *(_leaned(images, slope) for slope in LEANINGS)])


def counted(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of the votes: float32 `(n, classes)`.

    Args:
        probabilities: float32 `(VOTES * n, classes)`, in the order of `leaning`.
    """
    votes = probabilities.reshape(VOTES, -1, probabilities.shape[1])
    return np.asarray(votes.mean(axis=0), np.float32)


def _leaned(images: NDArray[np.uint8], slope: float) -> NDArray[np.uint8]:
    """Every row moved by a part of its distance to the middle, between two pixels in proportion."""
    _, height, width = images.shape
    moved = np.empty_like(images)
    for row in range(height):
        shift = slope * (row - (height - 1) / 2)
        whole = int(np.floor(shift))
        part = shift - whole
        near, far = (_shifted(images[:, row], whole + more, width) for more in (0, 1))
        moved[:, row] = ((1 - part) * near + part * far).round().astype(np.uint8)
    return moved


def _shifted(rows: NDArray[np.uint8], by: int, width: int) -> NDArray[np.uint8]:

    shifted = np.zeros_like(rows)
    if by >= 0:
        shifted[:, by:] = rows[:, : width - by]
    else:
        shifted[:, :by] = rows[:, -by:]
    return shifted

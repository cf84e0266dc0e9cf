"""The form of MNIST's digits: 20 pixels of ink at the longest, balanced in the middle of 28.

Source: how C. Yadav and L. Bottou reconstructed it, Cold Case: The Lost MNIST Digits, 2019; checked there on MNIST.
"""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kaggle_digits.photos import filters, strokes

SIDE, INK_SIDE = 28, 20
FINE = 4  # pixels, for one of MNIST's, at which a stroke is measured and brought to its width
THINNEST, THICKEST = 1.6, 4.8  # widths of strokes in MNIST's pixels, between which 98 % of its digits lie
EDGE = 0.1  # of the darkest ink; the box of a digit ends where there is less
INKED, THERE = 0.4, 0.5  # of the darkest ink, what is redrawn; and the depth that must come of it
NOTHING = 1e-3  # of black on white


def as_mnist(
    ink: NDArray[np.float32], image_shape: tuple[int, int] = (SIDE, SIDE), stroke: float | None = None
) -> NDArray[np.uint8]:
    """Brings the ink of one digit to the form of MNIST's.

    Strokes much thinner or thicker than MNIST's are brought to its widths first; others are kept as they are.

    Args:
        ink: float32 `(height, width)`, 0 is paper; one without any gives a blank image.
        image_shape: the height and width wanted; the box and the middle are in proportion to MNIST's 28 x 28.
        stroke: the width of the pen's strokes in pixels of `ink`, where it is known.

    Returns:
        uint8 of that shape, 0 is paper and 255 the darkest ink.
    """
    if not ink.max() >= NOTHING:
        return np.zeros(image_shape, np.uint8)
    side = min(image_shape)
    box = max(1, round(INK_SIDE * side / SIDE))
    tight = _tight(ink / ink.max())
    if stroke is None:
        fine = _reduced(tight, FINE * box)
        stroke = strokes.width(fine > fine.max() / 2) * max(tight.shape) / (FINE * box)
    stroked = _tight(_with_fair_strokes(tight, box, stroke * box / max(tight.shape)))
    return _pasted(_stretched(_reduced(stroked, box)), image_shape)


def narrowed(image: NDArray[np.uint8], widest: float) -> NDArray[np.uint8]:
    """A digit no wider than that, as its writer may have meant what a form or a scanner has stretched.

    Args:
        image: uint8 `(height, width)`, from `as_mnist`.
        widest: that it may be, in its own height.
    """
    box = filters.box(image > 0)
    if box is None:
        return image
    tight = image[box]
    width = min(tight.shape[1], max(1, round(widest * len(tight))))
    narrow = np.asarray(Image.fromarray(tight).resize((width, len(tight)), Image.Resampling.BOX))
    return _pasted(_stretched(narrow.astype(np.float32)), image.shape)


def _tight(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    return ink[filters.box(ink >= EDGE)]


def _with_fair_strokes(ink: NDArray[np.float32], box: int, width: float) -> NDArray[np.float32]:
    """The digit with strokes of a width that MNIST's have, redrawn only where they have not."""
    wanted = min(max(width, THINNEST), THICKEST)
    if wanted == width:
        return ink
    fine = _reduced(ink, FINE * box)
    grown = (wanted - width) / 2 * FINE
    inked = np.pad(fine >= INKED * fine.max(), int(abs(grown)) + 2)
    # Where it grows, all ink stays; where it shrinks, all paper does.
    changing = inked if grown < 0 else ~inked
    depth = math.copysign(1, -grown) * filters.depth(changing, 1 + abs(grown))
    drawn = np.where(changing, (depth + grown + 0.5).clip(0, 1), inked).astype(np.float32)
    return drawn if drawn.max() >= THERE else ink


def _reduced(ink: NDArray[np.float32], longest: int) -> NDArray[np.float32]:
    """The picture with its longer side so long, each pixel the mean of its area; small ones are enlarged before."""
    times = -(-longest // max(ink.shape))
    if times > 1:
        ink = ink.repeat(times, axis=0).repeat(times, axis=1)
    scale = longest / max(ink.shape)
    height, width = (max(1, round(side * scale)) for side in ink.shape)
    return np.asarray(Image.fromarray(np.ascontiguousarray(ink)).resize((width, height), Image.Resampling.BOX))


def _stretched(ink: NDArray[np.float32]) -> NDArray[np.uint8]:

    return np.asarray((ink.clip(0, None) * (255 / ink.max())).round(), np.uint8)


def _pasted(digit: NDArray[np.uint8], image_shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """The digit on paper, so that its barycentre, with pixel centres at a half, lies in the pixel after the middle."""
    image = np.zeros(image_shape, np.uint8)
    places = []
    for axis, side in enumerate(image_shape):
        mass = digit.sum(axis=1 - axis, dtype=np.float64)
        centre = float(mass @ (np.arange(len(mass)) + 0.5)) / mass.sum()
        places.append(min(max(int(side // 2 + 1 - centre), 0), side - len(mass)))
    top, left = places
    image[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    return image

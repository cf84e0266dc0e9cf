"""At what angle the lines of a picture run, and its strokes turned so that they run level."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kaggle_digits.photos.pieces import Piece
from kaggle_digits.photos.strokes import Strokes

MOST, STEP = 34, 2  # degrees by which lines may be tilted, and between two that are tried
LEAST = 5  # degrees; digits that lean less are read as they are
FEWEST = 3  # pieces, without which there is no line to see
BAND = 0.5  # of its height, around its middle, that a piece takes of its line
WORTH = 0.85  # of the height that all lines take as they are, the most that they may take when turned


def angle(found: list[Piece]) -> int:
    """The degrees by which the lines fall to the right; 0 where they hardly do, or cannot be seen.

    Level lines lie on fewer rows than tilted ones: of all angles, it is the one at which the pieces take the fewest.
    """
    boxes = np.array([piece.box for piece in found if not piece.is_small], np.float64)
    if len(boxes) < FEWEST:
        return 0
    angles = range(-MOST, MOST + 1, STEP)
    taken = [_taken(boxes, degrees) for degrees in angles]
    best = int(np.argmin(taken))
    is_worth_it = abs(angles[best]) >= LEAST and taken[best] <= WORTH * taken[len(angles) // 2]
    return angles[best] if is_worth_it else 0


def _taken(boxes: NDArray[np.float64], degrees: float) -> float:
    """How many rows the pieces take once turned back by that angle."""
    left, top, right, bottom = boxes.T
    turn = np.radians(degrees)
    middles = (top + bottom) / 2 * np.cos(turn) - (left + right) / 2 * np.sin(turn)
    halves = BAND / 2 * (bottom - top)
    order = np.argsort(middles - halves, kind="stable")
    starts, ends = (middles - halves)[order], (middles + halves)[order]
    reached = np.maximum.accumulate(np.concatenate([[-np.inf], ends[:-1]]))
    return float(np.maximum(ends - np.maximum(starts, reached), 0).sum())


def quartered(drawn: Strokes, quarters: int) -> tuple[Strokes, NDArray[np.float64]]:
    """The strokes after quarter turns to the left, 1 to 3, and where each pixel was, as `turned`."""
    height, width = drawn.parts.shape
    amount, parts = np.rot90(drawn.amount, quarters).copy(), np.rot90(drawn.parts, quarters).copy()
    back = {
        1: [[0.0, -1.0, width], [1.0, 0.0, 0.0]],
        2: [[-1.0, 0.0, width], [0.0, -1.0, height]],
        3: [[0.0, 1.0, 0.0], [-1.0, 0.0, height]],
    }[quarters]
    return Strokes(amount, parts, drawn.darkness, drawn.noise), np.array(back)


def turned(drawn: Strokes, degrees: float) -> tuple[Strokes, NDArray[np.float64]]:
    """The strokes with lines that fell by so many degrees level, and where each of their pixels was.

    Returns:
        The strokes; and float64 `(2, 3)`, which takes `(x, y, 1)` to the place in the strokes as given.
    """
    height, width = drawn.parts.shape
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    across = int(np.ceil(width * cosine + height * abs(sine)))
    down = int(np.ceil(height * cosine + width * abs(sine)))
    matrix = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0]])
    matrix[:, 2] = np.array([width, height]) / 2 - matrix[:, :2] @ (np.array([across, down]) / 2)
    factors = tuple(matrix.ravel().tolist())

    def moved(values: NDArray[np.float32] | NDArray[np.int32], how: Image.Resampling) -> NDArray[np.float32]:
        image = Image.fromarray(values)
        return np.asarray(image.transform((across, down), Image.Transform.AFFINE, factors, how))

    amount = moved(drawn.amount, Image.Resampling.BILINEAR)
    parts = moved(drawn.parts, Image.Resampling.NEAREST).astype(np.int32)
    return Strokes(amount, parts, drawn.darkness, drawn.noise), matrix

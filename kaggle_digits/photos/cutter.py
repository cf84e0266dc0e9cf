"""Cuts what may be one digit out of a picture."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.photos import filters
from kaggle_digits.photos.segmentation import Slice
from kaggle_digits.photos.strokes import Strokes

SHOWN = 0.1  # of black; a cut-out without ink so dark shows its mask instead
MARGIN = 0.03  # of a digit's side, kept around the mask for its grey edges


@dataclass(frozen=True, eq=False)
class Cutter:
    """Cuts the ink of some slices out of a picture, and tells where it is in the picture as given."""

    drawn: Strokes
    owners: NDArray[np.int32]
    matrix: NDArray[np.float64]
    given: tuple[int, ...]

    def box(self, extent: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
        """The box around an extent in the picture as given."""
        left, top, right, bottom = extent
        corners = self.matrix @ np.array([[left, right, left, right], [top, top, bottom, bottom], [1, 1, 1, 1]])
        (height, width), (x, y) = self.given[:2], corners
        # A thousandth of a pixel more than a whole number is a rounding error.
        return (
            max(0, math.floor(x.min() + 1e-3)),
            max(0, math.floor(y.min() + 1e-3)),
            min(width, math.ceil(x.max() - 1e-3)),
            min(height, math.ceil(y.max() - 1e-3)),
        )

    def ink(self, slices: list[Slice], extent: tuple[int, int, int, int]) -> NDArray[np.float32]:
        """Ink of some slices and no others, as float32 from 0 to 1, with a margin around their extent."""
        left, top, right, bottom = extent
        margin = 1 + round(MARGIN * max(right - left, bottom - top))
        begin, upper = max(0, left - margin), max(0, top - margin)
        window = np.s_[upper : bottom + margin, begin : right + margin]
        owners = self.owners[window]
        kept = np.zeros(owners.shape, np.bool_)
        for each in slices:
            columns = np.s_[:, each.left - begin : each.right - begin]
            kept[columns] |= owners[columns] == each.piece.number
        near = filters.highest(kept, 2 * margin + 1, 0, 1)
        shown = near & (kept | (owners == 0))
        shades = np.where(shown, self.drawn.shades(window), np.float32(0))
        return shades if shades.max() > SHOWN else kept.astype(np.float32)

    def extent(self, slices: list[Slice]) -> tuple[int, int, int, int]:
        """Left, top, right and bottom in pixels of the picture as it is looked at."""
        tops, bottoms = zip(*(self._rows(each) for each in slices), strict=True)
        return slices[0].left, min(tops), max(each.right for each in slices), max(bottoms)

    def _rows(self, each: Slice) -> tuple[int, int]:
        """The first row with ink, and the one after the last."""
        left, top, right, bottom = each.piece.box
        if (each.left, each.right) == (left, right):
            return top, bottom
        inside = self.owners[top:bottom, each.left : each.right] == each.piece.number
        rows = np.flatnonzero(inside.any(axis=1))
        return (top + int(rows[0]), top + int(rows[-1]) + 1) if len(rows) else (top, bottom)

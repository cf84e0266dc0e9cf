"""What is large and what is small in a line, and where: measured by the line's digits."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from kaggle_digits.photos import filters
from kaggle_digits.photos.segmentation import Slice

STEEPEST = 0.3  # pixels that a line may fall for each to the right, once it was turned level
TALL = 60  # percentile of the heights of a line, which is how high its digits are


@dataclass(frozen=True)
class Ruler:
    """The height of a line's digits, and the middle of the line at every column: `middle + slope * x`, in pixels."""

    height: float
    middle: float
    slope: float

    @classmethod
    def of(cls, line: list[Slice], height: int) -> Self:
        """Measured by the pieces that may be digits; one alone in its line, by those of the picture, too."""
        boxes = list(dict.fromkeys(each.piece.box for each in line if not each.piece.is_small))
        if not boxes:
            return cls(height, math.nan, 0.0)
        across = np.array([(left + right) / 2 for left, _, right, _ in boxes])
        middles = np.array([(top + bottom) / 2 for _, top, _, bottom in boxes])
        # Of words, the small letters are the most; it is the tall ones that are as high as digits would be.
        high = float(filters.percentile(np.array([bottom - top for _, top, _, bottom in boxes]), TALL))
        # The rings of a per cent sign come to lie in lines of their own, and are no noughts.
        high = max(high, height) if len(boxes) == 1 else high
        spread = across - across.mean()
        slope = float(np.clip(spread @ middles / max(spread @ spread, 1.0), -STEEPEST, STEEPEST))
        return cls(high, float(middles.mean() - slope * across.mean()), slope)

    def size(self, extent: tuple[int, int, int, int]) -> tuple[float, float]:
        """Width and height of an extent, in heights of digits."""
        left, top, right, bottom = extent
        return (right - left) / self.height, (bottom - top) / self.height

    def measured(self, extent: tuple[int, int, int, int]) -> tuple[float, float]:
        """The longer side of an extent, and how far its middle is below the line's, in heights of digits."""
        left, top, right, bottom = extent
        middle = self.middle + self.slope * (left + right) / 2
        offset = 0.0 if math.isnan(middle) else ((top + bottom) / 2 - middle) / self.height
        return max(right - left, bottom - top) / self.height, offset

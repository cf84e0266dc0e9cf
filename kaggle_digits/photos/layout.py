"""What a picture may say: every way in which its pieces could be digits, each as an image that a model can judge."""

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaggle_digits.photos import pieces, plausible, standard, strokes
from kaggle_digits.photos.pieces import Piece
from kaggle_digits.photos.strokes import Strokes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LEAST_SIDE = 112  # pixels; a smaller picture is enlarged to it, so that filters find something to work on
_WIDE = 0.72  # of its line's height, from which a piece may be several digits that touch
_WIDEST = 1.5  # times its line's height, at which a digit can no longer be one
_NARROWEST = 0.12  # of the line's height, of what a cut may leave
_MOST_CUTS = 9
_MOST_SLICES = 24  # of one digit: more than any piece is cut into unless it is a long word
_MOST_JOINED = 3  # neighbours that stand apart and may still be one digit
_MARGIN = 0.03  # of a digit's side, kept around the mask for its grey edges

# What an unlikely way of reading costs, in nats, to be weighed against a digit's probability.
_CUT_COST = 0.6  # through one stroke as wide as strokes are
_RUN_COST = 1.2  # for every further stroke that a cut goes through
_JOIN_COST = 0.7
_GAP_COST = 6.0  # for every line height between pieces that are joined
_NOTHING_COST = 30.0  # a slice between two cuts may have no ink at all
_LOW_COST, _LOWEST = 25.0, 0.6  # for every line height that a digit is lower than this share of it
_WIDTH_COST = 4.0  # for every line height by which a digit is wider than high


@dataclass(frozen=True)
class Slice:
    """A piece, or what lies between two cuts through it.

    Attributes:
        piece: the piece.
        left: the first column.
        right: the column after the last.
        cost: of the cut on its left, in nats; 0 where the piece begins.
    """

    piece: Piece
    left: int
    right: int
    cost: float = 0.0


@dataclass(frozen=True)
class Span:
    """Neighbouring slices of a line, taken for one digit.

    Attributes:
        line: which line, from 0.
        first: the first slice.
        after: the slice after the last.
        cost: in nats.
        box: left, top, right and bottom in pixels of the picture as given, the last two exclusive.
        parts: the connected parts of ink that it begins with.
        looks_like_one: whether its ink has the form of a digit.
    """

    line: int
    first: int
    after: int
    cost: float
    box: tuple[int, int, int, int]
    parts: tuple[int, ...] = ()
    looks_like_one: bool = True


@dataclass(frozen=True, eq=False)
class Layout:
    """All ways to read a picture.

    Attributes:
        lines: how many slices each line has.
        spans: whatever may be a digit.
        images: uint8 `(len(spans), height, width)`, each span as MNIST would show it.
        stages: the steps on the way, by name, for those who want to see them; empty unless asked for.
        is_whole: whether the picture was taken for one digit as it is.
    """

    lines: list[int]
    spans: list[Span]
    images: "NDArray[np.uint8]"
    stages: "dict[str, NDArray[np.generic]]"
    is_whole: bool = False


def lay_out(
    picture: "NDArray[np.uint8]", image_shape: tuple[int, int] = (28, 28), *, keep_stages: bool = False
) -> Layout:
    """Finds everything in a picture that may be a digit.

    Args:
        picture: uint8 `(height, width)` or `(height, width, 3)`, 0 is black and 255 is white.
        image_shape: of the images wanted.
        keep_stages: whether the steps on the way are kept.

    Returns:
        The layout; without lines where there is no ink, or no more than a texture.
    """
    import numpy as np

    enlarged, times = _enlarged(picture)
    drawn = strokes.find(enlarged)
    found, numbers = pieces.find(drawn.mask)
    height = _typical_height(found)
    lines = [_sliced(line, height, numbers) for line in pieces.lines(found)]
    cutter = _Cutter(_shades(drawn), numbers, times, picture.shape[:2])
    spans, images = [], []
    for number, line in enumerate(lines):
        for first, after, cost in _spans(line, height):
            box = cutter.box(line[first:after])
            cost += _LOW_COST * max(0.0, _LOWEST - (box[3] - box[1]) * times / height)
            ink = cutter.ink(line[first:after])
            images.append(standard.as_mnist(ink, image_shape))
            cost = cost if images[-1].any() else _NOTHING_COST
            spans.append(Span(number, first, after, cost, box, line[first].piece.parts, plausible.is_digit_like(ink)))
    stages: dict[str, NDArray[np.generic]] = {}
    if keep_stages:
        stages = {"as read": enlarged, "flattened": drawn.amount, "mask": drawn.mask}
    stacked = np.stack(images) if images else np.zeros((0, *image_shape), np.uint8)
    return Layout([len(line) for line in lines], spans, stacked, stages)


def is_ready(picture: "NDArray[np.uint8]", image_shape: tuple[int, int]) -> bool:
    """Whether a picture is one of MNIST's already: of that size, on black or white paper without a trace of light.

    Args:
        picture: uint8 `(height, width)` or `(height, width, 3)`, 0 is black and 255 is white.
        image_shape: of the images that a model takes.
    """
    import numpy as np

    if picture.shape[:2] != image_shape or picture.min() == picture.max():
        return False
    border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    typical = float(np.median(border))
    return typical in (0.0, 255.0) and bool(np.mean(border == typical) >= _CLEAN_BORDER)


def whole(picture: "NDArray[np.uint8]", digit: "NDArray[np.uint8]", keep_stages: bool = False) -> Layout:
    """A picture that is one digit, and nothing else to be looked for.

    Args:
        picture: uint8 `(height, width)` or `(height, width, 3)`.
        digit: uint8, the same in the form that a model takes.
        keep_stages: whether the picture is kept.
    """
    height, width = picture.shape[:2]
    span = Span(0, 0, 1, 0.0, (0, 0, width, height))
    return Layout([1], [span], digit[None], {"as read": picture} if keep_stages else {}, is_whole=True)


_CLEAN_BORDER = 0.9  # of the outermost pixels; some of MNIST's digits reach out to them


def _enlarged(picture: "NDArray[np.uint8]") -> "tuple[NDArray[np.uint8], int]":
    import numpy as np
    from PIL import Image

    height, width = picture.shape[:2]
    times = -(-_LEAST_SIDE // max(height, width))
    if times == 1:
        return picture, 1
    size = width * times, height * times
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC)), times


def _shades(drawn: Strokes) -> "NDArray[np.float32]":
    """Ink from 0 to 1, with the paper's noise cut off."""
    floor = min(2.5 * drawn.noise, 0.4 * drawn.darkness)
    shades: NDArray[np.float32] = ((drawn.amount - floor) / max(drawn.darkness - floor, 1e-6)).clip(0, 1)
    return shades


def _typical_height(found: list[Piece]) -> int:
    """The median height of all pieces, in pixels."""
    heights = sorted(piece.height for piece in found)
    return heights[len(heights) // 2] if heights else 1


def _sliced(line: list[Piece], height: int, numbers: "NDArray[np.int32]") -> list[Slice]:
    """The pieces of a line, the wide ones cut wherever that is likely."""
    found: list[Slice] = []
    for piece in line:
        found += _cut(piece, height, numbers)
    return found


def _cut(piece: Piece, height: int, numbers: "NDArray[np.int32]") -> list[Slice]:
    if piece.width < _WIDE * height or len(numbers) < 2:
        return [Slice(piece, piece.box[0], piece.box[2])]
    chosen = sorted(_cuts(piece, height, numbers))
    lefts = [(piece.box[0], 0.0), *chosen]
    rights = [column for column, _ in chosen] + [piece.box[2]]
    return [Slice(piece, left, right, cost) for (left, cost), right in zip(lefts, rights, strict=True)]


def _cuts(piece: Piece, height: int, numbers: "NDArray[np.int32]") -> list[tuple[int, float]]:
    """Columns where little ink is cut through, and what each costs."""
    import numpy as np

    left, top, right, bottom = piece.box
    inside = np.isin(numbers[top:bottom, left:right], piece.parts)
    counts = inside.sum(axis=0)
    runs = (np.diff(inside.astype(np.int8), axis=0, prepend=0) == 1).sum(axis=0)
    typical = max(1.0, float(np.median(counts[counts > 0])) / 2)
    costs = _CUT_COST * np.minimum(counts / typical, 3) + _RUN_COST * np.maximum(runs - 1, 0)
    narrowest = max(1, int(_NARROWEST * height))
    costs[:narrowest] = costs[len(costs) - narrowest :] = np.inf
    chosen: list[tuple[int, float]] = []
    for _ in range(min(_MOST_CUTS, 1 + 3 * piece.width // max(height, 1))):
        best = int(costs.argmin())
        if not np.isfinite(costs[best]):
            break
        chosen.append((left + best, float(costs[best])))
        costs[max(0, best - narrowest) : best + narrowest + 1] = np.inf
    return chosen


def _spans(line: list[Slice], height: int) -> list[tuple[int, int, float]]:
    """First slice, the one after the last, and cost of every run of slices that may be one digit."""
    found = []
    for first in range(len(line)):
        for after in range(first + 1, len(line) + 1):
            cost = _cost(line[first:after], height)
            if cost is not None or after == first + 1:
                found.append((first, after, cost or 0.0))
            elif after - first > _MOST_SLICES:
                break
    return found


def _cost(slices: list[Slice], height: int) -> float | None:
    """What taking slices for one digit costs; None where it is out of the question."""
    width = max(each.right for each in slices) - slices[0].left
    joints = [(one, other) for one, other in itertools.pairwise(slices) if one.piece is not other.piece]
    if len(joints) >= _MOST_JOINED or (width > _WIDEST * height and (joints or len(slices) > 1)):
        whole = not joints and slices[0].left == slices[0].piece.box[0] and slices[-1].right == slices[0].piece.box[2]
        if not whole:
            return None
    cost = slices[0].cost + _WIDTH_COST * max(0.0, width / max(height, slices[0].piece.height) - 1.1)
    for one, other in joints:
        gap = max(0, other.left - one.right) / height
        if gap > _NEAREST:
            return None
        cost += _JOIN_COST + _GAP_COST * gap
    return cost


_NEAREST = 0.25  # line heights; pieces further apart are never one digit


@dataclass(frozen=True, eq=False)
class _Cutter:
    """Cuts the ink of some slices out of a picture, and tells where it is in the picture as given."""

    shades: "NDArray[np.float32]"
    numbers: "NDArray[np.int32]"
    times: int
    shape: tuple[int, ...]

    def box(self, slices: list[Slice]) -> tuple[int, int, int, int]:
        left, top, right, bottom = self._extent(slices)
        times = self.times
        return left // times, top // times, -(-right // times), -(-bottom // times)

    def ink(self, slices: list[Slice]) -> "NDArray[np.float32]":
        import numpy as np
        from scipy import ndimage

        left, top, right, bottom = self._extent(slices)
        margin = 1 + round(_MARGIN * max(right - left, bottom - top))
        begin, upper = max(0, left - margin), max(0, top - margin)
        window = np.s_[upper : bottom + margin, begin : right + margin]
        numbers = self.numbers[window]
        kept = np.zeros(numbers.shape, np.bool_)
        for each in slices:
            columns = np.s_[:, each.left - begin : each.right - begin]
            kept[columns] |= np.isin(numbers[columns], each.piece.parts)
        near = ndimage.maximum_filter(kept.view(np.uint8), 2 * margin + 1).view(np.bool_)
        shown = near & (kept | (numbers == 0))
        shades = np.where(shown, self.shades[window], 0).astype(np.float32)
        return shades if shades.max() > 0.1 else kept.astype(np.float32)

    def _extent(self, slices: list[Slice]) -> tuple[int, int, int, int]:
        tops, bottoms = zip(*(self._rows(each) for each in slices), strict=True)
        return slices[0].left, min(tops), max(each.right for each in slices), max(bottoms)

    def _rows(self, each: Slice) -> tuple[int, int]:
        """The first row with ink, and the one after the last."""
        import numpy as np

        left, top, right, bottom = each.piece.box
        if (each.left, each.right) == (left, right):
            return top, bottom
        inside = np.isin(self.numbers[top:bottom, each.left : each.right], each.piece.parts)
        rows = np.flatnonzero(inside.any(axis=1))
        return (top + int(rows[0]), top + int(rows[-1]) + 1) if len(rows) else (top, bottom)

"""Every way in which the pieces of a line could be digits: wide ones are cut, and near ones joined."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.photos import filters
from kaggle_digits.photos.pieces import Piece

WIDE = 0.72  # of its line's height, from which a piece may be several digits that touch
WIDEST = 1.5  # times its line's height, at which a digit can no longer be one
NARROWEST = 0.12  # of the line's height, of what a cut may leave
MOST_CUTS, CUTS = 9, 3  # of one piece, and for every line height of its width, one more
MOST_SLICES = 24  # of one digit: more than any piece is cut into unless it is a long word
MOST_JOINED = 3  # neighbours that stand apart and may still be one digit
STRUCK, STEEPEST = 1.3, 0.15  # heights, that what a stroke crosses out is wide; and how it may rise
OUT, FLAT = 0.15, 0.2  # heights, that it sticks out on either side, and is thick there at most
MIDDLE, WHOLE = 0.25, 0.97  # of the height, from above and below, where it does; and of the width, how much of it
NEAREST = 0.25  # line heights; pieces further apart are never one digit

# What an unlikely way of reading costs, in nats, to be weighed against a digit's probability.
CUT_COST, THICKEST = 0.6, 3.0  # through one stroke as wide as strokes are; thicker ones count as so many
RUN_COST = 1.2  # for every further stroke that a cut goes through
JOIN_COST = 0.7
GAP_COST = 6.0  # for every line height between pieces that are joined, less where one begins over the other
WIDTH_COST, WIDE_ENOUGH = 4.0, 1.1  # for every line height by which a digit is wider than so many


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
class Candidate:
    """Neighbouring slices of a line, taken for one digit.

    Attributes:
        first: the first slice.
        after: the slice after the last.
        cost: in nats.
    """

    first: int
    after: int
    cost: float


def typical_height(found: list[Piece]) -> int:
    """The median height of all pieces that may be digits, in pixels; 1 where there are none."""
    heights = sorted(piece.height for piece in found if not piece.is_small) or sorted(piece.height for piece in found)
    return heights[len(heights) // 2] if heights else 1


def sliced(line: list[Piece], height: int, owners: NDArray[np.int32]) -> list[Slice]:
    """The pieces of a line, the wide ones cut wherever that is likely.

    Args:
        line: the pieces.
        height: that is typical of digits, in pixels.
        owners: int32 `(height, width)`, the number of the piece that a pixel belongs to.
    """
    return [part for piece in line for part in _cut(piece, height, owners)]


def candidates(line: list[Slice], height: int) -> list[Candidate]:
    """Every run of slices that may be one digit; every slice is one by itself, so that a line can always be read."""
    found = []
    for first in range(len(line)):
        for after in range(first + 1, min(len(line), first + MOST_SLICES) + 1):
            cost = _cost(line[first:after], height)
            if cost is not None or after == first + 1:
                found.append(Candidate(first, after, cost or 0.0))
    return found


def parted(found: list[Candidate], line: list[Slice]) -> tuple[list[Candidate], list[Candidate]]:
    """Those that are a whole piece each, and those that any other reading of the line needs one of."""

    def begins(place: int) -> bool:
        return place == len(line) or line[place].left == line[place].piece.box[0]

    def is_one(each: Candidate) -> bool:
        return line[each.first].piece is line[each.after - 1].piece

    plain = [each for each in found if begins(each.first) and begins(each.after) and is_one(each)]
    # A cut through a piece costs the candidate on its right.
    others = [each for each in found if not begins(each.first) or not is_one(each)]
    return plain, others


def _cut(piece: Piece, height: int, owners: NDArray[np.int32]) -> list[Slice]:
    if piece.width < WIDE * height or len(owners) < 2:
        return [Slice(piece, piece.box[0], piece.box[2])]
    left, top, right, bottom = piece.box
    inside = owners[top:bottom, left:right] == piece.number
    if _is_struck(inside):
        return [Slice(piece, left, right)]
    chosen = sorted(_cuts(piece, height, inside))
    lefts = [(piece.box[0], 0.0), *chosen]
    rights = [column for column, _ in chosen] + [piece.box[2]]
    return [Slice(piece, left, right, cost) for (left, cost), right in zip(lefts, rights, strict=True)]


def _is_struck(inside: NDArray[np.bool_]) -> bool:
    """Whether a straight stroke runs through the middle of several digits, from one end to the other."""
    height, width = inside.shape
    if width < STRUCK * height:
        return False
    end = max(1, int(OUT * height))
    sides = inside[:, np.r_[:end, -end:0]]
    middle = np.s_[int(MIDDLE * height) : int((1 - MIDDLE) * height) + 1]
    is_line = not (sides.sum(axis=0) > FLAT * height).any() and sides.sum() == sides[middle].sum()
    if not is_line:
        return False
    across = np.arange(width)
    rows = np.arange(height)[middle, None]
    slopes = np.linspace(-STEEPEST, STEEPEST, 31)
    paths = (rows + np.round(slope * (across - width / 2)).astype(np.intp) for slope in slopes)
    inked = [inside[path.clip(0, height - 1), across].mean(axis=1).max() for path in paths]
    return bool(max(inked) >= WHOLE)


def _cuts(piece: Piece, height: int, inside: NDArray[np.bool_]) -> list[tuple[int, float]]:
    """Columns where little ink is cut through, and what each costs."""
    left = piece.box[0]
    counts = inside.sum(axis=0)
    runs = inside[0] + (inside[1:] & ~inside[:-1]).sum(axis=0)
    typical = max(1.0, float(filters.percentile(counts[counts > 0], 50)) / 2)
    costs = CUT_COST * np.minimum(counts / typical, THICKEST) + RUN_COST * np.maximum(runs - 1, 0)
    narrowest = max(1, int(NARROWEST * height))
    costs[:narrowest] = costs[len(costs) - narrowest :] = np.inf
    chosen: list[tuple[int, float]] = []
    for _ in range(min(MOST_CUTS, 1 + CUTS * piece.width // max(height, 1))):
        best = int(costs.argmin())
        if not np.isfinite(costs[best]):
            break
        chosen.append((left + best, float(costs[best])))
        costs[max(0, best - narrowest) : best + narrowest + 1] = np.inf
    return chosen


def _cost(slices: list[Slice], height: int) -> float | None:
    """What taking slices for one digit costs; None where it is out of the question."""
    width = max(each.right for each in slices) - slices[0].left
    joints = [(one, other) for one, other in itertools.pairwise(slices) if one.piece is not other.piece]
    if len(joints) >= MOST_JOINED or (width > WIDEST * height and (joints or len(slices) > 1)):
        whole = not joints and slices[0].left == slices[0].piece.box[0] and slices[-1].right == slices[0].piece.box[2]
        if not whole:
            return None
    cost = slices[0].cost + WIDTH_COST * max(0.0, width / max(height, slices[0].piece.height) - WIDE_ENOUGH)
    for one, other in joints:
        gap = (other.left - one.right) / height
        if gap > NEAREST:
            return None
        cost += max(0.0, JOIN_COST + GAP_COST * gap)
    return cost

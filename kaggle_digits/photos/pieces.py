"""From connected parts of ink to pieces of digits: what belongs together is joined, and specks are dropped."""

import functools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.photos import filters, frames

MOST_PIECES = 300
"""So many pieces a picture may have; with more it is a texture, not writing."""

SMALL = 0.45  # of the largest part's side: what is smaller is a speck, or a fragment of its neighbour
NEAR = 0.25  # of the largest part's side, between a fragment and what it belongs to
SPECK = 0.012  # of the largest part's ink; less than that is dirt
ABOVE = 0.5  # of the narrower part's width must lie over the other one's for the two to be one digit
TALLER = 1.3  # times the larger one's side, that two parts joined may be high
TOUCHING = 0.05  # of the largest part's side, between two parts that are higher when joined: one stroke that broke
FLAT, FLAT_SIDE = 1.7, 0.45  # what is so many times wider than high, and lower than that share of a digit, is a bar
LARGE = 0.25  # of the most ink that a part has: those with more tell how large digits are
BESIDE = 0.3  # of the lower one's height, that two pieces of a line have in common
LOW = 0.6  # of a piece's height; by lower ones, such as commas, it is not known to be of their line
HANGING = 0.25  # of a digit's height, above or below which signs still are of its line
LONGER, LINE = 1.3, 3.0  # heights of what it underlines, that a line is long; and so many times wider than high
LOWER, SUNK = 0.75, 0.3  # of the height of what it underlines, a line's height, and how high its middle is at most
SLASH = 0.15  # of a slash, what is not in two of its corners
THIN, FRAMED = 0.35, 0.25  # of its box, the most that a frame fills; of its height, the least of what it frames


@dataclass(frozen=True, eq=False)
class Piece:
    """A connected part of the ink, or several that belong together.

    Attributes:
        box: left, top, right and bottom in pixels, the last two exclusive.
        parts: the numbers of its connected parts.
        area: its pixels of ink.
        number: its own, from 1, once all pieces are known.
        is_small: whether it is too small or too flat to be a digit by itself: a sign, a fragment, or dirt.
    """

    box: tuple[int, int, int, int]
    parts: tuple[int, ...]
    area: int
    number: int = 0
    is_small: bool = False

    @property
    def width(self) -> int:
        """In pixels."""
        return self.box[2] - self.box[0]

    @property
    def height(self) -> int:
        """In pixels."""
        return self.box[3] - self.box[1]

    @property
    def side(self) -> int:
        """The longer side in pixels."""
        return max(self.width, self.height)


def find(parts: NDArray[np.int32]) -> tuple[list[Piece], NDArray[np.int32]]:
    """The pieces that may be digits, and int32 `(height, width)`, whose ink a pixel is: 0 is paper, and -1 a speck.

    Args:
        parts: int32 `(height, width)`, the number of the connected part of ink that a pixel belongs to, 0 is none.
    """
    found = _parts(parts)
    framed = {part: high for part in found if (high := _framed(parts, part, found))}
    if framed:
        parts = parts.copy()
        for frame, high in framed.items():
            _take_away(parts, frame, high)
        found = _parts(parts)
    pieces = [replace(piece, number=number) for number, piece in enumerate(join(found), 1)]
    owners = np.full(int(parts.max(initial=0)) + 1, -1, np.int32)
    owners[0] = 0
    for piece in pieces:
        owners[list(piece.parts)] = piece.number
    return pieces, owners[parts]


def _parts(parts: NDArray[np.int32]) -> list[Piece]:
    measured = filters.measured(parts)
    return [
        Piece((left, top, right, bottom), (number,), int(measured.areas[number]))
        for number, (left, top, right, bottom) in enumerate(measured.boxes.tolist())
        if measured.areas[number]
    ]


def _ink(parts: NDArray[np.int32], one: Piece) -> NDArray[np.bool_]:
    """The pixels of a part in its box."""
    left, top, right, bottom = one.box
    return np.asarray(parts[top:bottom, left:right] == one.parts[0], np.bool_)


def _is_slash(parts: NDArray[np.int32], one: Piece) -> bool:
    """Whether a part has its ink in two opposite corners, as that of a per cent sign."""
    ink = _ink(parts, one)
    half, middle = one.height // 2, one.width // 2
    beside = ink[:half, :middle].sum() + ink[-half:, -middle:].sum() if half and middle else one.area
    return bool(beside < SLASH * one.area)


def _framed(parts: NDArray[np.int32], one: Piece, others: list[Piece]) -> int:
    """How high what stands in a frame is, or on a line, in pixels; 0 where a part is neither."""
    inside = [part for part in others if _frames(one, part)]
    if inside and not _is_slash(parts, one):
        return max(part.height for part in inside)
    return one.height if frames.is_underlined(_ink(parts, one)) else 0


def _take_away(parts: NDArray[np.int32], frame: Piece, high: int) -> None:
    """Takes a frame out of the parts, and makes new ones of the digits that touched it."""
    left, top, right, bottom = frame.box
    window, ink = parts[top:bottom, left:right], _ink(parts, frame)
    rest = filters.label(frames.without(ink), corners=True)
    sides = (rest.boxes[:, 2:] - rest.boxes[:, :2]).max(axis=1)
    kept = sides >= FRAMED * high
    kept[0] = False
    window[ink] = 0
    numbers = (np.cumsum(kept, dtype=np.int32) + parts.max()) * kept
    window[ink] = numbers[rest.numbers[ink]]


def join(parts: list[Piece]) -> list[Piece]:
    """Joins fragments to their neighbours and drops specks; of a texture, nothing is left."""
    if not parts:
        return []
    parts = sorted(parts, key=lambda part: -part.side * part.area)
    largest = parts[0]
    kept = [part for part in parts if part.area >= SPECK * largest.area]
    reference = _reference(kept)
    large = [part for part in kept if _may_stand_alone(part, reference)]
    if len(large) > MOST_PIECES:
        return []
    heights = sorted(part.height for part in large)
    long = LONGER * heights[len(heights) // 2] if large else 0.0
    kept = [part for part in kept if part.width <= long or not any(_underlines(part, other) for other in large)]
    main = [part for part in kept if _may_stand_alone(part, reference)]
    for part in kept[: 4 * MOST_PIECES]:
        if not _may_stand_alone(part, reference):
            _attach(main, part, reference)
    return _stacked(main, reference)


def _may_stand_alone(part: Piece, reference: float) -> bool:
    """Whether a part is large enough to be a digit, and not as flat as the bar of a five."""
    is_flat = part.height < FLAT_SIDE * reference and part.width > FLAT * part.height
    return part.side >= SMALL * reference and not is_flat


def _reference(parts: list[Piece]) -> float:
    """The side of a typical digit: the median side of those that hold the most ink."""
    most = max(part.area for part in parts)
    sides = sorted(part.side for part in parts if part.area >= LARGE * most)
    return float(sides[len(sides) // 2])


def _frames(one: Piece, other: Piece) -> bool:
    """Whether a part is a thin line around another one, which is large enough to be what matters."""
    is_around = (
        one.box[0] < other.box[0]
        and one.box[1] < other.box[1]
        and one.box[2] > other.box[2]
        and one.box[3] > other.box[3]
    )
    is_thin = one.area < THIN * one.width * one.height
    return is_around and is_thin and other.height >= FRAMED * one.height


def _underlines(one: Piece, other: Piece) -> bool:
    """Whether a part is a line under another one and its neighbours."""
    is_line = one.width > LINE * one.height and one.width > LONGER * other.height and one.height < LOWER * other.height
    is_under = (one.box[1] + one.box[3]) / 2 > other.box[3] - SUNK * other.height
    return is_line and is_under and _over(one, other) >= ABOVE * other.width and _gap(one, other) <= other.height


def _attach(main: list[Piece], part: Piece, reference: float) -> None:
    """Gives a fragment to the near piece that it lies over or under the most, or lets it stand alone, as signs do."""
    near = [place for place, piece in enumerate(main) if _gap(piece, part) <= NEAR * reference]
    if near:
        place = max(near, key=lambda place: _over(main[place], part))
        piece = main[place]
        is_underline = part.box[1] >= piece.box[3] and part.width > FLAT * part.height
        if _over(piece, part) >= ABOVE * part.width and not is_underline:
            main[place] = merged(piece, part)
            return
    main.append(replace(part, is_small=True))


def _stacked(pieces: list[Piece], reference: float) -> list[Piece]:
    """Joins pieces that lie over one another, such as a five and its bar."""
    pieces = sorted(pieces, key=lambda piece: piece.box)
    place = 0
    while place < len(pieces):
        over = (other for other in range(place + 1, len(pieces)) if _belong(pieces[place], pieces[other], reference))
        other = next(over, None)
        if other is None:
            place += 1
        else:
            pieces[place] = merged(pieces[place], pieces.pop(other))
    return pieces


def _belong(one: Piece, other: Piece, reference: float) -> bool:
    height = max(one.box[3], other.box[3]) - min(one.box[1], other.box[1])
    apart = max(one.box[1], other.box[1]) - min(one.box[3], other.box[3])
    nearest = NEAR if height <= TALLER * max(one.height, other.height) else TOUCHING
    return apart <= nearest * reference and _over(one, other) >= ABOVE * min(one.width, other.width)


def _over(one: Piece, other: Piece) -> int:
    """The columns that two boxes have in common; less than none where they are apart."""
    return min(one.box[2], other.box[2]) - max(one.box[0], other.box[0])


def _gap(one: Piece, other: Piece) -> float:
    """The distance between two boxes, in pixels."""
    across = max(one.box[0], other.box[0]) - min(one.box[2], other.box[2])
    down = max(one.box[1], other.box[1]) - min(one.box[3], other.box[3])
    return float((max(across, 0) ** 2 + max(down, 0) ** 2) ** 0.5)


def merged(one: Piece, other: Piece) -> Piece:
    """Two pieces as one."""
    box = (
        min(one.box[0], other.box[0]),
        min(one.box[1], other.box[1]),
        max(one.box[2], other.box[2]),
        max(one.box[3], other.box[3]),
    )
    return Piece(box, one.parts + other.parts, one.area + other.area, is_small=one.is_small and other.is_small)


def glyph(found: list[Piece]) -> Piece | None:
    """All pieces as one, where those that may be digits lie over one another; None where they do not."""
    large = [piece for piece in found if not piece.is_small]
    if not large or any(_over(large[0], piece) < ABOVE * min(large[0].width, piece.width) for piece in large):
        return None
    return replace(functools.reduce(merged, found), number=1)


def lines(pieces: list[Piece]) -> list[list[Piece]]:
    """Pieces in reading order: lines from the top, each from left to right.

    A line may lean: each piece follows the one next to it of the line that it overlaps in height the most. Signs and
    fragments, which stand high and low, come to the lines of what may be digits.
    """
    found: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: (piece.is_small, _middle(piece))):
        shares = [_beside(_nearest(line, piece), piece) for line in found]
        if shares and max(shares) >= BESIDE:
            found[shares.index(max(shares))].append(piece)
        else:
            found.append([piece])
    ordered = sorted(found, key=lambda line: sum(piece.box[1] + piece.box[3] for piece in line) / len(line))
    return [sorted(line, key=_middle) for line in ordered]


def _middle(piece: Piece) -> int:
    """Twice the column in the middle of a piece."""
    return piece.box[0] + piece.box[2]


def _nearest(line: list[Piece], piece: Piece) -> Piece:
    """The piece of a line by which another one is known to be of it."""
    large = [each for each in line if not each.is_small and each.height >= LOW * piece.height]
    return min(large or line, key=lambda each: abs(_middle(each) - _middle(piece)))


def _beside(one: Piece, other: Piece) -> float:
    """How much of the lower one of two pieces lies at the height of the other, from 0 to 1; more of what is small."""
    over = min(one.box[3], other.box[3]) - max(one.box[1], other.box[1]) + HANGING * one.height * other.is_small
    return over / min(one.height, other.height)

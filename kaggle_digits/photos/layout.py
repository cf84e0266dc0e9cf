"""What a picture may say: every way in which its pieces could be digits, each as an image that a model can judge."""

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kaggle_digits.photos import filters, marks, pieces, segmentation, sheet, standard, strokes, tilt
from kaggle_digits.photos.cutter import Cutter
from kaggle_digits.photos.ruler import Ruler
from kaggle_digits.photos.segmentation import Slice

LEAST_SIDE = 112  # pixels; a smaller picture is enlarged to it, so that filters find something to work on
TINY = 40  # pixels of the longer side of a picture that holds one digit, if what is in it lies over one another
FAR, NEAR = 400, 1024  # pixels of the longer side, at a first look and at a closer one
HIGH_ENOUGH = 36  # pixels; digits lower than that are looked at more closely
NOTHING_COST = 30.0  # nats; a slice between two cuts may have no ink at all
STROKE = 0.35  # of its longer side, a stroke of chalk is wide at most
BESIDE, FEW = 0.1, 12  # of a sheet's shorter side, what is beside it is away from it; more pieces are the desk's
CLEAN_BORDER = 0.9  # of the outermost pixels; some of MNIST's digits reach out to them
LONE = 2.0  # times as likely what is all that there is is no digit: a scribble is alone more often
SEVERAL = 1.0  # nats more, for one mark of several pieces: a slash and the digit beside it
LOW_COST, LOWEST = 25.0, 0.6  # nats for every line height that a digit is lower than this share of it


@dataclass(frozen=True)
class Span:
    """Neighbouring slices of a line, taken for one digit.

    Attributes:
        line: which line, from 0.
        first: the first slice.
        after: the slice after the last.
        cost: in nats, of taking it for a digit.
        box: left, top, right and bottom in pixels of the picture as given, the last two exclusive.
        piece: the number of the piece that it begins with.
        mark_cost: in nats, of taking it for another mark.
        size: width and height, in heights of the line's digits.
        is_only: whether no other way to read the line is without it; known of plain layouts alone.
    """

    line: int
    first: int
    after: int
    cost: float
    box: tuple[int, int, int, int]
    piece: int = 1
    mark_cost: float = 0.0
    size: tuple[float, float] = (1.0, 1.0)
    is_only: bool = False


@dataclass(frozen=True, eq=False)
class Layout:
    """All ways to read a picture.

    Attributes:
        lines: how many slices each line has.
        spans: whatever may be a digit.
        images: uint8 `(len(spans), height, width)`, each span as MNIST would show it.
        stages: the steps on the way, by name, for those who want to see them; empty unless asked for.
        is_whole: whether the picture was taken for one digit as it is.
        rivals: what reading a line in a way that is not among the spans costs at least, in nats.
        views: uint8 `(len(spans), 28, 28)`, each span as it stands in its line; none where all are taken for digits.
        is_glyph: whether the picture is so small that it is one digit, in whatever strokes.
        lifts: float32 `(len(spans), classes)`, by how many nats each label is likelier than networks say; or none.
    """

    lines: list[int]
    spans: list[Span]
    images: NDArray[np.uint8]
    stages: dict[str, NDArray[Any]]
    is_whole: bool = False
    rivals: list[float] = field(default_factory=list)
    views: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, marks.VIEW, marks.VIEW), np.uint8))
    is_glyph: bool = False
    lifts: NDArray[np.float32] | None = None

    @cached_property
    def are_lone(self) -> NDArray[np.bool_]:
        """Which spans are all that there is in the picture, and one piece: bool `(len(spans),)`."""
        are_one = len({span.piece for span in self.spans}) == 1
        return np.array([are_one and span.after - span.first == sum(self.lines) for span in self.spans], np.bool_)

    @cached_property
    def mark_probabilities(self) -> NDArray[np.float32]:
        """Which digit every span is, by its place in the line, and, last, that it is none: float32 `(n, 11)`."""
        if len(self.views):
            said = marks.mark_probabilities(self.views)
            said[:, marks.MARK] *= 0 if self.is_glyph else np.where(self.are_lone, LONE, 1)
        else:
            said = np.tile(np.array([1] * marks.MARK + [0], np.float32), (len(self.spans), 1))
        if self.lifts is not None:
            digits = self.lifts[:, : marks.MARK]
            said[:, : digits.shape[1]] *= np.exp(digits)
        return np.asarray(said / said.sum(axis=1, keepdims=True), np.float32)

    @cached_property
    def features(self) -> NDArray[np.float32]:
        """Where every span lies among shapes: float32 `(len(spans), features)`, from `mark_features`."""
        views = self.views if len(self.views) else np.stack([marks.in_line(image) for image in self.images])
        return marks.mark_features(views)


@dataclass(frozen=True, eq=False)
class _Look:
    """A picture, and what of it is looked at.

    Attributes:
        picture: as given.
        shown: of mode L or RGB: all of it, the sheet of paper in it, or more.
        matrix: float64 `(2, 3)`, which takes `(x, y, 1)` in `shown` to the place in the picture.
        is_tiny: whether the picture is so small that it may be one digit, in whatever strokes.
    """

    picture: NDArray[np.uint8]
    shown: Image.Image
    matrix: NDArray[np.float64]
    is_tiny: bool = False

    @cached_property
    def far(self) -> strokes.Strokes:
        """The strokes, at a first look."""
        return strokes.find(_resized(self.shown, FAR))

    @cached_property
    def near(self) -> strokes.Strokes:
        """The strokes, at a closer look."""
        return strokes.find(_resized(self.shown, NEAR))


@dataclass(frozen=True, eq=False)
class Writing:
    """The ink of a picture in lines, not yet cut into digits.

    Attributes:
        look: the picture, and its strokes.
        drawn: the strokes, turned so that lines run level.
        owners: int32 `(height, width)`, the number of the piece that a pixel belongs to, in pixels as looked at.
        height: that is typical of digits, in those pixels.
        lines: the slices of every line.
        matrix: float64 `(2, 3)`, which takes `(x, y, 1)` in those pixels to the place in the picture as given.
        is_glyph: whether the picture is so small that it is one digit, in whatever strokes.
    """

    look: _Look
    drawn: strokes.Strokes
    owners: NDArray[np.int32]
    height: int
    lines: list[list[Slice]]
    matrix: NDArray[np.float64]
    is_glyph: bool = False

    def layout(
        self, image_shape: tuple[int, int] = (28, 28), *, plain: bool = False, keep_stages: bool = False
    ) -> Layout:
        """The ways to read it.

        Args:
            image_shape: of the images wanted.
            plain: whether only that way is wanted in which every piece is one digit: it takes a fraction of the time,
                and `rivals` tell whether the others can matter.
            keep_stages: whether the steps on the way are kept.
        """
        cutter = Cutter(self.drawn, self.owners, self.matrix, self.look.picture.shape)
        stroke = self.drawn.width()
        spans, images, rivals, views = [], [], [], []
        for number, line in enumerate(self.lines):
            wanted = segmentation.candidates(line, self.height)
            others: list[segmentation.Candidate] = []
            if plain:
                wanted, others = segmentation.parted(wanted, line)
            rivals.append(min((each.cost for each in others), default=math.inf))
            ruler = Ruler.of(line, self.height)
            for each in wanted:
                slices = line[each.first : each.after]
                box = cutter.extent(slices)
                image = standard.as_mnist(cutter.ink(slices, box), image_shape, stroke)
                low = LOW_COST * max(0.0, LOWEST - (box[3] - box[1]) / self.height)
                cost = each.cost + low if image.any() else NOTHING_COST
                where = cutter.box(box)
                piece, size = slices[0].piece.number, ruler.size(box)
                mark_cost = each.cost + (SEVERAL if len({one.piece.number for one in slices}) > 1 else 0.0)
                is_only = plain and not any(one.first < each.after and each.first < one.after for one in others)
                spans.append(Span(number, each.first, each.after, cost, where, piece, mark_cost, size, is_only))
                views.append(marks.in_line(image, *ruler.measured(box)))
                images.append(image)
        # Boxes are those of the picture as given, so that is what they are drawn on.
        stages: dict[str, NDArray[Any]] = {"as read": self.look.picture}
        stages.update({"flattened": self.drawn.amount, "mask": self.owners > 0})
        stacked = np.stack(images) if images else np.zeros((0, *image_shape), np.uint8)
        slices_of = [len(line) for line in self.lines]
        seen = np.stack(views) if views else np.zeros((0, marks.VIEW, marks.VIEW), np.uint8)
        kept = stages if keep_stages else {}
        return Layout(slices_of, spans, stacked, kept, False, rivals, seen, self.is_glyph)


def lay_out(
    picture: NDArray[np.uint8], image_shape: tuple[int, int] = (28, 28), *, keep_stages: bool = False
) -> Layout:
    """Finds everything in a picture that may be a digit.

    Args:
        picture: uint8 `(height, width)` or `(height, width, 3)`, 0 is black and 255 is white.
        image_shape: of the images wanted.
        keep_stages: whether the steps on the way are kept.

    Returns:
        The layout; without lines where there is no ink, or no more than a texture.
    """
    return look(picture).layout(image_shape, keep_stages=keep_stages)


def look(picture: NDArray[np.uint8]) -> Writing:
    """Finds the ink of a picture, and its lines.

    Args:
        picture: uint8 `(height, width)` or `(height, width, 3)`, 0 is black and 255 is white.
    """
    if max(picture.shape[:2]) <= TINY:
        return _tiny(picture)
    shown = Image.fromarray(picture)
    all_of_it = _Look(picture, shown, np.eye(2, 3))
    found = sheet.find(shown)
    if found is None:
        return _closer(all_of_it)
    cut, matrix, is_clear = found
    writing = _closer(_Look(picture, cut, matrix))
    if writing.lines and is_clear:
        return writing
    whole = _closer(all_of_it)
    # What is bright, solid, empty and narrow is chalk; where there is writing beside it, it is light on a page.
    is_chalk = not writing.lines and min(cut.size) <= STROKE * max(cut.size)
    return whole if is_chalk or 0 < _count_outside(whole, cut.size, matrix) <= FEW else writing


def _count_outside(whole: Writing, size: tuple[int, int], matrix: NDArray[np.float64]) -> int:
    """How many pieces of a picture that may be digits lie outside of a sheet."""
    pieces = {part.piece.number: part.piece for line in whole.lines for part in line}
    boxes = np.array([piece.box for piece in pieces.values() if not piece.is_small]).reshape(-1, 4)
    middles = np.column_stack([boxes[:, [0, 2]].mean(axis=1), boxes[:, [1, 3]].mean(axis=1), np.ones(len(boxes))])
    places = (middles @ whole.matrix.T - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
    margin = BESIDE * min(size)
    return int(((places < -margin) | (places > np.array(size) + margin)).any(axis=1).sum())


def turned(writing: Writing, quarters: int) -> Writing:
    """What the same ink says after so many quarter turns to the left. Boxes stay those of the picture as given."""
    return _closer(writing.look, quarters)


def _tiny(picture: NDArray[np.uint8]) -> Writing:
    """What is written in so few pixels that it may fill them all: seen with paper around it."""
    height, width = picture.shape[:2]
    margin = max(height, width) // 2
    wide = np.empty((height + 2 * margin, width + 2 * margin, *picture.shape[2:]), np.uint8)
    wide[:] = filters.percentile(picture.reshape(height * width, -1).T, 50).astype(np.uint8)
    wide[margin : margin + height, margin : margin + width] = picture
    return _closer(
        _Look(picture, Image.fromarray(wide), np.array([[1.0, 0.0, -margin], [0.0, 1.0, -margin]]), is_tiny=True)
    )


def is_ready(picture: NDArray[np.uint8], image_shape: tuple[int, int]) -> bool:
    """Whether a picture is one of MNIST's already: of that size, on black or white paper without a trace of light.

    Args:
        picture: uint8 `(height, width)` or `(height, width, 3)`, 0 is black and 255 is white.
        image_shape: of the images that a model takes.
    """
    if picture.shape[:2] != image_shape or picture.min() == picture.max():
        return False
    border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    typical = float(filters.percentile(border.ravel(), 50))
    return typical in (0.0, 255.0) and bool(np.mean(border == typical) >= CLEAN_BORDER)


def whole(picture: NDArray[np.uint8], digit: NDArray[np.uint8], keep_stages: bool = False) -> Layout:
    """A picture that is one digit, and nothing else to be looked for.

    Args:
        picture: uint8 `(height, width)` or `(height, width, 3)`.
        digit: uint8, the same in the form that a model takes.
        keep_stages: whether the picture is kept.
    """
    height, width = picture.shape[:2]
    span = Span(0, 0, 1, 0.0, (0, 0, width, height))
    stages: dict[str, NDArray[Any]] = {"as read": picture} if keep_stages else {}
    return Layout([1], [span], digit[None], stages, is_whole=True, rivals=[math.inf])


def _closer(look: _Look, quarters: int = 0) -> Writing:
    """What is written, looked at more closely where it is small."""
    writing = _seen(look, look.far, quarters)
    if writing.height < HIGH_ENOUGH and max(look.shown.size) > FAR and not look.is_tiny:
        return _seen(look, look.near, quarters)
    return writing


def _seen(look: _Look, drawn: strokes.Strokes, quarters: int) -> Writing:
    """What is written, after so many quarter turns."""
    down, across = (given / seen for given, seen in zip(look.shown.size[::-1], drawn.parts.shape, strict=True))
    matrix = look.matrix @ np.array([[across, 0.0, 0.0], [0.0, down, 0.0], [0.0, 0.0, 1.0]])
    if quarters:
        drawn, turn = tilt.quartered(drawn, quarters)
        matrix = matrix @ np.vstack([turn, [0, 0, 1]])
    found, owners = pieces.find(drawn.parts)
    degrees = tilt.angle(found)
    if degrees:
        drawn, turn = tilt.turned(drawn, degrees)
        matrix = matrix @ np.vstack([turn, [0, 0, 1]])
        found, owners = pieces.find(drawn.parts)
    glyph = pieces.glyph(found) if look.is_tiny else None
    if glyph is not None:
        # Thin strokes break in so few pixels.
        line = [Slice(glyph, glyph.box[0], glyph.box[2])]
        return Writing(look, drawn, np.minimum(owners, 1), glyph.height, [line], matrix, is_glyph=True)
    height = segmentation.typical_height(found)
    lines = [segmentation.sliced(line, height, owners) for line in pieces.lines(found)]
    return Writing(look, drawn, owners, height, lines, matrix)


def _resized(picture: Image.Image, longest: int) -> Image.Image:
    """The picture with no more pixels than that on its longer side, and no fewer than filters need."""
    side = max(picture.size)
    if LEAST_SIDE <= side <= longest:
        return picture
    times = longest / side if side > longest else -(-LEAST_SIDE // side)
    width, height = (max(1, round(each * times)) for each in picture.size)
    return picture.resize((width, height), Image.Resampling.BOX if times < 1 else Image.Resampling.BICUBIC)

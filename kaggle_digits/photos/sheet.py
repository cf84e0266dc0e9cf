"""The sheet of paper that lies on a desk: found, straightened and cut out, since only what is on it is to be read."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kaggle_digits.photos import filters, mask, paper

THUMB = 120  # pixels of the longer side in which the sheet is looked for
SMOOTHED = 1.0  # pixels of standard deviation in it
BINS = 64  # of greys, in which the sheet is parted from the desk
APART = 24  # greys of 256 between the lightest and the darkest, at least
EDGE, DARKEST = 1.22, 20.0  # times lighter, from one pixel to the next, is an edge; and a grey as good as black
LARGER = 1.3  # times, that the shape which edges enclose is larger than the brightest one, to be the sheet
LIGHTER, SURELY = 1.1, 1.25  # times, that a sheet is lighter along its edge than what lies around it, and surely is
EDGED = 3  # pixels of a thumb, of an edge that are not the sheet's
RIM = 7  # pixels of a thumb, whose half is looked at on either side of that edge
SMALLEST, LARGEST = 0.05, 0.92  # of the picture, that a sheet covers
NARROWEST = 0.12  # of the picture's longer side, that a sheet is wide
FILLED = 0.84  # of the rectangle around it, that a sheet fills
OUTER = 0.15  # of the picture's border, that a sheet reaches at most; what reaches more of it is lit, and no sheet
FINGER = 0.15  # of the thumb's longer side, that a finger on the sheet is wide at most
ROUNDED = 3  # pixels of a thumb; by half of them a sheet without fingers grows again, whose corners are rounded
KEPT = 0.75  # of a sheet's shape that is left without fingers, at least; of a thick digit, only its loop is
COVERED = 0.2  # of the sheet, that ink on it covers at most
TURN, LEAST_TURN = 3, 3  # degrees between two rectangles that are tried, and by which a sheet is turned at least
BLOCK, WHOLE = 2, 0.5  # pixels of a thumb, of which a block of paper is one; and of it, what is on the sheet at least
INSET = 2.5  # pixels of a thumb, cut away with a sheet's edges
INNER = 5  # pixels of a thumb; by half of them less than a sheet is looked at, since its edge is not so sharp

_Rectangle = tuple[float, tuple[float, float, float, float]]


def find(picture: Image.Image) -> tuple[Image.Image, NDArray[np.float64], bool] | None:
    """The sheet that a picture of mode L or RGB shows, where it shows one with a desk around it.

    Returns:
        The sheet, upright; float64 `(2, 3)`, which takes `(x, y, 1)` in it to the place in the picture; and whether it
        is so much lighter than what is around it that it is no light that falls on a page.
    """
    thumb = filters.gaussian(paper.shrunk(picture.convert("L"), THUMB).astype(np.float32), SMOOTHED)
    if thumb.max() - thumb.min() < APART:
        return None
    found = [each for shape in (_brightest(thumb), _enclosed(thumb)) if (each := _sheet(thumb, shape)) is not None]
    if not found:
        return None
    # What is brightest may be the lit part of a sheet.
    filled, rectangle = found[-1] if found[-1][0].sum() > LARGER * found[0][0].sum() else found[0]
    own, around = _at_the_edge(thumb, filled)
    is_clear = own >= SURELY * around
    return *_cut_out(picture, filled, rectangle, picture.width / thumb.shape[1]), is_clear


def _sheet(thumb: NDArray[np.float32], shape: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], _Rectangle] | None:
    """The shape and the rectangle that it nearly is; None where it is no sheet."""
    if not _is_like_a_sheet(thumb, shape):
        return None
    rectangle = _rectangle(shape)
    if rectangle is not None:
        return shape, rectangle
    # A finger or what else reaches onto the sheet is narrower than it.
    filled = _without_fingers(shape)
    is_kept = filled.sum() >= KEPT * shape.sum() and _is_like_a_sheet(thumb, filled)
    rectangle = _rectangle(filled) if is_kept else None
    return None if rectangle is None else (filled, rectangle)


def _brightest(thumb: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The largest shape that is brighter than Otsu's threshold."""
    counts, edges = np.histogram(thumb, BINS, (float(thumb.min()), float(thumb.max())))
    return _filled(_largest(thumb > mask.parting(counts, edges)))


def _enclosed(thumb: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The largest shape that edges enclose: where shadows fall, no one threshold parts a sheet from the desk."""
    brightest, darkest = filters.highest(thumb, 3, 0, 1), filters.lowest(thumb, 3, 0, 1)
    edged = _largest(_filled(brightest > EDGE * np.maximum(darkest, np.float32(DARKEST))))
    return filters.lowest(edged, EDGED, 0, 1)


def _largest(shapes: NDArray[np.bool_]) -> NDArray[np.bool_]:
    found = filters.label(shapes, corners=False)
    return np.asarray(shapes & (found.numbers == found.areas.argmax()), np.bool_)


def _filled(shapes: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """With all that they enclose."""
    return np.asarray(filters.around(shapes).numbers[1:-1, 1:-1] != 1, np.bool_)


def _is_like_a_sheet(thumb: NDArray[np.float32], shape: NDArray[np.bool_]) -> bool:
    """Whether it is of a sheet's size, lighter than the desk around it, and has little ink on it."""
    border = np.concatenate([shape[0], shape[-1], shape[:, 0], shape[:, -1]])
    if not SMALLEST <= shape.mean() <= LARGEST or border.mean() > OUTER:
        return False
    own, around = _at_the_edge(thumb, shape)
    lighter = LIGHTER * around
    return own >= lighter and bool((thumb[shape] > lighter).mean() >= 1 - COVERED)


def _at_the_edge(thumb: NDArray[np.float32], shape: NDArray[np.bool_]) -> tuple[float, float]:
    """How light a shape is along its edge, and what lies around it."""
    inside = shape & ~filters.lowest(shape, RIM, 0, 1)
    outside = filters.highest(shape, RIM, 0, 1) & ~shape
    own, around = (float(filters.percentile(thumb[where], 50)) for where in (inside, outside))
    return own, max(around, DARKEST)


def _without_fingers(filled: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """An opening, which takes away what is narrower than a finger, and no more than a pixel of other corners."""
    finger = int(FINGER * max(filled.shape)) | 1
    opened = filters.highest(filters.lowest(np.pad(filled, finger), finger, 0, 1), finger, 0, 1)
    return filters.highest(opened[finger:-finger, finger:-finger], ROUNDED, 0, 1) & filled


def _rectangle(filled: NDArray[np.bool_]) -> _Rectangle | None:
    """The least rectangle around it: the degrees by which it is turned, and its sides in the turned picture."""
    rows, columns = np.nonzero(filled)
    best: tuple[float, float, tuple[float, float, float, float]] | None = None
    for degrees in range(-45, 45, TURN):
        turn = np.radians(degrees)
        along = (columns + 0.5) * np.cos(turn) + (rows + 0.5) * np.sin(turn)
        down = (rows + 0.5) * np.cos(turn) - (columns + 0.5) * np.sin(turn)
        sides = along.min() - 0.5, down.min() - 0.5, along.max() + 0.5, down.max() + 0.5
        area = (sides[2] - sides[0]) * (sides[3] - sides[1])
        if best is None or area < best[0]:
            best = area, degrees, sides
    if best is None or len(rows) < FILLED * best[0]:
        return None
    left, top, right, bottom = best[2]
    if min(right - left, bottom - top) < NARROWEST * max(filled.shape):
        return None
    return (best[1] if abs(best[1]) >= LEAST_TURN else 0.0), best[2]


def _cut_out(
    picture: Image.Image,
    filled: NDArray[np.bool_],
    rectangle: _Rectangle,
    times: float,
) -> tuple[Image.Image, NDArray[np.float64]]:
    """The sheet out of the picture, which is so many times larger than the thumb; what shows of the desk is papered."""
    degrees, (left, top, right, bottom) = rectangle
    turn = np.radians(degrees)
    forth = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    left, top, right, bottom = left + INSET, top + INSET, right - INSET, bottom - INSET
    size = max(1, round((right - left) * times)), max(1, round((bottom - top) * times))
    matrix = np.column_stack([forth, forth @ np.array([left, top]) * times])

    def moved(image: Image.Image, matrix: NDArray[np.float64], how: Image.Resampling) -> NDArray[np.uint8]:
        return np.array(image.transform(size, Image.Transform.AFFINE, tuple(matrix.ravel().tolist()), how))

    pixels = moved(picture, matrix, Image.Resampling.BILINEAR)
    inner = filters.lowest(filled, INNER, 0, 1).astype(np.uint8)
    on_sheet = moved(Image.fromarray(inner), matrix / times, Image.Resampling.NEAREST) > 0
    return Image.fromarray(_papered(pixels, on_sheet, round(BLOCK * times))), matrix


def _papered(pixels: NDArray[np.uint8], on_sheet: NDArray[np.bool_], side: int) -> NDArray[np.uint8]:
    """A sheet that goes on where it ends: block by block, from the paper beside it, so that no edge is to be seen."""
    height, width = on_sheet.shape
    down, across = -(-height // side), -(-width // side)
    colours = pixels.reshape(height, width, -1)
    layers = np.zeros((down * side, across * side, colours.shape[2] + 1), np.float32)
    layers[:height, :width] = np.dstack([colours * on_sheet[..., None], on_sheet])
    sums = layers.reshape(down, side, across, side, -1).sum(axis=(1, 3))
    known = sums[..., -1:] >= WHOLE * side * side
    if not known.any():
        return pixels
    paper_of = np.where(known, sums / np.maximum(sums[..., -1:], 1), 0)
    while not known.all():
        around = np.pad(paper_of, ((1, 1), (1, 1), (0, 0)))
        nearby = np.sum([around[y : y + down, x : x + across] for y in range(3) for x in range(3)], axis=0)
        paper_of = np.where(known, paper_of, nearby / np.maximum(nearby[..., -1:], 1))
        known = paper_of[..., -1:] > 0
    rows, columns = (
        np.minimum(np.arange(size) // side, count - 1) for size, count in ((height, down), (width, across))
    )
    papered = np.where(on_sheet[..., None], colours, paper_of[rows][:, columns, :-1])
    return papered.round().astype(np.uint8).reshape(pixels.shape)

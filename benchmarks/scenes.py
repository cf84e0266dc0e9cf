"""Makes pictures as people take them: a note on a desk, a tilted page, dates and sums, words, boxes, hard shadows.

Every maker takes images of digits, uint8 `(28, 28)`, fonts for what is no digit, and a random generator, and returns a
Pillow image and the digits that are to be read in it, by their places among those given; None where there is nothing.
"""

from collections.abc import Sequence
from pathlib import Path

import marks
import numpy as np
import pictures
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

Random = np.random.Generator
Ink = NDArray[np.float32]
Digits = Sequence[NDArray[np.uint8]]

DESKS = ((28, 26, 25), (62, 44, 30), (110, 78, 50), (150, 112, 75), (70, 74, 80), (35, 50, 70), (120, 125, 128))
_MIXED = ("dd/dd/dddd", "d.dd", "dd:dd", "d+d=dd", "-dd", "(ddd)", "dd-dd-dd", "d,ddd", "dd%", "dd.dd.dd", "d=d", "#dd")
_WORDS = (
    "abc",
    "note",
    "Karin",
    "Hello",
    "TAX",
    "mark",
    "wy",
    "Hund",
    "PAGE",
    "yes",
    "when",
    "kn",
    "f",
    "R",
    "A",
    "E",
    "h",
)


def glyph(text: str, height: int, fonts: Sequence[Path], random: Random) -> tuple[Ink, int]:
    """A sign or letters so large that digits beside them are so high, and where its top lies below that of digits."""
    found = marks.written(fonts[random.integers(len(fonts))], text)
    if found is None:
        raise ValueError(text)
    shape, high, offset = found
    side = max(2, round(high * height)), max(2, round(high * height * shape.shape[1] / shape.shape[0]))
    small = np.asarray(Image.fromarray(shape).resize(side[::-1], Image.Resampling.BILINEAR))
    return small, round((0.5 + offset - high / 2) * height)


def composed(parts: Sequence[tuple[Ink, int]], height: int, random: Random, apart: tuple[float, float]) -> Ink:
    """Shapes in a row, each with its top below that of digits, so far from each other in heights of digits."""
    width = sum(shape.shape[1] for shape, _ in parts) + int(2 * height * len(parts)) + height
    row = np.zeros((3 * height, width), np.float32)
    left = height // 4
    for shape, top in parts:
        at = height + top + int(random.uniform(-0.05, 0.05) * height)
        spot = row[max(0, at) : at + shape.shape[0], left : left + shape.shape[1]]
        np.maximum(spot, shape[: spot.shape[0], : spot.shape[1]], out=spot)
        left += shape.shape[1] + max(1, int(random.uniform(*apart) * height))
    return pictures.cut(row)


def number(digits: Digits, height: int, random: Random, apart: tuple[float, float] = (0.1, 0.45)) -> Ink:
    """Digits in a row."""
    shapes = [pictures.stroke(digit, int(height * random.uniform(0.92, 1.08)), random) for digit in digits]
    return composed([(shape, 0) for shape in shapes], height, random, apart)


def finished(sheet: Ink, random: Random) -> Image.Image:
    """A drawing, a scan or a photo of ink on a sheet."""
    how = random.integers(3)
    if how == 0:
        return pictures.as_image(pictures.coloured(sheet, (0, 0, 0), (255, 255, 255)))
    if how == 1:
        return pictures.scanned(sheet, random)
    return pictures.photographed(pictures.sheet_of_paper(sheet, random), random)


def around(shape: Ink, random: Random, least: float = 0.15) -> Ink:
    """The shape on a sheet with a margin of its height and more on all sides."""
    spare = int(least * max(shape.shape)) + len(shape) // 3
    height, width = shape.shape
    return pictures.placed(shape, (width + 3 * spare, height + 3 * spare), random, spare)


def desk(digits: Digits, _fonts: Sequence[Path], random: Random) -> tuple[Image.Image, list[int]]:
    """A note on a desk, a little turned, perhaps with a thumb on it."""
    count = int(random.integers(1, 6))
    row = number(digits[:count], int(random.integers(50, 90)), random)
    paper = pictures.sheet_of_paper(around(row, random, 0.12), random)
    paper = np.clip(paper + pictures.texture(paper.shape[:2], random, 2)[:, :, None], 1, 255)
    note = pictures.as_image(paper).convert("RGBA")
    note = note.rotate(random.uniform(-15, 15), Image.Resampling.BICUBIC, expand=True)
    side = int(max(note.size) * random.uniform(1.15, 2.0))
    size = side, int(side * random.uniform(0.75, 1.2))
    size = max(size[0], note.width + 20), max(size[1], note.height + 20)
    colour = np.array(DESKS[random.integers(len(DESKS))], np.float32)
    top = np.ones((size[1], size[0], 3), np.float32) * colour
    top += pictures.texture(top.shape[:2], random, random.uniform(2, 9))[:, :, None]
    if random.random() < 0.35:  # the grain of wood, or checks
        waves = np.sin(np.arange(size[1]) / random.uniform(4, 20))[:, None, None]
        top *= 1 + random.uniform(0.03, 0.15) * waves
    scene = pictures.as_image(top)
    at = int(random.integers(0, size[0] - note.width + 1)), int(random.integers(0, size[1] - note.height + 1))
    scene.paste(note, at, note)
    if random.random() < 0.25:
        pen = ImageDraw.Draw(scene)
        x, y = at[0] + note.width * random.uniform(0.2, 0.8), at[1] + note.height
        pen.ellipse((x - side / 16, y - side / 14, x + side / 16, y + side / 5), fill=(215, 165, 140))
    lit = np.asarray(scene, np.float32) * pictures.light((size[1], size[0]), random)[:, :, None]
    lit = ndimage.gaussian_filter(lit, (0.8, 0.8, 0)) + random.normal(0, random.uniform(1, 5), lit.shape)
    return pictures.jpeg(pictures.as_image(lit), 75), list(range(count))


def stacked(rows: Sequence[Ink], height: int, random: Random) -> Ink:
    """Lines under each other."""
    width = max(row.shape[1] for row in rows)
    sheet = np.zeros((int(2.2 * height * (len(rows) + 1)), width + height), np.float32)
    for place, row in enumerate(rows):
        top = int(place * random.uniform(1.75, 1.85) * height) + 2
        left = int(random.integers(0, max(1, height // 2)))
        np.maximum(
            sheet[top : top + len(row), left : left + row.shape[1]],
            row,
            out=sheet[top : top + len(row), left : left + row.shape[1]],
        )
    return pictures.cut(sheet)


def tilted(digits: Digits, _fonts: Sequence[Path], random: Random) -> tuple[Image.Image, list[int]]:
    """A page that lies at an angle of 8 to 30 degrees."""
    height, lines, count = int(random.integers(40, 70)), int(random.integers(1, 4)), 4
    rows = [number(digits[count * line :][:count], height, random) for line in range(lines)]
    sheet = around(stacked(rows, height, random), random)
    angle = random.uniform(8, 30) * random.choice((-1, 1))
    turned = Image.fromarray(sheet).rotate(angle, Image.Resampling.BICUBIC, expand=True)
    return finished(np.asarray(turned).clip(0, 1), random), list(range(count * lines))


def signs(digits: Digits, fonts: Sequence[Path], random: Random) -> tuple[Image.Image, list[int]]:
    """A date, a sum, a time, a price: digits, and signs that are none."""
    height, parts, count = int(random.integers(45, 90)), [], 0
    for sign in _MIXED[random.integers(len(_MIXED))]:
        if sign == "d":
            parts.append((pictures.stroke(digits[count], int(height * random.uniform(0.92, 1.08)), random), 0))
            count += 1
        else:
            parts.append(glyph(sign, height, fonts, random))
    row = composed(parts, height, random, (0.12, 0.4))
    return finished(around(row, random), random), list(range(count))


def letters(_digits: Digits, fonts: Sequence[Path], random: Random) -> tuple[Image.Image, None]:
    """A word or a letter, or a sign alone."""
    height = int(random.integers(50, 120))
    word = (
        _WORDS[random.integers(len(_WORDS))]
        if random.random() < 0.8
        else ("+", "=", "?", "%", "*", "#")[random.integers(6)]
    )
    if random.random() < 0.5:
        row, _ = glyph(word, height, fonts, random)
    else:
        row = composed([glyph(letter, height, fonts, random) for letter in word], height, random, (0.05, 0.3))
    return finished(around(row, random), random), None


def boxes(digits: Digits, _fonts: Sequence[Path], random: Random) -> tuple[Image.Image, list[int]]:
    """Digits in the fields of a form, in a ring, in a frame, or underlined."""
    height, count = int(random.integers(45, 80)), int(random.integers(1, 6))
    kind = random.integers(4)
    pen = max(2, int(height * random.uniform(0.03, 0.06)))
    if kind == 0:
        field = int(1.5 * height)
        sheet = np.zeros((field + 2 * pen, count * field + 2 * pen), np.float32)
        for place, digit in enumerate(digits[:count]):
            shape = pictures.stroke(digit, height, random)[:, :field]
            sheet[pen + (field - len(shape)) // 2 :, pen + place * field + (field - shape.shape[1]) // 2 :][
                : len(shape), : shape.shape[1]
            ] = shape
            sheet[:, place * field : place * field + pen] = 1
        sheet[:pen] = sheet[-pen:] = sheet[:, -pen:] = 1
    else:
        row = number(digits[:count], height, random)
        spare = height // 2
        canvas = Image.fromarray((255 * np.pad(row, spare)).astype(np.uint8))
        draw, (right, bottom) = ImageDraw.Draw(canvas), canvas.size
        if kind == 1:
            draw.rectangle((2, 2, right - 3, bottom - 3), outline=255, width=pen)
        elif kind == 2:
            wide = int(0.25 * right)
            canvas = Image.fromarray(np.pad(np.asarray(canvas), ((spare, spare), (wide, wide))))
            ImageDraw.Draw(canvas).ellipse((2, 2, canvas.width - 3, canvas.height - 3), outline=255, width=pen)
        else:
            draw.line(
                (4, bottom - spare + pen + height // 6, right - 4, bottom - spare + pen + height // 5),
                fill=255,
                width=pen,
            )
        sheet = np.asarray(canvas, np.float32) / 255
    return finished(around(sheet, random), random), list(range(count))


def page(digits: Digits, _fonts: Sequence[Path], random: Random) -> tuple[Image.Image, list[int]]:
    """Lines of numbers, in one column or two."""
    height, lines = int(random.integers(28, 44)), int(random.integers(3, 7))
    rows, count = [], 0
    for _ in range(lines):
        groups = []
        for _ in range(2):
            several = int(random.integers(2, 5))
            groups.append((number(digits[count:][:several], height, random), 0))
            count += several
        rows.append(composed(groups, height, random, (1.2, 1.6)))
    return finished(around(stacked(rows, height, random), random, 0.06), random), list(range(count))


def shadow(digits: Digits, _fonts: Sequence[Path], random: Random) -> tuple[Image.Image, list[int]]:
    """A number over which falls a shadow with a sharp edge."""
    count = int(random.integers(1, 6))
    sheet = around(number(digits[:count], int(random.integers(50, 100)), random), random)
    pixels = pictures.sheet_of_paper(sheet, random)
    y, x = np.meshgrid(np.linspace(-1, 1, len(sheet)), np.linspace(-1, 1, sheet.shape[1]), indexing="ij")
    angle, place = random.uniform(0, 2 * np.pi), random.uniform(-0.5, 0.5)
    dark = np.where(x * np.cos(angle) + y * np.sin(angle) > place, random.uniform(0.45, 0.7), 1.0)
    soft = ndimage.gaussian_filter(dark, random.uniform(0.5, 2.5))
    lit = pixels * soft[:, :, None] + random.normal(0, random.uniform(1, 5), pixels.shape)
    return pictures.jpeg(pictures.as_image(lit), 75), list(range(count))


def touching(digits: Digits, _fonts: Sequence[Path], random: Random) -> tuple[Image.Image, list[int] | None]:
    """Digits that touch or cross the line below them, their ring, or the walls of their boxes; or struck out."""
    height, count = int(random.integers(45, 80)), int(random.integers(2, 6))
    row = number(digits[:count], height, random)
    spare, pen = height, max(2, int(height * random.uniform(0.03, 0.07)))
    canvas = Image.fromarray((255 * np.pad(row, spare)).astype(np.uint8))
    draw, (right, bottom) = ImageDraw.Draw(canvas), canvas.size
    over = random.uniform(-0.12, 0.12, 4) * height  # how far each side cuts into the digits, or stays away
    left, top, last, foot = spare - over[0], spare - over[1], right - spare + over[2], bottom - spare + over[3]
    kind = random.integers(4)
    if kind == 0:
        draw.line((left - height / 3, foot, last + height / 3, foot + over[0] / 2), fill=255, width=pen)
    elif kind == 1:
        draw.rectangle((left, top - height / 8, last, foot + height / 8), outline=255, width=pen)
    elif kind == 2:
        wide = random.uniform(0.0, 0.12) * right
        draw.ellipse((left - wide, top - 0.45 * height, last + wide, foot + 0.45 * height), outline=255, width=pen)
    else:
        middle = bottom / 2
        draw.line((left - height / 4, middle + over[1], last + height / 4, middle + over[2]), fill=255, width=pen + 2)
    shown = None if kind == 3 else list(range(count))
    return finished(around(np.asarray(canvas, np.float32) / 255, random), random), shown


def note(digits: Digits, _fonts: Sequence[Path], random: Random) -> tuple[Image.Image, list[int] | None]:
    """A small note seen from the side, on a desk that may be nearly as light as it; a third of them empty."""
    count = int(random.integers(1, 5))
    row = number(digits[:count], int(random.integers(40, 70)), random)
    is_empty = random.random() < 1 / 3
    paper = pictures.sheet_of_paper(around(0 * row if is_empty else row, random, 0.15), random)
    sheet = pictures.as_image(np.clip(paper, 1, 255)).convert("RGBA")
    width, height = sheet.size
    inset = random.uniform(0, 0.13, 8) * min(width, height) * np.array([1, 1, 1, -1, -1, -1, -1, 1])
    corners = np.array([0, 0, 0, height, width, height, width, 0]) - inset
    sheet = sheet.transform((width, height), Image.Transform.QUAD, corners.tolist(), Image.Resampling.BICUBIC)
    sheet = sheet.rotate(random.uniform(-25, 25), Image.Resampling.BICUBIC, expand=True)
    side = int(max(sheet.size) * random.uniform(1.3, 2.6))
    lightest = np.array((random.uniform(150, 205), random.uniform(140, 185), random.uniform(110, 160)))
    colours = (*DESKS, lightest, lightest)
    grain = pictures.texture((side, side), random, random.uniform(2, 8))[:, :, None]
    top = np.array(colours[random.integers(len(colours))], np.float32) + grain
    if random.random() < 0.3:
        tile = int(random.integers(side // 24, side // 8))
        top *= np.where(np.add.outer(np.arange(side) // tile, np.arange(side) // tile) % 2, 1.0, 0.8)[:, :, None]
    scene = pictures.as_image(top)
    at = int(random.integers(0, side - sheet.width + 1)), int(random.integers(0, side - sheet.height + 1))
    scene.paste(sheet, at, sheet)
    lit = np.asarray(scene, np.float32) * pictures.light((side, side), random)[:, :, None]
    lit = ndimage.gaussian_filter(lit, (0.8, 0.8, 0)) + random.normal(0, random.uniform(1, 4), lit.shape)
    return pictures.jpeg(pictures.as_image(lit), 80), None if is_empty else list(range(count))


SCENES = {
    "desk": desk, "tilted": tilted, "signs": signs, "letters": letters, "boxes": boxes, "page": page, "shadow": shadow,
    "touching": touching, "note": note,
}  # fmt: skip
MOST_DIGITS = 48
"""So many digits a scene may need."""

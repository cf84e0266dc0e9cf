"""Trains the small network that tells which digit a mark is, or that it is none, and writes it into the package.

    npm pack @fontsource/{caveat-brush,handlee,...}       # handwriting, as *.woff into the folder fonts
    python benchmarks/marks.py --fonts fonts [--data data]

A digit is a row of train.csv that is not among the held-out ones of held_out.py, or a font's, or drawn with a few
strokes; with another pen, stretched, broken, in coarse pixels, and brought to MNIST's form as the photo treatment does
it. Another mark is a sign or a letter of the same fonts or of a few strokes, a part of a digit, a letter or a sign, two
digits that touch, a word, a scribble, a doodle, a frame, a blot. The network sees each as large as it is in its line,
and as high above or below the line's middle as it stands there: by that alone a comma differs from a one. Beside these
it learns from what the treatment takes for a digit in written lines, rightly or not (candidates.py). It is judged by
the held-out rows, and by fonts that it is not shown, of which benchmarks/own_images.py makes its pictures, too.
"""

import argparse
import base64
import itertools
import json
import string
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import held_out
import matplotlib
import numpy as np
import pictures
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from kaggle_digits import photos
from kaggle_digits.digits import Digits

Random = np.random.Generator
Ink = NDArray[np.float32]
Views = tuple[NDArray[np.uint8], NDArray[np.uint8]]

KEPT_OUT = ("caveat", "kalam", "patrick-hand")
"""Fonts that no sample is made of, but the pictures of benchmarks/own_images.py."""

SIGNS = ".,:;-+/=()*%?!'\"_~<>#&$€@\\[]{}^°\u00d7÷"
_BETWEEN_DIGITS = ".,:-//+=()%%#"  # shown as often as all signs together
LETTERS = "".join(sorted(set(string.ascii_letters) - set("OIl")))
_LIKE_A_DIGIT = "SZBszbD"  # shown less often, since nobody can tell them from digits
_ONLY_IN_A_LINE = "/\\()[]{}!'oszxcvunmwear"  # alone, as large as a digit, they could be one, or some other letter
_HEIGHT = 48  # pixels at which shapes are made
_PLACES = 3  # in lines, of each shape
_BATCH, _JUDGED = 512, 20_000
_RATE = 4e-3  # the highest learning rate
_PARTS = 8  # in which samples are made, by as many processes as there are cores


class Made(NamedTuple):
    """Ink, its height and how far its middle is below that of its line, in heights of digits; whether it may stand
    alone; and its label, which is `photos.MARK` for what is no digit."""

    ink: Ink
    height: float = 1.0
    offset: float = 0.0
    may_be_alone: bool = True
    label: int = photos.MARK


def distorted(shape: Ink, random: Random) -> Ink:
    """Bent, leaned and turned a little, as another hand would draw it."""
    shape = np.pad(shape, int(0.35 * max(shape.shape)) + 4)
    side = max(shape.shape)
    coarse = [Image.fromarray(random.uniform(-1, 1, (6, 6)).astype(np.float32)) for _ in range(2)]
    moves = [
        np.asarray(each.resize(shape.shape[::-1], Image.Resampling.BICUBIC)) * random.uniform(0, 0.05) * side
        for each in coarse
    ]
    angle, lean = np.radians(random.normal(0, 5)), random.normal(0, 0.12)
    y, x = np.mgrid[: shape.shape[0], : shape.shape[1]].astype(np.float32)
    middle = [(size - 1) / 2 for size in shape.shape]
    y, x = y - middle[0], x - middle[1]
    down = np.cos(angle) * y + np.sin(angle) * x + middle[0] + moves[0]
    across = np.cos(angle) * x - np.sin(angle) * y + lean * y + middle[1] + moves[1]
    return pictures.cut(ndimage.map_coordinates(shape, [down, across], order=1).astype(np.float32))


@cache
def face(path: Path, size: int = 64) -> tuple[ImageFont.FreeTypeFont, float, float]:
    """A font, and its digits' height and middle in pixels."""
    font = ImageFont.truetype(str(path), size)
    boxes = [font.getbbox(digit) for digit in string.digits]
    top, bottom = (float(np.median([box[side] for box in boxes])) for side in (1, 3))
    return font, bottom - top, (top + bottom) / 2


def written(path: Path, text: str) -> tuple[Ink, float, float] | None:
    """Text in a font, and its height and its middle's distance from the digits', in heights of digits."""
    font, height, middle = face(path)
    left, top, right, bottom = font.getbbox(text)
    if right <= left or bottom <= top:
        return None
    canvas = Image.new("L", (right - left + 8, bottom - top + 8), 0)
    ImageDraw.Draw(canvas).text((4 - left, 4 - top), text, font=font, fill=255)
    shape = np.asarray(canvas, np.float32) / 255
    if not shape.any():
        return None
    return pictures.cut(shape), (bottom - top) / height, ((top + bottom) / 2 - middle) / height


def widened(shape: Ink, random: Random) -> Ink:
    """With thicker or thinner strokes."""
    by = int(random.integers(-2, 4))
    if by == 0:
        return shape
    changed = (ndimage.grey_dilation if by > 0 else ndimage.grey_erosion)(np.pad(shape, 4), size=(abs(by) + 1,) * 2)
    return pictures.cut(changed) if changed.max() > 0.5 and (changed > 0.5).sum() > 12 else shape


def drawn(strokes: Sequence[Sequence[tuple[float, float]]], random: Random) -> tuple[Ink, float, float]:
    """Strokes with corners in heights of digits from the line's middle, and their height and middle, as `written`."""
    height, pen, middle = 60, int(random.integers(3, 10)), 120
    canvas = Image.new("L", (240, 240), 0)
    draw = ImageDraw.Draw(canvas)
    for points in strokes:
        places = [(middle + x * height, middle + y * height) for x, y in points]
        draw.line(places, fill=255, width=pen, joint="curve")
        for x, y in (places[0], places[-1]):
            draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=255)
    shape = np.asarray(canvas, np.float32) / 255
    rows = np.flatnonzero(shape.any(axis=1))
    return pictures.cut(shape), (rows[-1] + 1 - rows[0]) / height, ((rows[0] + rows[-1] + 1) / 2 - middle) / height


def drawn_sign(random: Random) -> tuple[Ink, float, float]:
    """A sign of a few strokes: slash, dash, dot, comma, bracket, plus, times, equals, tick."""
    wide, high, side = random.uniform(0.2, 0.5), random.uniform(0.55, 0.85), random.choice((-1, 1))
    signs = (
        # A slash leans and is at least as high as a digit.
        *2 * ([[(wide, -high), (-wide, high + random.uniform(-0.1, 0.15))]],),
        [[(-wide, random.uniform(-0.15, 0.2)), (wide, random.uniform(-0.15, 0.2))]],
        [[(0, 0.45), (random.uniform(-0.04, 0.04), 0.48)]],
        [[(0.05, 0.42), (-0.05, random.uniform(0.55, 0.8))]],
        [[(0, -high), (side * 0.18, -high / 2), (side * 0.22, 0), (side * 0.18, high / 2), (0, high)]],
        [[(-wide, 0), (wide, 0)], [(0, -wide), (0, wide)]],
        [[(-wide, -wide), (wide, wide)], [(-wide, wide), (wide, -wide)]],
        [[(-wide, -0.12), (wide, -0.14)], [(-wide, 0.12), (wide, 0.12)]],
        [[(-wide, 0), (-wide / 3, wide), (wide, -high)]],
    )
    return drawn(signs[random.integers(len(signs))], random)


def drawn_digit(random: Random) -> tuple[Ink, int]:
    """A digit as Europe's schools teach it, which few in train.csv write: a one with a long flag, that may reach the
    ground, perhaps with a foot; a seven with a bar; a four, open or closed, whose second stroke is short; a nine with a
    straight leg, a hooked one, or one that runs out along the ground."""
    wide, lean = random.uniform(0.2, 0.45), random.uniform(-0.05, 0.2)
    foot = [[(-wide, 0.5), (wide, 0.5)]] if random.random() < 0.4 else []
    flag = random.uniform(-0.35, 0.2) if random.random() < 0.5 else random.uniform(0.0, 0.5)
    bar = [[(-0.25, 0.05), (0.3, random.uniform(-0.1, 0.05))]] if random.random() < 0.8 else []
    serif = [(-wide, random.uniform(-0.45, -0.25))] if random.random() < 0.3 else []
    low, apex = random.uniform(-0.05, 0.3), random.uniform(-0.15, 0.25)
    end = (wide + 0.05, low + random.uniform(-0.1, 0.1))
    top = (apex, -0.5) if random.random() < 0.4 else (0.15 + lean / 2, random.uniform(-0.5, -0.1))
    if random.random() < 0.3:  # at the end of the bar
        top = (end[0] + random.uniform(-0.12, 0.02), end[1] + random.uniform(-0.25, 0.0))
    bowl = [
        (wide * np.cos(turn) * 0.9, -0.25 + 0.25 * np.sin(turn)) for turn in np.linspace(-0.4, -2 * np.pi - 0.2, 16)
    ]
    leg = [
        [(wide * random.uniform(0.3, 0.95), 0.5)],
        [(wide * random.uniform(0.3, 0.95), 0.3), (-random.uniform(0, 0.1), 0.5), (-wide, random.uniform(0.3, 0.48))],
        [
            (wide, random.uniform(0.15, 0.35)),
            (wide * random.uniform(0.2, 0.6), 0.48),
            (-wide, random.uniform(0.4, 0.5)),
        ],
    ]
    digits = {
        1: [[(lean - random.uniform(0.2, 0.75), flag), (lean, -0.5), (0, 0.5)], *foot],
        7: [[*serif, (-wide, -0.5), (wide, random.uniform(-0.55, -0.45)), (random.uniform(-0.2, 0.1), 0.5)], *bar],
        4: [
            [(apex, -0.5), (-wide, low), end],
            [top, (random.uniform(0, 0.2), random.uniform(max(low + 0.15, 0.3), 0.55))],
        ],
        9: [[*bowl, *leg[random.choice(3, p=(0.45, 0.25, 0.3))]]],
    }
    label = int(random.choice(list(digits), p=(0.4, 0.15, 0.25, 0.2)))
    return drawn(digits[label], random)[0], label


_CAPITALS = {
    "A": "-4 5, 0 -5, 4 5; -2 1, 2 1",
    "E": "4 -5, -3 -5, -3 5, 4 5; -3 0, 3 0",
    "F": "4 -5, -3 -5, -3 5; -3 0, 2 0",
    "H": "-3 -5, -3 5; 3 -5, 3 5; -3 0, 3 0",
    "K": "-3 -5, -3 5; 3 -5, -3 0, 3 5",
    "L": "-3 -5, -3 5, 3 5",
    "M": "-4 5, -4 -5, 0 1, 4 -5, 4 5",
    "N": "-3 5, -3 -5, 3 5, 3 -5",
    "P": "-3 5, -3 -5, 2 -5, 4 -2, 2 0, -3 0",
    "R": "-3 5, -3 -5, 2 -5, 4 -2, 2 0, -3 0, 4 5",
    "T": "-4 -5, 4 -5; 0 -5, 0 5",
    "V": "-4 -5, 0 5, 4 -5",
    "W": "-5 -5, -2 5, 0 -3, 2 5, 5 -5",
    "X": "-4 -5, 4 5; 4 -5, -4 5",
    "Y": "-4 -5, 0 0, 4 -5; 0 0, 0 5",
}
"""Strokes of capital letters, in tenths of their height."""


def drawn_letter(random: Random) -> tuple[Ink, float, float]:
    """A capital letter of a few strokes, each corner of it a little elsewhere."""
    strokes = list(_CAPITALS.values())[random.integers(len(_CAPITALS))].split(";")
    wide = random.uniform(0.07, 0.11)
    corners = [[[int(place) for place in point.split()] for point in stroke.split(",")] for stroke in strokes]

    def moved(x: int, y: int) -> tuple[float, float]:
        return x * wide + random.normal(0, 0.03), y / 10 + random.normal(0, 0.03)

    return drawn([[moved(*corner) for corner in each] for each in corners], random)


def resized(shape: Ink, width: float) -> Ink:
    return np.asarray(Image.fromarray(shape).resize((max(2, round(width)), len(shape)), Image.Resampling.BILINEAR))


def doodle(random: Random) -> NDArray[np.float64]:
    """The corners of a star, a triangle, a spiral, a wave, or a curve that crosses itself often, from 0 to 1."""
    how = random.integers(5)
    turns = np.linspace(0, 2 * np.pi, 200) + random.uniform(0, 2 * np.pi)
    if how == 0:
        rays = int(random.integers(4, 8))
        far = np.where(np.arange(2 * rays + 1) % 2, random.uniform(0.1, 0.25), 0.5)
        turns = turns[0] + np.arange(2 * rays + 1) * np.pi / rays
    elif how == 1:
        far, turns = np.full(4, 0.5), turns[0] + np.array([0, 2.1, 4.2, 0]) + random.normal(0, 0.15)
    elif how == 2:
        turns = turns[0] + np.linspace(0, random.uniform(14, 30), 200)
        far = np.linspace(0.03, 0.5, 200)
    elif how == 3:
        waves = np.arange(2, 8)
        sizes = random.normal(0, 1, (2, 6, 1)) / waves[:, None] ** 0.5
        curve = (sizes * np.sin(waves[:, None] * turns + random.uniform(0, 2 * np.pi, (2, 6, 1)))).sum(axis=1)
        return np.asarray((curve / np.abs(curve).max(axis=1, keepdims=True) / 2 + 0.5).T)
    else:
        across = np.linspace(0, 1, 200)
        waves = 0.5 + random.uniform(0.1, 0.5) * np.sin(across * random.uniform(14, 40) + turns[0])
        return np.stack([across, waves], axis=1)
    return np.stack([0.5 + far * np.cos(turns), 0.5 + far * np.sin(turns)], axis=1)


@dataclass(frozen=True)
class Samples:
    """Makes digits and other marks.

    Attributes:
        digits: labelled images of digits.
        fonts: whose signs and letters are taken.
        random: where all chance comes from.
    """

    digits: Digits
    fonts: list[Path]
    random: Random

    def stream(self) -> Iterator[tuple[NDArray[np.uint8], int]]:
        """Views, each with its label."""
        shares = {
            self.digit: 0.46,
            self.sign: 0.13,
            self.letter: 0.14,
            self.word: 0.03,
            self.half: 0.04,
            self.torn: 0.03,
            self.stroke: 0.03,
            self.pair: 0.04,
            self.scribble: 0.1,
        }
        makers, chances = list(shares), list(shares.values())
        while True:
            made = makers[int(self.random.choice(len(makers), p=chances))]()
            if made is None:
                continue
            shape, chance = made.ink, self.random.random()
            if chance < 0.12 and made.may_be_alone:
                shape = self.coarse(self.squared(shape))
            elif chance < 0.3:
                shape = self.coarse(shape)
            soft = ndimage.gaussian_filter(np.pad(shape, 4), self.random.uniform(0.2, 1.3) * len(shape) / 60)
            image = photos.as_mnist(soft / soft.max())
            for _ in range(_PLACES):
                height, offset = 1.0, 0.0
                if not made.may_be_alone or self.random.random() > 0.35:
                    height = made.height * np.exp(self.random.normal(0, 0.1))
                    offset = made.offset + self.random.normal(0, 0.07)
                size = height * max(1.0, shape.shape[1] / shape.shape[0])
                yield photos.in_line(image, float(size), float(offset)), made.label

    def row(self, labels: str = string.digits) -> tuple[NDArray[np.uint8], int]:
        """A digit with one of these labels."""
        while True:
            place = self.random.integers(len(self.digits))
            label = int(self.digits.known_labels[place])
            if str(label) in labels:
                return self.digits.images[place], label

    def font(self) -> Path:
        return self.fonts[self.random.integers(len(self.fonts))]

    def typed(self, text: str) -> Made | None:
        """Text in some font, as another hand would write it."""
        found = written(self.font(), text)
        return found and Made(distorted(widened(found[0], self.random), self.random), *found[1:])

    def row_drawn(self, labels: str = string.digits) -> tuple[Ink, int]:
        row, label = self.row(labels)
        return self.stretched(pictures.stroke(row, _HEIGHT, self.random, self.random.uniform(-1.0, 1.2))), label

    def stretched(self, shape: Ink) -> Ink:
        """Some wider or narrower."""
        if self.random.random() > 0.25:
            return shape
        return resized(shape, max(4.0, shape.shape[1] * np.exp(self.random.normal(0, 0.35))))

    def squared(self, shape: Ink) -> Ink:
        """About as wide as high, as forms and old collections have digits that fill their box."""
        widest = 3 * shape.shape[1]
        return resized(shape, min(widest, len(shape) * self.random.uniform(0.7, 1.1)))

    def coarse(self, shape: Ink) -> Ink:
        """In few pixels, as forms, scanners and small screens have it."""
        high, wide = (max(3, round(side * self.random.uniform(10, 18) / max(shape.shape))) for side in shape.shape)
        small = np.asarray(Image.fromarray(shape).resize((wide, high), Image.Resampling.BOX))
        if self.random.random() < 0.5:
            least = self.random.uniform(0.25, 0.6) * small.max()
            small = np.where(small > least, np.float32(1), np.float32(0))
        return np.clip(np.asarray(Image.fromarray(small).resize(shape.shape[::-1], Image.Resampling.BICUBIC)), 0, 1)

    def broken(self, shape: Ink) -> Ink:
        """With a gap where the pen did not write."""
        angle, wide = self.random.uniform(0, np.pi), self.random.uniform(0.02, 0.07) * len(shape)
        y, x = np.mgrid[: shape.shape[0], : shape.shape[1]]
        place = np.array(shape.shape) * self.random.uniform(0.2, 0.8, 2)
        apart = np.abs((y - place[0]) * np.cos(angle) + (x - place[1]) * np.sin(angle))
        left = np.where(apart > wide, shape, 0).astype(np.float32)
        return pictures.cut(left) if left.sum() > 0.85 * shape.sum() else shape

    def digit(self) -> Made | None:
        if self.random.random() < 0.7:
            shape, label = self.row_drawn()
            is_drawn = self.random.random() < 0.14
            if is_drawn:
                shape, label = drawn_digit(self.random)
            shape = distorted(shape, self.random) if is_drawn or self.random.random() < 0.4 else shape
            return Made(self.broken(shape) if self.random.random() < 0.1 else shape, label=label)
        label = int(self.random.integers(10))
        made = self.typed(str(label))
        return made and made._replace(label=label)

    def sign(self) -> Made | None:
        if self.random.random() < 0.4:
            return Made(*drawn_sign(self.random), False)
        sign = str(self.random.choice(list(SIGNS if self.random.random() < 0.5 else _BETWEEN_DIGITS)))
        made = self.typed(sign)
        return made and made._replace(may_be_alone=sign not in _ONLY_IN_A_LINE)

    def letter(self) -> Made | None:
        if self.random.random() < 0.25:
            made = Made(*drawn_letter(self.random))
            return made._replace(ink=distorted(made.ink, self.random))
        letter = LETTERS[self.random.integers(len(LETTERS))]
        if letter in _LIKE_A_DIGIT and self.random.random() < 0.75:
            return None
        made = self.typed(letter)
        return made and made._replace(may_be_alone=letter not in _ONLY_IN_A_LINE)

    def word(self) -> Made | None:
        letters = list(string.ascii_lowercase)
        return self.typed("".join(self.random.choice(letters, self.random.integers(2, 5))))

    def half(self) -> Made | None:
        side = self.random.random()
        if side < 0.25:  # above or below a gap, as of a five whose bar stands apart
            made = Made(self.row_drawn("235689")[0])
            cut = int(len(made.ink) * self.random.uniform(0.2, 0.65))
            part = np.arange(len(made.ink))[:, None] >= cut
            return self.placed(made, np.where(part if self.random.random() < 0.7 else ~part, made.ink, 0))
        # The right half of an eight is a three, of a four a one: only those that are no digit are shown.
        is_left = side < 0.7
        return self.side(Made(self.row_drawn("0235689" if is_left else "026")[0]), is_left)

    def torn(self) -> Made | None:
        """A part of a letter or a sign, as it is cut where several digits might touch."""
        made = self.typed(str(self.random.choice(list("ABCDEFGHKMNPQRSTUVWXYZabdeghkmnpqrwy#%&@$€+=*"))))
        return made and self.side(made, self.random.random() < 0.5)

    def stroke(self) -> Made | None:
        """One of the strokes that a sign is made of, as it is found where they do not touch."""
        made = self.typed(str(self.random.choice(list("%%%?!=:i"))))
        if made is None:
            return None
        numbers, count = ndimage.label(made.ink > 0.3)
        kept = np.where(numbers == self.random.integers(1, count + 1), made.ink, 0)
        return self.placed(made, kept[:, kept.any(axis=0)])

    def side(self, made: Made, is_left: bool) -> Made | None:
        """What is left or right of a cut through the middle, if it is more than a stroke."""
        shape = made.ink
        cut = int(shape.shape[1] * self.random.uniform(0.35, 0.65))
        side = shape[:, :cut] if is_left else shape[:, cut:]
        if side.shape[1] < 0.28 * len(shape) or side.max() < 0.5:
            return None
        return self.placed(made, side)

    def placed(self, made: Made, part: Ink) -> Made:
        """A part of a shape, as high in its line as it stands in it."""
        rows = np.flatnonzero(part.max(axis=1) > 0.3)
        share = made.height / len(made.ink)
        middle = made.offset + ((rows[0] + rows[-1] + 1) / 2 - len(made.ink) / 2) * share
        return Made(pictures.cut(part), (rows[-1] + 1 - rows[0]) * share, middle, False)

    def pair(self) -> Made:
        """Two digits that touch, or one and a part of another one."""
        one, other = self.row_drawn()[0], self.row_drawn()[0]
        if self.random.random() < 0.4:
            other = pictures.cut(other[:, : max(6, int(other.shape[1] * self.random.uniform(0.4, 0.9)))])
        if self.random.random() < 0.3:
            one, other = other, one
        joined = np.zeros((max(len(one), len(other)), one.shape[1] + other.shape[1]), np.float32)
        lap = int(self.random.integers(0, 7))
        joined[: len(one), : one.shape[1]] = one
        spot = joined[: len(other), max(0, one.shape[1] - lap) :][:, : other.shape[1]]
        np.maximum(spot, other[:, : spot.shape[1]], out=spot)
        return Made(pictures.cut(joined))

    def tangle(self, side: int = 120) -> Made:
        """A scribble or a doodle with some pen, on a sheet of so many pixels a side."""
        random = self.random
        canvas = Image.new("L", (side, side), 0)
        corners = side * (0.08 + 0.84 * (pictures.tangle if random.random() < 0.6 else doodle)(random))
        width = max(1, round(side * np.exp(random.uniform(np.log(0.008), np.log(0.07)))))
        ImageDraw.Draw(canvas).line([tuple(corner) for corner in corners], fill=255, width=width, joint="curve")
        return Made(pictures.cut(np.asarray(canvas, np.float32) / 255), random.uniform(0.8, 1.6))

    def scribble(self) -> Made:
        random, side = self.random, 120
        canvas = Image.new("L", (side, side), 0)
        pen, width = ImageDraw.Draw(canvas), int(random.integers(2, 8))
        kind = random.integers(7)
        low, high = random.uniform(5, 40, 2), random.uniform(75, 115, 2)
        box = (low[0], low[1], high[0], high[1])
        if kind == 0:
            pen.rectangle(box, outline=255, width=width)
        elif kind == 1:
            (pen.ellipse if random.random() < 0.5 else pen.rectangle)(box, fill=255)
        elif kind == 2:  # a digit in a ring
            pen.ellipse((3, 3, 117, 117), outline=255, width=width)
            inner = pictures.stroke(self.row()[0], 60, random, 0.3)
            left, top = (side - inner.shape[1]) // 2, 30
            canvas.paste(Image.fromarray((inner * 255).astype(np.uint8)), (left, top))
        elif kind == 3:
            noise = ndimage.gaussian_filter(random.normal(0, 1, (side, side)), random.uniform(2, 10))
            return Made(pictures.cut((noise > np.quantile(noise, random.uniform(0.5, 0.9))).astype(np.float32)))
        else:
            return self.tangle(int(random.integers(40, 160)))
        return Made(pictures.cut(np.asarray(canvas, np.float32) / 255), random.uniform(0.8, 1.6))


Stream = Callable[[Samples], Iterator[tuple[NDArray[np.uint8], int]]]


def gathered(stream: Stream, samples: Samples, count: int, seed: int) -> Views:
    """Views, uint8 `(count, 28, 28)`, and the label of each, `photos.MARK` for what is no digit."""
    randoms = [np.random.default_rng([seed, part]) for part in range(_PARTS)]
    jobs = [(stream, replace(samples, random=random), count // _PARTS) for random in randoms]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        views, labels = zip(*pool.map(_some, jobs), strict=True)
    return np.concatenate(views), np.concatenate(labels)


def _some(job: tuple[Stream, Samples, int]) -> Views:
    stream, samples, count = job
    views, labels = zip(*itertools.islice(stream(samples), count), strict=True)
    return np.stack(views), np.array(labels, np.uint8)


def shifted(views: NDArray[np.uint8], random: Random) -> NDArray[np.uint8]:
    """Each view as it is, or a pixel to any side."""
    moved, parts = views.copy(), random.integers(0, 9, len(views))
    for part in range(1, 9):
        moved[parts == part] = np.roll(views[parts == part], (part % 3 - 1, part // 3 - 1), (1, 2))
    return moved


def network() -> Any:
    """A Keras network of four convolutions and two dense layers, with ReLU between."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    keras.config.set_dtype_policy("mixed_bfloat16")  # half the time
    return keras.Sequential(
        [
            keras.Input((28, 28, 1), dtype="uint8"),
            layers.Rescaling(1 / 255),
            layers.Conv2D(16, 5, 2, "same", activation="relu"),
            layers.Conv2D(32, 3, 1, "same", activation="relu"),
            layers.Conv2D(64, 3, 2, "same", activation="relu"),
            layers.Conv2D(128, 3, 2, "same", activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(64, activation="relu"),
            layers.Dense(photos.MARK + 1, activation="softmax", dtype="float32"),
        ]
    )


def train(model: Any, views: NDArray[np.uint8], labels: NDArray[np.uint8], epochs: int, random: Random) -> None:
    """Teaches a network; in each epoch the views are shifted anew."""
    import keras

    steps = epochs * -(-len(views) // _BATCH)
    falling = keras.optimizers.schedules.CosineDecay(
        _RATE / 20, steps - steps // 10, warmup_target=_RATE, warmup_steps=steps // 10
    )
    model.compile(keras.optimizers.AdamW(falling), "sparse_categorical_crossentropy", steps_per_execution=16)
    for epoch in range(epochs):
        model.fit(shifted(views, random)[..., None], labels, _BATCH, epoch + 1, initial_epoch=epoch, verbose=2)


def packed(model: Any) -> list[dict[str, object]]:
    """JSON-like: of each layer shape, stride, int8 weights with a scale for each output, and float32 biases."""
    layers: list[dict[str, object]] = []
    for layer in model.layers:
        if not layer.weights:
            continue
        kernel, bias = layer.get_weights()
        scales = np.abs(kernel).max(axis=tuple(range(kernel.ndim - 1))) / 127
        integers = (kernel / scales).round().astype(np.int8)
        parts = {"kernel": integers, "scales": scales.astype("<f4"), "bias": bias.astype("<f4")}
        texts = {name: base64.b64encode(part.tobytes()).decode() for name, part in parts.items()}
        layers.append({**texts, "shape": list(kernel.shape), "stride": getattr(layer, "strides", [1])[0]})
    return layers


def main() -> None:
    """Makes samples, trains, writes, and judges by rows and fonts that the network has not seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fonts", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--count", type=int, default=1_200_000)
    parser.add_argument("--candidates", type=int, default=600_000)
    parser.add_argument("--epochs", type=int, default=9)
    parser.add_argument("--seed", type=int, default=20261128)
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    import candidates  # which makes its lines of what is made here

    source, unseen = held_out.load(options.data)
    printed = Path(matplotlib.get_data_path()) / "fonts/ttf"
    handwriting = sorted(options.fonts.glob("*.[wt][ot]f*"))
    shown = [printed / "DejaVuSans.ttf", printed / "DejaVuSerif.ttf"]
    shown += [path for path in handwriting if path.stem not in KEPT_OUT]
    samples, model = Samples(source.train, shown, random), network()
    alone = gathered(Samples.stream, samples, options.count, options.seed)
    found = gathered(candidates.stream, samples, options.candidates, options.seed + 1)
    views, labels = (np.concatenate(both) for both in zip(alone, found, strict=True))
    train(model, views, labels, options.epochs, random)
    layers = packed(model)
    (Path(photos.__file__).parent / "marks.json").write_text(json.dumps(layers, separators=(",", ":")) + "\n")
    hidden = Samples(unseen, [path for path in handwriting if path.stem in KEPT_OUT], random)
    print(judged(*gathered(Samples.stream, hidden, _JUDGED, options.seed + 2)), flush=True)


def judged(views: NDArray[np.uint8], labels: NDArray[np.uint8]) -> str:
    """How well the network in the package knows digits, and tells other marks from them."""
    said, are_digits = photos.mark_probabilities(views), labels != photos.MARK
    are_right = said.argmax(axis=1)[are_digits] == labels[are_digits]
    lines = [f"{are_right.mean():.4f} of digits known"]
    for least in (0.1, 0.3, 0.5, 0.7, 0.9):
        kept, passed = ((1 - said[those, photos.MARK] >= least).mean() for those in (are_digits, ~are_digits))
        lines.append(f"at {least}: {kept:.4f} of digits kept, {passed:.4f} of other marks taken for digits")
    return "\n".join(lines)


if __name__ == "__main__":
    main()

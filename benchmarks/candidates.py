"""What the photo treatment finds in written lines, each with the digit that it is, or told to be none.

Lines of digits of train.csv and of fonts, with signs, letters and words of marks.py among them, near, far, touching, of
13 to 64 pixels; made a picture, with a pen, paper, blur, noise and a slight turn; and taken apart as any picture is. A
candidate is a digit where nearly all its ink is one digit's and nearly all of that digit; it is none where it is a
sign, a part of a digit, or several digits in one. Some sheets have nothing but a scribble, a word, a letter or a sign.
"""

from collections.abc import Iterator
from typing import Any

import marks
import numpy as np
import pictures
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from kaggle_digits import photos

Random = np.random.Generator
Ink = NDArray[np.float32]

_SMALLEST, _LARGEST, _CLOSE = 13, 64, 40  # pixels of a digit's height; lower ones stand in more lines
_WHOLE, _PART = 0.9, 0.75  # of a candidate's or a digit's ink; between the two, nobody can tell
_SIGN = 0.8  # of a candidate's ink, that is a sign's
_ALONE = 0.4  # of all sheets
_COARSE = 0.12  # of the digits of train.csv
_SIGNS = 4  # of a line, that are shown; of parts and of several in one, one and for every third digit one more


def _digit(samples: marks.Samples) -> marks.Made:
    """As a hand writes it in a line."""
    random = samples.random
    while random.random() < 0.25:
        label = int(random.integers(10))
        if made := samples.typed(str(label)):
            return made._replace(height=1.0, offset=0.0, label=label)
    row, label = samples.row()
    shape = pictures.stroke(row, 48, random, random.uniform(-1.1, 1.0))
    if random.random() < 0.12:
        shape, label = marks.drawn_digit(random)
    if random.random() < 0.35:
        shape = marks.distorted(shape, random)
    if random.random() < _COARSE:
        shape = samples.coarse(samples.squared(shape) if random.random() < 0.5 else shape)
    if 1.6 * len(shape) < shape.shape[1]:
        return marks.Made(shape, 0.5, label=label)
    return marks.Made(shape, label=label)


def _other(samples: marks.Samples) -> marks.Made:
    while True:
        chance = samples.random.random()
        makers = ((0.55, samples.sign), (0.83, samples.letter), (0.92, samples.word), (1, samples.tangle))
        made = next(make for below, make in makers if chance < below)()
        if made is not None:
            return made


def _sheet(samples: marks.Samples) -> tuple[Ink, NDArray[np.int32], list[int], int]:
    """Lines of ink; the number of what every pixel belongs to, 0 for paper; each number's label; a digit's height."""
    random, labels = samples.random, [photos.MARK]
    height = int(np.exp(random.uniform(np.log(_SMALLEST), np.log(_LARGEST))))
    lines = int(random.integers(1, 7 if height < _CLOSE else 3))
    signs, touching = random.choice((0.0, 0.0, 0.15, 0.35)), random.choice((0.0, 0.06, 0.35))
    ink = np.zeros((int(height * (2.5 + 1.8 * lines)), 40 * height), np.float32)
    owners = np.zeros(ink.shape, np.int32)
    for line in range(lines):
        left = int(random.integers(height // 2, height + 1))
        for _ in range(random.integers(1, 9)):
            made = _other(samples) if random.random() < signs else _digit(samples)
            high = max(2, round(height * made.height * random.uniform(0.9, 1.1)))
            wide = max(2, round(high * made.ink.shape[1] / made.ink.shape[0]))
            how = Image.Resampling.BOX if high < len(made.ink) else Image.Resampling.BILINEAR
            shape = np.asarray(Image.fromarray(np.ascontiguousarray(made.ink)).resize((wide, high), how))
            middle = height * (1.5 + 1.8 * line + made.offset + random.uniform(-0.06, 0.06))
            top = max(0, round(middle - high / 2))
            place = np.s_[top : top + high, left : left + wide]
            shape = shape[: ink[place].shape[0], : ink[place].shape[1]]
            owners[place][(shape > 0.3) & (shape >= ink[place])] = len(labels)
            np.maximum(ink[place], shape, out=ink[place])
            labels.append(made.label)
            apart = random.uniform(-0.06, 0.03) if random.random() < touching else random.uniform(0.05, 0.5)
            if random.random() < 0.1:
                apart = random.uniform(0.9, 2)
            left += max(1, round(wide + apart * height))
    used = int(np.flatnonzero(owners.any(axis=0))[-1]) + height
    return ink[:, :used], owners[:, :used], labels, height


def _picture(ink: Ink, random: Random, blur: float) -> NDArray[np.uint8]:
    """Of some pen on grey paper, blurred and noisy."""
    soft = ndimage.gaussian_filter(ink, blur)
    if random.random() < 0.2:
        soft = (soft > random.uniform(0.25, 0.6)).astype(np.float32)
    dark = random.uniform(0.35, 1) if random.random() < 0.5 else 1.0
    noise = random.uniform(0, 7) if random.random() < 0.6 else 0.0
    pixels = random.uniform(190, 255) * (1 - dark * soft.clip(0, 1)) + random.normal(0, noise, ink.shape)
    return pixels.round().clip(0, 255).astype(np.uint8)


def stream(samples: marks.Samples) -> Iterator[tuple[NDArray[np.uint8], int]]:
    """Views, each with its label, of sheet after sheet."""
    while True:
        yield from _alone(samples) if samples.random.random() < _ALONE else _views(samples)


def _alone(samples: marks.Samples) -> Iterator[tuple[NDArray[np.uint8], int]]:
    """Of a scribble, a word, a letter or a sign: whatever a picture of it could be taken for is no digit."""
    random, height = samples.random, int(samples.random.integers(20, 120))
    if random.random() < 0.7:
        ink = samples.tangle(2 * height).ink
    else:
        made = next(each for each in iter(lambda: _other(samples), None) if each.may_be_alone)
        high = max(2, round(height * made.height))
        wide = max(2, round(high * made.ink.shape[1] / made.ink.shape[0]))
        ink = np.asarray(Image.fromarray(np.ascontiguousarray(made.ink)).resize((wide, high)))
    sheet = np.pad(ink, int(len(ink) * random.uniform(0.1, 0.8)) + 3)
    picture = _picture(sheet, random, min(height, 80) / 60 * random.uniform(0.2, 1.6))
    layout = photos.look(picture).layout(plain=random.random() < 0.7)
    inked = np.flatnonzero(layout.images.any(axis=(1, 2)))
    for place in random.permutation(inked)[:_SIGNS]:
        yield layout.views[place], photos.MARK


def _views(samples: marks.Samples) -> Iterator[tuple[NDArray[np.uint8], int]]:
    """Of one sheet, some candidates as the network sees them, each with its label."""
    random = samples.random
    ink, owners, labels, height = _sheet(samples)
    if random.random() < 0.5:
        angle = random.normal(0, 4)
        ink = np.asarray(Image.fromarray(ink).rotate(angle, Image.Resampling.BICUBIC, expand=True))
        owners = np.asarray(Image.fromarray(owners).rotate(angle, Image.Resampling.NEAREST, expand=True))
    picture = _picture(np.clip(ink, 0, 1), random, height / 60 * random.uniform(0.2, 1.6))
    writing = photos.look(picture)
    if not writing.lines or not owners.any():
        return
    layout, counts = writing.layout(), _counts(writing, owners, len(labels))
    totals = np.maximum(sum(each.sum(axis=0) for each in counts), 1)
    for line, slices in enumerate(counts):
        kinds: dict[str, list[tuple[int, int]]] = {"digit": [], "sign": [], "part": [], "several": []}
        for place, span in enumerate(layout.spans):
            ink_of = slices[span.first : span.after].sum(axis=0)
            if span.line != line or not ink_of.any() or not layout.images[place].any():
                continue
            most = int(ink_of.argmax())
            own, whole = ink_of[most] / ink_of.sum(), ink_of[most] / totals[most]
            if labels[most] == photos.MARK and own > _SIGN:
                kinds["sign"].append((place, photos.MARK))
            elif own >= _WHOLE and whole >= _WHOLE:
                kinds["digit"].append((place, labels[most]))
            elif own < _PART:
                kinds["several"].append((place, photos.MARK))
            elif whole < _PART:
                kinds["part"].append((place, photos.MARK))
        few = 1 + len(kinds["digit"]) // 3
        for kind, shown in {"digit": len(layout.spans), "sign": _SIGNS, "part": few, "several": few}.items():
            for at in random.permutation(len(kinds[kind]))[:shown]:
                place, label = kinds[kind][at]
                yield layout.views[place], label


def _counts(writing: photos.Writing, owners: NDArray[np.int32], count: int) -> list[NDArray[np.int64]]:
    """Of every line, int64 `(slices, count)`: how many pixels of each slice belong to each number."""
    nearest = ndimage.distance_transform_edt(owners == 0, return_distances=False, return_indices=True)
    rows, columns = np.nonzero(writing.owners > 0)
    x, y = (writing.matrix @ np.stack([columns + 0.5, rows + 0.5, np.ones(len(rows))])).astype(np.intp)
    whose = np.zeros(writing.owners.shape, np.int32)
    height, width = owners.shape
    whose[rows, columns] = owners[tuple(nearest)][y.clip(0, height - 1), x.clip(0, width - 1)]

    def counted(each: Any) -> NDArray[np.int64]:
        window = np.s_[each.piece.box[1] : each.piece.box[3], each.left : each.right]
        return np.bincount(whose[window][writing.owners[window] == each.piece.number], minlength=count)

    return [np.stack([counted(each) for each in line]) for line in writing.lines]

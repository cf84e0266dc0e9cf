"""Trains the small network that tells a digit from any other mark, and writes it into the package.

    npm pack @fontsource/{caveat-brush,handlee,...}       # handwriting, as *.woff into the folder fonts
    python benchmarks/marks.py --fonts fonts [--data data] [--count 60000]

A digit is a row of train.csv that is not among the held-out ones of held_out.py, or a font's, drawn with another pen,
stretched, and brought to MNIST's form as the photo treatment does it. Another mark is a sign or a letter of the same
fonts, a sign drawn with a few strokes, a half of a digit, two digits that touch, a word, a scribble, a frame, a blot.
The network sees each as large as it is in its line, and as high above or below the line's middle as it stands there:
by that alone a comma differs from a one. What is in fonts of which benchmarks/own_images.py makes its pictures is not
shown to it.
"""

import argparse
import base64
import json
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

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

KEPT_OUT = ("caveat", "kalam", "patrick-hand")
"""Fonts that no sample is made of, but the pictures of benchmarks/own_images.py."""

SIGNS = ".,:;-+/=()*%?!'\"_~<>#&$€@\\[]{}^°\u00d7÷"
LETTERS = "".join(sorted(set(string.ascii_letters) - set("OIl")))
_LIKE_A_DIGIT = "SZBszbD"  # shown less often, since nobody can tell them from digits
_ONLY_IN_A_LINE = "/\\()[]{}!'oszxcvunmwear"  # alone, as large as a digit, they could be one, or some other letter
_HEIGHT = 48  # pixels at which shapes are made
DIGITS_WEIGH = 4.0  # times as much as other marks: most of what is in a picture of digits are digits


def distorted(shape: Ink, random: Random) -> Ink:
    """Bent, leaned and turned a little, as another hand would draw it."""
    shape = np.pad(shape, int(0.35 * max(shape.shape)) + 4)
    side = max(shape.shape)
    moves = [ndimage.gaussian_filter(random.normal(0, 1, shape.shape), side / 9) for _ in range(2)]
    moves = [move / (np.abs(move).max() + 1e-6) * random.uniform(0, 0.045) * side for move in moves]
    angle, lean = np.radians(random.normal(0, 5)), random.normal(0, 0.12)
    y, x = np.mgrid[: shape.shape[0], : shape.shape[1]].astype(np.float32)
    middle = [(size - 1) / 2 for size in shape.shape]
    y, x = y - middle[0], x - middle[1]
    down = np.cos(angle) * y + np.sin(angle) * x + middle[0] + moves[0]
    across = np.cos(angle) * x - np.sin(angle) * y + lean * y + middle[1] + moves[1]
    return pictures.cut(ndimage.map_coordinates(shape, [down, across], order=1).astype(np.float32))


@cache
def face(path: Path, size: int = 96) -> tuple[ImageFont.FreeTypeFont, float, float]:
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


def drawn_sign(random: Random) -> tuple[Ink, float, float]:
    """A sign of a few strokes: slash, dash, dot, comma, bracket, plus, times, equals, tick, bar."""
    height, pen = 60, int(random.integers(3, 10))
    canvas = Image.new("L", (240, 240), 0)
    draw = ImageDraw.Draw(canvas)
    middle, at = 120, 120

    def line(*points: tuple[float, float]) -> None:
        places = [(at + x * height, middle + y * height) for x, y in points]
        draw.line(places, fill=255, width=pen, joint="curve")
        for x, y in (places[0], places[-1]):
            draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=255)

    kind = random.integers(10)
    wide, high = random.uniform(0.2, 0.5), random.uniform(0.55, 0.85)
    if kind in (0, 1):  # a slash leans and is at least as high as a digit
        line((wide, -high), (-wide, high + random.uniform(-0.1, 0.15)))
    elif kind == 2:
        line((-wide, random.uniform(-0.15, 0.2)), (wide, random.uniform(-0.15, 0.2)))
    elif kind == 3:
        line((0, 0.45), (random.uniform(-0.04, 0.04), 0.48))
    elif kind == 4:
        line((0.05, 0.42), (-0.05, random.uniform(0.55, 0.8)))
    elif kind == 5:
        side = random.choice((-1, 1))
        line((0, -high), (side * 0.18, -high / 2), (side * 0.22, 0), (side * 0.18, high / 2), (0, high))
    elif kind == 6:
        line((-wide, 0), (wide, 0))
        line((0, -wide), (0, wide))
    elif kind == 7:
        line((-wide, -wide), (wide, wide))
        line((-wide, wide), (wide, -wide))
    elif kind == 8:
        line((-wide, -0.12), (wide, -0.14))
        line((-wide, 0.12), (wide, 0.12))
    else:
        line((-wide, 0), (-wide / 3, wide), (wide, -high))
    shape = np.asarray(canvas, np.float32) / 255
    rows = np.flatnonzero(shape.any(axis=1))
    return pictures.cut(shape), (rows[-1] + 1 - rows[0]) / height, ((rows[0] + rows[-1] + 1) / 2 - middle) / height


class Samples:
    """Makes digits and other marks.

    Args:
        digits: labelled images of digits.
        fonts: whose signs and letters are taken.
        random: where all chance comes from.
    """

    def __init__(self, digits: Digits, fonts: list[Path], random: Random) -> None:
        self.digits, self.fonts, self.random = digits, fonts, random

    def stream(self) -> Iterator[tuple[NDArray[np.uint8], float, float, bool]]:
        """Image, size in the line, offset in the line, whether it is a digit."""
        makers = (self.digit, self.sign, self.letter, self.word, self.half, self.pair, self.scribble)
        shares = np.array((0.5, 0.16, 0.14, 0.04, 0.06, 0.05, 0.05))
        while True:
            place = int(self.random.choice(len(makers), p=shares))
            made = makers[place]()
            if made is None:
                continue
            shape, height, offset, may_be_alone = made
            soft = ndimage.gaussian_filter(np.pad(shape, 4), self.random.uniform(0.2, 1.3) * len(shape) / 60)
            image = photos.as_mnist(soft / soft.max())
            if may_be_alone and self.random.random() < 0.25:
                height, offset = 1.0, 0.0
            else:
                height *= np.exp(self.random.normal(0, 0.1))
                offset += self.random.normal(0, 0.06)
            size = height * max(1.0, shape.shape[1] / shape.shape[0])
            yield image, float(size), float(offset), place == 0

    def row(self, labels: str = string.digits) -> NDArray[np.uint8]:
        """A digit with one of these labels."""
        while True:
            place = self.random.integers(len(self.digits))
            if str(self.digits.known_labels[place]) in labels:
                return self.digits.images[place]

    def font(self) -> Path:
        return self.fonts[self.random.integers(len(self.fonts))]

    def drawn(self, labels: str = string.digits) -> Ink:
        shape = pictures.stroke(self.row(labels), _HEIGHT, self.random, self.random.uniform(-0.8, 0.9))
        if self.random.random() < 0.3:
            wider = max(4, round(shape.shape[1] * np.exp(self.random.normal(0, 0.35))))
            shape = np.asarray(Image.fromarray(shape).resize((wider, len(shape)), Image.Resampling.BILINEAR))
        return self.coarse(shape) if self.random.random() < 0.2 else shape

    def coarse(self, shape: Ink) -> Ink:
        """In few pixels, as forms, scanners and small screens have it; every other one as wide as high."""
        high = int(self.random.integers(10, 17))
        square = self.random.random() < 0.5
        wide = high * self.random.uniform(0.7, 1.1) if square else high * shape.shape[1] / len(shape)
        small = np.asarray(Image.fromarray(shape).resize((max(3, round(wide)), high), Image.Resampling.BOX))
        if self.random.random() < 0.5:
            small = np.where(small > self.random.uniform(0.3, 0.6), np.float32(1), np.float32(0))
        size = round(_HEIGHT * small.shape[1] / high), _HEIGHT
        return np.clip(np.asarray(Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)), 0, 1)

    def digit(self) -> tuple[Ink, float, float, bool] | None:
        if self.random.random() < 0.75:
            shape = self.drawn()
            return (distorted(shape, self.random) if self.random.random() < 0.4 else shape), 1.0, 0.0, True
        found = written(self.font(), string.digits[self.random.integers(10)])
        return found and (distorted(widened(found[0], self.random), self.random), found[1], found[2], True)

    def sign(self) -> tuple[Ink, float, float, bool] | None:
        if self.random.random() < 0.4:
            return *drawn_sign(self.random), False
        sign = SIGNS[self.random.integers(len(SIGNS))]
        found = written(self.font(), sign)
        alone = sign not in _ONLY_IN_A_LINE
        return found and (distorted(widened(found[0], self.random), self.random), found[1], found[2], alone)

    def letter(self) -> tuple[Ink, float, float, bool] | None:
        letter = LETTERS[self.random.integers(len(LETTERS))]
        if letter in _LIKE_A_DIGIT and self.random.random() < 0.75:
            return None
        found = written(self.font(), letter)
        alone = letter not in _ONLY_IN_A_LINE
        return found and (distorted(widened(found[0], self.random), self.random), found[1], found[2], alone)

    def word(self) -> tuple[Ink, float, float, bool] | None:
        letters = list(string.ascii_lowercase)
        found = written(self.font(), "".join(self.random.choice(letters, self.random.integers(2, 5))))
        return found and (distorted(widened(found[0], self.random), self.random), found[1], found[2], True)

    def half(self) -> tuple[Ink, float, float, bool] | None:
        is_left = self.random.random() < 0.6
        # The right half of an eight is a three, of a four a one: only those that are no digit are shown.
        shape = self.drawn("0235689" if is_left else "026")
        cut = int(shape.shape[1] * self.random.uniform(0.35, 0.65))
        side = shape[:, :cut] if is_left else shape[:, cut:]
        if side.shape[1] < 0.28 * len(shape) or side.max() < 0.5:
            return None
        rows = np.flatnonzero(side.max(axis=1) > 0.3)
        middle = (rows[0] + rows[-1] + 1) / 2 - len(shape) / 2
        return pictures.cut(side), (rows[-1] + 1 - rows[0]) / len(shape), middle / len(shape), False

    def pair(self) -> tuple[Ink, float, float, bool] | None:
        one, other = self.drawn(), self.drawn()
        joined = np.zeros((max(len(one), len(other)), one.shape[1] + other.shape[1]), np.float32)
        lap = int(self.random.integers(0, 7))
        joined[: len(one), : one.shape[1]] = one
        spot = joined[: len(other), one.shape[1] - lap :][:, : other.shape[1]]
        np.maximum(spot, other[:, : spot.shape[1]], out=spot)
        return pictures.cut(joined), 1.0, 0.0, True

    def scribble(self) -> tuple[Ink, float, float, bool]:
        random, side = self.random, 120
        canvas = Image.new("L", (side, side), 0)
        pen, width = ImageDraw.Draw(canvas), int(random.integers(2, 8))
        kind = random.integers(5)
        low, high = random.uniform(5, 40, 2), random.uniform(75, 115, 2)
        box = (low[0], low[1], high[0], high[1])
        if kind == 0:
            pen.rectangle(box, outline=255, width=width)
        elif kind == 1:
            (pen.ellipse if random.random() < 0.5 else pen.rectangle)(box, fill=255)
        elif kind == 2:  # a digit in a ring
            pen.ellipse((3, 3, 117, 117), outline=255, width=width)
            inner = pictures.stroke(self.row(), 60, random, 0.3)
            left, top = (side - inner.shape[1]) // 2, 30
            canvas.paste(Image.fromarray((inner * 255).astype(np.uint8)), (left, top))
        elif kind == 3:
            noise = ndimage.gaussian_filter(random.normal(0, 1, (side, side)), random.uniform(2, 10))
            return (
                pictures.cut((noise > np.quantile(noise, random.uniform(0.5, 0.9))).astype(np.float32)),
                1.0,
                0.0,
                True,
            )
        else:
            points = pictures.tangle(random)
            pen.line([tuple(point) for point in 10 + 100 * points], fill=255, width=width, joint="curve")
        return pictures.cut(np.asarray(canvas, np.float32) / 255), random.uniform(0.8, 1.6), 0.0, True


def gathered(samples: Samples, count: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Views, uint8 `(count, 28, 28)`, and whether each is a digit, 1 or 0."""
    views, truths = [], []
    for image, size, offset, is_digit in samples.stream():
        views.append(photos.in_line(image, size, offset))
        truths.append(is_digit)
        if len(views) == count:
            return np.stack(views), np.array(truths, np.float32)
    raise AssertionError


def train(views: NDArray[np.float32], truths: NDArray[np.float32], epochs: int) -> list[NDArray[np.float32]]:
    """The weights of a network of three convolutions and two dense layers."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    steps = epochs * -(-len(views) // 128)
    weighing = {0: 1.0, 1: DIGITS_WEIGH}
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 5, 2, "same", activation="relu"),
            layers.Conv2D(32, 3, 2, "same", activation="relu"),
            layers.Conv2D(48, 3, 2, "same", activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(32, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(3e-3, steps)), "binary_crossentropy")
    model.fit(views[..., None], truths, 128, epochs, verbose=2, class_weight=weighing)
    return [np.asarray(weights, np.float32) for weights in model.get_weights()]


def packed(weights: list[NDArray[np.float32]]) -> list[dict[str, object]]:
    """JSON-like: of each layer its shape, and int8 weights with a scale for each output, and float32 biases."""
    layers: list[dict[str, object]] = []
    for kernel, bias in zip(weights[::2], weights[1::2], strict=True):
        scales = np.abs(kernel).max(axis=tuple(range(kernel.ndim - 1))) / 127
        integers = (kernel / scales).round().astype(np.int8)
        texts = (
            base64.b64encode(part.tobytes()).decode() for part in (integers, scales.astype("<f4"), bias.astype("<f4"))
        )
        layers.append(dict(zip(("kernel", "scales", "bias"), texts, strict=True)) | {"shape": list(kernel.shape)})
    return layers


def main() -> None:
    """Makes samples, trains, measures, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fonts", type=Path)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--count", type=int, default=60_000)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--samples", type=Path, nargs="*", default=[], help="files of samples made before")
    parser.add_argument("--make", type=Path, help="only make samples, and write them here")
    parser.add_argument("--seed", type=int, default=20261127)
    options = parser.parse_args()
    if options.samples:
        kept = [np.load(path) for path in options.samples]
        views, truths = (np.concatenate([each[name] for each in kept]) for name in ("views", "truths"))
    else:
        source, _ = held_out.load(options.data)
        printed = Path(matplotlib.get_data_path()) / "fonts/ttf"
        fonts = [printed / "DejaVuSans.ttf", printed / "DejaVuSerif.ttf"]
        fonts += [path for path in sorted(options.fonts.glob("*.[wt][ot]f*")) if path.stem not in KEPT_OUT]
        samples = Samples(source.train, fonts, np.random.default_rng(options.seed))
        views, truths = gathered(samples, options.count)
    if options.make:
        np.savez_compressed(options.make, views=views, truths=truths)
        return
    views = views.astype(np.float32) / 255
    judged = len(views) // 10
    weights = train(views[judged:], truths[judged:], options.epochs)
    layers = packed(weights)
    (Path(photos.__file__).parent / "marks.json").write_text(json.dumps(layers, separators=(",", ":")) + "\n")
    shares = photos.digit_probabilities((views[:judged] * 255).round().astype(np.uint8))
    for least in (0.1, 0.3, 0.5, 0.7, 0.9):
        said = shares >= least
        kept, passed = said[truths[:judged] == 1].mean(), said[truths[:judged] == 0].mean()
        print(f"at {least}: {kept:.4f} of digits kept, {passed:.4f} of other marks taken for digits", flush=True)


if __name__ == "__main__":
    main()

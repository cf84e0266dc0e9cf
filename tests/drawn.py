"""Pictures that several test files share."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw


def nine_in_chalk() -> NDArray[np.uint8]:
    """A thick nine on a dark ground, whose loop could be taken for a sheet of paper."""
    image = Image.new("RGB", (400, 300), "#08081e")
    pen = ImageDraw.Draw(image)
    pen.ellipse((130, 20, 240, 140), fill="white")
    pen.ellipse((170, 60, 200, 100), fill="#08081e")
    pen.line([(220, 75), (220, 270)], fill="white", width=40)
    return np.asarray(image)


def zigzag(*lines, count=4, pen=6):
    """Sevens and ones in turn, and lines that touch or cross them."""
    image = Image.new("RGB", (340, 170), "white")
    for place in range(count):
        x = 70 + 60 * place
        stroke = [(x, 50), (x + 30, 50), (x + 12, 110)] if place % 2 else [(x + 8, 48), (x + 6, 112)]
        ImageDraw.Draw(image).line(stroke, fill="black", width=pen, joint="curve")
    for line in lines:
        ImageDraw.Draw(image).line(line, fill="black", width=4, joint="curve")
    return np.asarray(image)


def ringed():
    """Three digits in a ring that touches the first and the last."""
    image = Image.fromarray(zigzag(count=3))
    ImageDraw.Draw(image).ellipse((66, 20, 226, 140), outline="black", width=4)
    return np.asarray(image)


def per_cent() -> NDArray[np.uint8]:
    """A sign whose slash runs around one of its rings."""
    image = Image.new("RGB", (240, 200), "white")
    pen = ImageDraw.Draw(image)
    for box in ((70, 40, 112, 96), (110, 108, 152, 164)):
        pen.ellipse(box, outline="black", width=7)
    pen.line([(60, 170), (160, 34)], fill="black", width=7)
    return np.asarray(image)


BOXES = [[(50, 40), (290, 36), (290, 120), (50, 124), (50, 40)], *([(x, 39), (x, 122)] for x in (110, 170, 230))]


def desk(*, digit=True, light=False):
    """A note on a desk, turned a little."""
    random = np.random.default_rng(3)
    image = Image.fromarray(random.integers(30, 60, (300, 400, 3), np.uint8) + 145 * np.uint8(light))
    note = Image.new("RGBA", (180, 120), "#eeeae0")
    if digit:
        ImageDraw.Draw(note).line([(60, 30), (110, 30), (75, 95)], fill="#203080", width=8, joint="curve")
    note = note.rotate(-9, Image.Resampling.BICUBIC, expand=True)
    image.paste(note, (90, 80), note)
    return np.asarray(image)

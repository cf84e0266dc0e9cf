"""The page's photo treatment, span by span beside the package's."""

import base64
import itertools
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from drawn import BOXES, desk, nine_in_chalk, per_cent, ringed, zigzag
from PIL import Image, ImageDraw

from kaggle_digits import page, photos, sources

NODE = shutil.which("node")


def drawing(*lines, size=(200, 160), width=12, ink="black", paper="white"):
    image = Image.new("RGB", size, paper)
    for line in lines:
        ImageDraw.Draw(image).line(line, fill=ink, width=width, joint="curve")
    return np.asarray(image)


def blot(*beside):
    image = Image.new("RGB", (380, 260), "white")
    ImageDraw.Draw(image).ellipse((60, 40, 240, 220), fill="black")
    for line in beside:
        ImageDraw.Draw(image).line(line, fill="black", width=9)
    return np.asarray(image)


def tilted():
    image = Image.new("RGB", (420, 360), "white")
    for line in range(2):
        for place in range(4):
            x, y = 90 + 60 * place, 120 + 90 * line
            ImageDraw.Draw(image).line([(x, y), (x + 26, y), (x + 6, y + 50)], fill="black", width=7)
    return np.asarray(image.rotate(18, Image.Resampling.BICUBIC, fillcolor="white"))


def lit_page():
    page = np.full((200, 300, 3), 150, np.uint8)
    page[40:160, 130:270] = 176
    image = Image.fromarray(page)
    for x in (50, 90, 160, 210):
        ImageDraw.Draw(image).line([(x, 70), (x + 26, 70), (x + 10, 120)], fill="#202020", width=5, joint="curve")
    return np.asarray(image)


FIVE = [(60, 20), (140, 20)], [(50, 60), (50, 90), (110, 100), (100, 150), (40, 150)]


def pictures():
    """Drawings, digits of every size in a row, light that falls off, noise, rules, and nothing at all."""
    digits = sources.load("sklearn").test.images
    random = np.random.default_rng(5)
    row = np.full((90, 400, 3), 250, np.uint8)
    for place, digit in enumerate(digits[:5]):
        side = 40 + 6 * place
        row[15 : 15 + side, 10 + 76 * place :][:, :side] = 255 - np.asarray(
            Image.fromarray(digit).convert("RGB").resize((side, side))
        )
    lit = row * np.linspace(0.4, 1, 400)[None, :, None]
    noisy = (lit + random.normal(0, 6, row.shape)).clip(0, 255).astype(np.uint8)
    ruled = noisy.copy()
    ruled[12::18] = ruled[12::18] * 0.6
    seven = [(50, 30), (130, 30), (80, 140)]
    touching = drawing(seven, [(140, 30), (128, 140)], [(20, 20), (52, 32)])
    return {
        "drawing": drawing(seven),
        "hair": drawing(seven, width=2),
        "marker": drawing(seven, width=32),
        "chalk": drawing(seven, ink="#dddddd", paper="#203028"),
        "yellow": drawing(seven, ink="#ffe600"),
        "touching": touching,
        "row": row,
        "noisy": noisy,
        "ruled": ruled,
        "small": np.repeat(255 - digits[3][..., None], 3, 2),
        "tiny": noisy[:3, :4],
        "line": noisy[:1],
        "blot": blot(),
        "blot beside a digit": blot([(300, 90), (350, 90), (320, 170)]),
        "block": drawing([(50, 80), (150, 80)], width=100),
        "faint": drawing(seven, ink="#d8d8d8"),
        "faint at the border": drawing([(0, 30), (130, 30), (80, 159)], ink="#d8d8d8"),
        "hatching": drawing(*([(20 + 15 * place, 40), (26 + 15 * place, 120)] for place in range(6)), width=5),
        "ones": drawing(*([(20 + 25 * place, 40), (26 + 25 * place, 120)] for place in range(6)), width=5),
        "signs": drawing(seven, [(150, 135), (153, 138)], [(162, 80), (190, 80)], [(20, 20), (20, 130)], width=9),
        "dotted": drawing([(60, 20), (130, 20), (90, 100)], [(88, 136), (92, 140)], width=9),
        "tilted": tilted(),
        "desk": desk(),
        "desk in the shadow": (desk() * np.where(np.arange(400) < 180, 0.4, 1)[None, :, None]).astype(np.uint8),
        "note without ink": desk(digit=False),
        "boxes": zigzag(*BOXES),
        "boxes that digits touch": zigzag(*BOXES, pen=9)[:, 40:],
        "ring that digits touch": ringed(),
        "line that digits touch": zigzag([(40, 113), (300, 109)], pen=3),
        "line that all digits touch": zigzag([(40, 110), (300, 108)]),
        "per cent": per_cent(),
        "light on a page": lit_page(),
        "struck out": zigzag([(50, 84), (300, 78)]),
        "two struck out": zigzag([(50, 84), (180, 80)], count=2),
        "nine in chalk": nine_in_chalk(),
        "five": drawing(
            [(60, 20), (140, 20)],
            [(50, 60), (50, 90), (110, 100), (100, 150), (40, 150)],
            [(150, 20), (150, 150)],
            width=9,
        ),
        "tiny five": drawing([(5, 2), (13, 2)], [(4, 6), (4, 9), (11, 10), (10, 14), (3, 14)], size=(16, 16), width=1)[
            1:, 3:14
        ],
        "framed": drawing(seven, [(20, 10), (180, 10), (180, 150), (20, 150), (20, 10)], width=6),
        "hard shadow": (drawing(seven) * np.where(np.arange(200) < 70, 0.5, 1)[None, :, None]).astype(np.uint8),
        "underlined": drawing(seven, [(10, 146), (190, 152)], width=6),
        "blank": np.full((60, 80, 3), 255, np.uint8),
        "texture": random.integers(0, 256, (150, 200, 3), np.uint8),
    }


def plain_drawings(count):
    """Shapes of few colours, which leave filters and histograms nothing to work on."""
    random = np.random.default_rng(1)
    colours = ["black", "white", "#010101", "gray", "red", "yellow", "#000080", "#eeeeee"]
    for number in range(count):
        size = tuple(random.integers(1, 150, 2).tolist())
        image = Image.new("RGB", size, colours[random.integers(len(colours))])
        for _ in range(random.integers(0, 4)):
            left, top, right, bottom = random.integers(-5, 155, 4).tolist()
            box = min(left, right), min(top, bottom), max(left, right), max(top, bottom)
            ink, pen = colours[random.integers(len(colours))], ImageDraw.Draw(image)
            how = random.integers(4)
            if how == 0:
                pen.point((left, top), fill=ink)
            elif how == 1:
                pen.line([(left, top), (right, bottom)], fill=ink, width=int(random.integers(1, 20)))
            else:
                (pen.rectangle if how == 2 else pen.ellipse)(box, fill=ink)
        yield f"plain {number}", np.asarray(image)


PICTURES = {**pictures(), **dict(plain_drawings(40))}
QUARTERS = {f"{name}, turned": (name, turns) for name, turns in (("touching", 1), ("tilted", 2), ("desk", 3))}
PICTURES |= {name: PICTURES[of] for name, (of, _) in QUARTERS.items()}


@pytest.fixture(scope="module")
def layouts(tmp_path_factory):
    if NODE is None:
        pytest.skip("Node is not installed")
    folder = tmp_path_factory.mktemp("pictures")
    for name, pixels in PICTURES.items():
        rgb = base64.b64encode(np.ascontiguousarray(pixels).tobytes()).decode()
        picture = {"width": pixels.shape[1], "height": pixels.shape[0], "rgb": rgb}
        picture["quarters"] = quarters(name)
        (folder / f"{name}.json").write_text(json.dumps(picture))
    paths = [folder / f"{name}.json" for name in PICTURES]
    (folder / "engine.js").write_text(page.engine(), encoding="utf-8")
    command = [NODE, Path(__file__).parent / "lay_out.js", folder / "engine.js", *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(zip(PICTURES, map(json.loads, done.stdout.splitlines()), strict=True))


def quarters(name):
    return QUARTERS.get(name, (name, 0))[1]


def expected(name):
    pixels = PICTURES[name]
    if photos.is_ready(pixels, (28, 28)):
        return photos.whole(pixels, 255 - pixels[:, :, 0])
    return photos.turned(photos.look(pixels), quarters(name)).layout()


@pytest.mark.parametrize("name", PICTURES)
def test_spans_boxes_costs_and_images_are_the_same(layouts, name):
    ours, theirs = expected(name), layouts[name]
    assert theirs["isWhole"] == ours.is_whole
    assert theirs["lines"] == ours.lines
    assert [span["box"] for span in theirs["spans"]] == [list(span.box) for span in ours.spans]
    assert [span["cost"] for span in theirs["spans"]] == pytest.approx([span.cost for span in ours.spans], abs=0.05)
    assert [span["piece"] for span in theirs["spans"]] == [span.piece for span in ours.spans]
    if not ours.is_whole:
        mark_costs = [span.mark_cost for span in ours.spans]
        assert [span["markCost"] for span in theirs["spans"]] == pytest.approx(mark_costs, abs=0.05)
    if not ours.is_whole:
        kinds = np.array([span["kinds"] for span in theirs["spans"]]).reshape(-1, 11)
        assert kinds == pytest.approx(ours.mark_probabilities, abs=0.05)
    images, leaning = (
        [np.frombuffer(base64.b64decode(span[name]), np.uint8).reshape(-1, 28, 28) for span in theirs["spans"]]
        for name in ("image", "leaning")
    )
    for image, kinds, own in zip(images, leaning, ours.images, strict=True):
        assert all(map(are_alike, kinds, photos.leaning(image)))
        assert are_alike(image[0], own)


def are_alike(one, other):
    """Whether two images differ by rounding alone; a barycentre on the border of two pixels may fall to either side."""
    shifts = itertools.product((0, 1, -1), repeat=2)
    return min(np.abs(one - np.roll(other.astype(float), shift, (0, 1))).max() for shift in shifts) <= 3


@pytest.mark.parametrize("name", PICTURES)
def test_what_is_decided_is_the_same(layouts, name):
    ours = expected(name)
    for label, theirs in zip((1, 4), layouts[name]["read"], strict=True):
        probability = 0.35 + 0.649 * (np.arange(len(ours.spans)) * 37 % 11) / 10
        answers = np.repeat((1 - probability[:, None]) / 9, 10, axis=1)
        answers[:, label] = probability
        reading = photos.decide(ours, answers)
        read = [
            [[list(digit.box), ours.is_whole or digit.is_sure, digit.stands_apart] for digit in line]
            for line in reading.lines
        ]
        assert theirs == [read, [[list(mark.box), mark.after] for mark in reading.marks]]


def test_the_treatment_of_the_page_has_no_numbers_of_its_own():
    known = photos.constants()
    for step, names in known.items():
        script = (Path(page.__file__).parent / f"photos/{step}.js").read_text(encoding="utf-8")
        assert not re.search(r"const [A-Z_]{2,} =|[^\w.][A-Z]{2,}_?[A-Z]* = [\d.]", script)
        for taken in re.findall(r"const \{([^}]*)\} = constants\.", script):
            assert {name.strip() for name in taken.split(",") if name.strip()} <= set(names)


def test_the_page_takes_the_numbers_of_the_package():
    first = page.engine().splitlines()[0]
    taken = json.loads(first.removeprefix("const constants = ").removesuffix(";"))
    assert taken == json.loads(json.dumps({**photos.constants(), "weights": photos.weights()}))

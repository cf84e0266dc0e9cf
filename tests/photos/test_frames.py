"""Rings, boxes, lines and desks are left out, and what touches them is read."""

import numpy as np
import pytest
from drawn import BOXES, desk, per_cent, ringed, zigzag
from PIL import Image, ImageDraw

from kaggle_digits import photos
from kaggle_digits.photos import frames
from kaggle_digits.photos.layout import Span

FRAMED = {
    "boxes": (zigzag(*BOXES), 4),
    "boxes that digits touch": (zigzag(*BOXES, pen=9)[:, 40:], 4),
    "a ring that digits touch": (ringed(), 3),
    "a line that some touch": (zigzag([(40, 113), (300, 109)], pen=3), 4),
    "a line that all touch": (zigzag([(40, 110), (300, 108)]), 4),
}


@pytest.mark.parametrize("name", FRAMED)
def test_digits_are_parted_from_what_is_drawn_around_them(name):
    picture, count = FRAMED[name]
    (line,) = photos.look(picture).lines
    assert len(line) == count
    assert all(part.right - part.left < 60 and 50 <= part.piece.height <= 80 for part in line)


def test_a_frame_alone_leaves_nothing_and_a_digit_that_is_none_everything():
    ring = np.zeros((60, 90), np.uint8)
    seven = Image.fromarray(ring)
    ImageDraw.Draw(seven).line([(0, 2), (80, 2), (30, 59)], fill=1, width=5)
    ring = Image.fromarray(ring)
    ImageDraw.Draw(ring).ellipse((0, 0, 89, 59), outline=1, width=4)
    ring, seven = (np.asarray(each) > 0 for each in (ring, seven))
    assert not frames.without(ring).any()
    assert not frames.is_underlined(ring) and not frames.is_underlined(seven)


def test_the_slash_of_a_per_cent_sign_is_no_frame():
    (line,) = photos.look(per_cent()).lines
    assert len(line[0].piece.parts) == 3 and len({part.piece.number for part in line}) == 1


def test_a_number_that_is_struck_out_is_one_mark():
    (line,) = photos.look(zigzag([(50, 84), (300, 78)])).lines
    assert [(part.left <= 52, part.right >= 298) for part in line] == [(True, True)]
    (line,) = photos.look(zigzag([(50, 84), (180, 80)], count=2)).lines
    assert len(line) == 1
    (line,) = photos.look(zigzag([(50, 84), (150, 82)])).lines
    assert len(line) > 2


def test_the_bars_of_sevens_and_fours_strike_nothing_out():
    image = Image.new("L", (300, 170), 255)
    pen = ImageDraw.Draw(image)
    for left in (50, 115, 180):
        pen.line([(left, 40), (left + 50, 40), (left + 20, 130)], fill=0, width=7)
        pen.line([(left - 4, 85), (left + 66, 85)], fill=0, width=7)
    (line,) = photos.look(np.asarray(image)).lines
    assert len(line) > 2
    image = Image.new("L", (300, 170), 255)
    pen = ImageDraw.Draw(image)
    for left in (60, 120, 180):
        pen.line([(left + 30, 30), (left, 95), (left + 62, 95)], fill=0, width=7, joint="curve")
        pen.line([(left + 40, 60), (left + 40, 140)], fill=0, width=7)
    (line,) = photos.look(np.asarray(image)).lines
    assert len(line) > 2


@pytest.mark.parametrize("light", [False, True])
def test_a_note_is_found_on_a_dark_desk_and_a_light_one_and_an_empty_one_is_empty(light):
    (line,) = photos.look(desk(light=light)).lines
    assert len({part.piece.number for part in line}) == 1
    assert photos.look(desk(light=light, digit=False)).lines == []


def page_with(light, *places):
    """A page with sevens, part of which is lit so many times as much."""
    image = np.full((300, 400, 3), 150, np.float32)
    image[60:240, 180:360] *= light
    page = Image.fromarray(image.clip(0, 255).astype(np.uint8))
    for x, y in places:
        ImageDraw.Draw(page).line([(x, y), (x + 40, y), (x + 15, y + 60)], fill="#202020", width=7, joint="curve")
    return np.asarray(page)


@pytest.mark.parametrize(
    ("light", "places"), [(1.17, [(60, 120), (110, 120), (220, 120), (290, 120)]), (1.5, [(40, 120), (100, 120)])]
)
def test_light_on_a_page_is_no_sheet(light, places):
    lines = photos.look(page_with(light, *places)).lines
    assert [len({part.piece.number for part in line}) for line in lines] == [len(places)]


def test_a_line_below_takes_nothing_away_from_digits():
    (line,) = photos.look(zigzag([(40, 112), (300, 108)], pen=3)).lines
    assert [part.piece.box[1] for part in line] == pytest.approx([49] * 4, abs=3)


def test_the_foot_of_a_two_is_no_line_below_it():
    image = Image.new("L", (300, 170), 255)
    pen = ImageDraw.Draw(image)
    for left in (40, 220):
        pen.line([(left, 40), (left + 40, 40), (left + 15, 120)], fill=0, width=6)
    pen.line([(125, 60), (145, 42), (165, 60), (130, 105)], fill=0, width=6)
    pen.line([(118, 118), (178, 118)], fill=0, width=6)
    (line,) = photos.look(np.asarray(image)).lines
    pieces = {part.piece.number: part.piece for part in line}
    assert [piece.box[3] for piece in pieces.values()] == pytest.approx([121] * 3, abs=4)


@pytest.mark.parametrize(
    ("gaps", "said"),
    [
        ([28, 95, 30, 30], "44 444"),
        ([95, 28, 30, 95, 30], "4 444 44"),
        ([80, 85, 75, 90], "44444"),
        ([110], "4 4"),
        ([70], "44"),
        ([70, 60], "444"),
    ],
)
def test_wide_gaps_are_kept_and_wide_writing_has_none(gaps, said):
    lefts = np.cumsum([0, *(50 + gap for gap in gaps)])
    spans = [Span(0, at, at + 1, 0.0, (left, 0, left + 50, 100), at + 1) for at, left in enumerate(lefts.tolist())]
    layout = photos.Layout([len(spans)], spans, np.zeros((len(spans), 28, 28), np.uint8), {})
    (line,) = photos.decide(layout, np.eye(10, dtype=np.float32)[[4] * len(spans)]).lines
    assert "".join(" " * digit.stands_apart + "4" for digit in line) == said

"""Pictures of digits, however made, come out as MNIST's were made."""

import io
from dataclasses import replace
from unittest.mock import ANY

import numpy as np
import pytest
from drawn import nine_in_chalk
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageDraw

from kaggle_digits import photos, sources
from kaggle_digits.evaluation import plots
from kaggle_digits.photos import paper, pieces, sheet, strokes
from kaggle_digits.photos.layout import Span
from kaggle_digits.photos.standard import narrowed


@pytest.fixture(scope="module")
def standard():
    """Digits in the form of MNIST's, and with strokes as wide."""
    images = sources.load("sklearn").train.images[:20]
    made = [photos.as_mnist(image.astype(np.float32) / 255) for image in images]
    fair = [image for image in made if strokes.width(image.repeat(4, axis=0).repeat(4, axis=1) > 127) < 4 * 4]
    assert len(fair) >= 8
    return np.stack(fair)


def canvas(shape=(300, 400), paper=235, ink=40, width=12):
    """A seven, drawn."""
    image = Image.new("L", shape[::-1], paper)
    ImageDraw.Draw(image).line([(150, 80), (230, 80), (180, 220)], fill=ink, width=width, joint="curve")
    return np.asarray(image)


def centre_and_side(image):
    rows, columns = np.nonzero(image)
    weights = image[rows, columns].astype(float)
    centre = [float((weights * (places + 0.5)).sum() / weights.sum()) for places in (rows, columns)]
    return centre, max(np.ptp(rows), np.ptp(columns)) + 1


@given(arrays(np.float32, st.tuples(st.integers(1, 60), st.integers(1, 60)), elements=st.sampled_from([0, 0.5, 1])))
def test_the_longest_side_is_20_and_the_barycentre_in_the_middle(ink):
    image = photos.as_mnist(ink)
    assert image.shape == (28, 28) and image.dtype == np.uint8
    if not ink.any():
        assert not image.any()
        return
    centre, side = centre_and_side(image)
    assert side <= 20 and image.max() == 255
    # What hangs on one edge alone cannot be balanced within the image; it then reaches the image's edge.
    edge = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    assert all(14 - 1e-6 <= place < 15 + 1e-6 for place in centre) or side < 20 or edge.any()


def test_what_has_the_form_keeps_it(standard):
    for image in standard:
        centre, side = centre_and_side(image)
        assert side in (19, 20)
        assert all(14 <= place < 15 for place in centre)
        again = photos.as_mnist(image.astype(np.float32) / 255, stroke=3)
        assert np.abs(again.astype(int) - image).mean() < 8


def test_a_digit_enlarged_on_paper_as_jpeg_comes_back_close(standard):
    for image in standard[:8]:
        big = 255 - np.asarray(Image.fromarray(image).resize((224, 224), Image.Resampling.BILINEAR)) * 0.8
        sheet = np.full((500, 400), 255, np.uint8)
        sheet[200:424, 20:244] = big.astype(np.uint8)
        file = io.BytesIO()
        Image.fromarray(sheet).save(file, "JPEG", quality=80)
        layout = photos.lay_out(np.asarray(Image.open(file)))
        # The barycentre is rounded to a whole pixel, which a trace of noise may turn up or down.
        shifts = [(down, across) for down in (-1, 0, 1) for across in (-1, 0, 1)]
        moved = [np.roll(each, shift, (0, 1)).astype(int) for each in layout.images for shift in shifts]
        assert min(np.abs(each - image).mean() for each in moved) < 14


def test_a_box_holds_the_ink_to_the_last_pixel():
    sheet = np.full((160, 200), 255, np.uint8)
    sheet[40:120, 90:100] = 0
    assert [span.box for span in photos.lay_out(sheet).spans] == [(90, 40, 100, 120)]


@pytest.mark.parametrize(("ground", "ink"), [(255, 0), (0, 255), (200, 120), (60, 200), (235, 180)])
@pytest.mark.parametrize("width", [1, 4, 25])
def test_any_polarity_contrast_and_width_of_stroke(ground, ink, width):
    layout = photos.lay_out(canvas(paper=ground, ink=ink, width=width))
    whole = max(layout.spans, key=lambda span: span.box[2] - span.box[0])
    left, top, right, bottom = whole.box
    assert abs(left - (150 - width / 4)) <= 12 and abs(bottom - 220) <= 16
    assert 60 < right - left < 120 and 120 < bottom - top < 180


def test_a_shadow_and_a_gradient_are_no_ink():
    light = np.linspace(1, 0.5, 400) * np.where(np.arange(300)[:, None] > 190, 0.7, 1)
    random = np.random.default_rng(0)
    picture = (canvas() * light + random.normal(0, 3, light.shape)).clip(0, 255).astype(np.uint8)
    layout = photos.lay_out(picture, keep_stages=True)
    rows, columns = np.nonzero(layout.stages["mask"])
    assert columns.min() >= 140 and columns.max() <= 242 and rows.max() <= 232


def test_rules_are_no_ink():
    picture = canvas().copy()
    ruled = picture.copy()
    ruled[20::40] = np.minimum(ruled[20::40], 150)
    layout = photos.lay_out(ruled, keep_stages=True)
    _, columns = np.nonzero(layout.stages["mask"])
    assert columns.min() >= 140 and columns.max() <= 242


def test_yellow_on_white_shows():
    picture = np.repeat(canvas(paper=255, ink=0)[:, :, None], 3, axis=2).copy()
    picture[:, :, :2] = 250
    assert len(photos.lay_out(picture).images)


def test_light_ink_is_told_from_dark():
    assert paper.ink(Image.fromarray(canvas())).is_dark
    assert not paper.ink(Image.fromarray(canvas(paper=30, ink=220))).is_dark


def drawn(how, shape, **style):
    image = Image.new("L", (300, 260), 255)
    getattr(ImageDraw.Draw(image), how)(shape, **style)
    return image


@pytest.mark.parametrize(
    ("image", "is_digit"),
    [
        (drawn("line", np.random.default_rng(0).integers(30, 230, 50).tolist(), fill=0, width=4), False),
        (drawn("ellipse", (60, 40, 240, 220), fill=0), False),
        (drawn("rectangle", (60, 40, 240, 220), fill=0), False),
        (drawn("ellipse", (80, 30, 200, 220), outline=0, width=24), True),
        (drawn("line", (90, 40, 210, 40, 140, 220), fill=0, width=3), True),
    ],
    ids=["scribble", "blot", "block", "ring", "hairline"],
)
def test_a_scribble_or_a_blot_is_no_digit_but_a_ring_is(image, is_digit):
    layout = photos.look(np.asarray(image)).layout(plain=True)
    assert (layout.mark_probabilities[:, photos.MARK] < 0.1).all() == is_digit
    assert (layout.mark_probabilities[:, photos.MARK] > 0.9).all() != is_digit


def test_faint_ink_is_believed_where_it_is_clear():
    faint = canvas(paper=235, ink=200)
    assert len(photos.lay_out(faint).spans)
    at_the_border = faint[80:]
    assert not photos.lay_out(at_the_border).spans
    noisy = (faint + np.random.default_rng(0).normal(0, 8, faint.shape)).clip(0, 255).astype(np.uint8)
    assert not photos.lay_out(noisy).spans


def test_a_sharp_shadow_is_no_ink():
    picture = canvas(paper=235, ink=60).copy()
    picture[200:, 200:] = picture[200:, 200:] * 0.55
    _, columns = np.nonzero(photos.lay_out(picture, keep_stages=True).stages["mask"])
    assert columns.min() >= 140 and columns.max() <= 242


def answers(layout, label, probability):
    said = np.full((len(layout.spans), 10), (1 - probability) / 9, np.float32)
    said[:, label] = probability
    return said


def upright(count, apart):
    """So many strokes of 100 pixels beside each other."""
    image = Image.new("L", (80 + apart * count, 160), 255)
    for place in range(count):
        left = 40 + apart * place
        ImageDraw.Draw(image).line([(left, 30), (left + 4, 130)], fill=0, width=9)
    return np.asarray(image)


@pytest.mark.parametrize(("count", "apart", "is_sure"), [(4, 20, True), (6, 20, False), (5, 60, True), (9, 35, True)])
def test_a_hatching_is_not_so_many_ones_but_ones_are(count, apart, is_sure):
    layout = photos.lay_out(upright(count, apart))
    (line,) = photos.decide(layout, answers(layout, 1, 0.99)).lines
    assert len(line) == count
    assert all(digit.is_sure == is_sure for digit in line)


@pytest.mark.parametrize(("place", "is_sure"), [((90, 138), False), ((90, 158), True), ((152, 100), True)])
def test_a_dot_right_below_makes_a_question_mark(place, is_sure):
    image = Image.new("L", (200, 180), 255)
    ImageDraw.Draw(image).line([(60, 20), (130, 20), (90, 100)], fill=0, width=9)
    ImageDraw.Draw(image).ellipse((place[0] - 6, place[1] - 6, place[0] + 6, place[1] + 6), fill=0)
    layout = photos.lay_out(np.asarray(image))
    reading = photos.decide(layout, answers(layout, 7, 0.99))
    (digit,) = (digit for line in reading.lines for digit in line)
    assert digit.is_sure == is_sure and len(reading.marks) == 1


def layout_of(*cuttable):
    """Pieces of one line, a block and another at its right, that may be one digit each, or two strokes."""
    spans = []
    for number, cost in enumerate(cuttable):
        first, left = 2 * number, 50 * number
        places = [(first, first + 2, 0.0, 40), (first, first + 1, 0.0, 20), (first + 1, first + 2, cost, 40)]
        spans += [Span(0, *at, (left, 0, left + right, 60), number + 1) for *at, right in places]
    return photos.Layout([2 * len(cuttable)], spans, np.zeros((len(spans), 28, 28), np.uint8), {})


def test_what_would_not_be_believed_costs_more_but_a_lone_scribble_stays_one():
    for count, read in ((1, 1), (2, 4)):
        layout = layout_of(*[1.0] * count)
        said = answers(layout, 4, 0.9)
        said[::3] = answers(layout, 4, 0.4)[::3]  # the whole block is no digit that would be believed
        (line,) = photos.decide(layout, said).lines
        assert len(line) == read
        assert all(digit.is_sure for digit in line) == (count == 2)


@pytest.mark.parametrize(
    ("size", "is_sure"), [((0.55, 1.3), True), ((0.7, 1.0), False), ((0.2, 0.2), True)], ids=["brackets", "ABC", "dots"]
)
def test_a_digit_between_letters_is_a_word_but_not_between_brackets(size, is_sure):
    sizes = (size, (0.7, 1.0), size)
    spans = [Span(0, at, at + 1, 0.0, (50 * at, 0, 50 * at + 40, 60), at + 1, size=sizes[at]) for at in range(3)]
    layout = photos.Layout([3], spans, np.zeros((3, 28, 28), np.uint8), {})
    kinds = np.zeros((3, photos.MARK + 1), np.float32)
    kinds[[0, 1, 2], [photos.MARK, 4, photos.MARK]] = 1
    vars(layout)["mark_probabilities"] = kinds
    reading = photos.decide(layout, answers(layout, 4, 0.99))
    assert [digit.is_sure for line in reading.lines for digit in line] == [is_sure]
    assert len(reading.marks) == 2


def test_what_is_plain_is_settled_and_what_is_not_is_not():
    image = Image.new("L", (300, 160), 255)
    ImageDraw.Draw(image).line([(40, 40), (130, 120), (160, 40), (240, 120)], fill=0, width=8)
    plain = photos.look(np.asarray(image)).layout(plain=True)
    assert len(plain.spans) == 1 and plain.rivals[0] < 1
    wide = plain.spans[0].cost
    cheap = photos.Layout(plain.lines, [replace(plain.spans[0], cost=0.0)], plain.images, {}, False, [0.5])
    assert photos.is_settled(cheap, answers(cheap, 1, 0.99))
    assert not photos.is_settled(cheap, answers(cheap, 1, 0.4))
    assert wide > 1 and not photos.is_settled(plain, answers(plain, 1, 0.99))


@given(st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_a_plain_layout_that_is_settled_is_read_as_the_full_one(count, seed):
    random = np.random.default_rng(seed)
    image = Image.new("L", (360, 120), 255)
    for place in range(count):
        corners = 20 + 70 * place + random.integers(0, 75, 5), random.integers(15, 105, 5)
        ImageDraw.Draw(image).line([*zip(*map(np.ndarray.tolist, corners), strict=True)], fill=0, width=7)
    writing = photos.look(np.asarray(image))
    plain, full = writing.layout(plain=True), writing.layout()
    spans = [(span.first, span.after, span.line) for span in full.spans]
    said = random.dirichlet(np.full(10, 0.02), len(spans)).astype(np.float32)
    same = said[[spans.index((span.first, span.after, span.line)) for span in plain.spans]]
    if photos.is_settled(plain, same):
        kept, found = (
            [[(digit.box, digit.is_sure) for digit in line] for line in photos.decide(*each).lines]
            for each in ((plain, same), (full, said))
        )
        assert kept == found


@given(st.integers(1, 70), st.integers(1, 70), st.integers(0, 2**32 - 1), st.booleans())
def test_wild_pictures_are_laid_out_or_refused(height, width, seed, coloured):
    shape = (height, width, 3) if coloured else (height, width)
    picture = np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)
    layout = photos.lay_out(picture)
    assert layout.images.shape == (len(layout.spans), 28, 28)
    answers = np.full((len(layout.spans), 10), 0.1, np.float32)
    assert all(line for line in photos.decide(layout, answers).lines)


@pytest.mark.parametrize(
    ("size", "paper", "ink", "box"),
    [
        ((653, 493), 10, 208, (478, 90, 515, 135)),
        ((366, 364), 142, 190, (115, 64, 156, 99)),
        ((338, 528), 129, 175, (266, 118, 272, 164)),
    ],
)
def test_ink_of_one_grey_is_found(size, paper, ink, box):
    # All that is dark differs by a rounding error only, which is too little room for the bins of a histogram.
    image = Image.new("L", size, paper)
    ImageDraw.Draw(image).rectangle(box, fill=ink)
    assert photos.lay_out(np.asarray(image)).spans


@st.composite
def plain_drawings(draw):
    """Drawings of few greys or colours: shapes, single pixels, nothing at all."""
    size = draw(st.tuples(st.integers(1, 150), st.integers(1, 150)))
    colour = st.sampled_from(["black", "white", "#010101", "#fefefe", "gray", "red", "yellow", "#000080", "#eeeeee"])
    image = Image.new("RGB", size, draw(colour))
    pen = ImageDraw.Draw(image)
    place = st.tuples(st.integers(-5, 155), st.integers(-5, 155))
    for _ in range(draw(st.integers(0, 5))):
        (left, top), (right, bottom), ink = draw(place), draw(place), draw(colour)
        box = (min(left, right), min(top, bottom), max(left, right), max(top, bottom))
        how = draw(st.sampled_from(["pixel", "line", "box", "frame", "ring", "disc"]))
        if how == "pixel":
            pen.point((left, top), fill=ink)
        elif how == "line":
            pen.line([(left, top), (right, bottom)], fill=ink, width=draw(st.integers(1, 40)))
        elif how in ("box", "frame"):
            pen.rectangle(box, **{"fill" if how == "box" else "outline": ink})
        else:
            pen.ellipse(box, **{"fill" if how == "disc" else "outline": ink})
    return np.asarray(image if draw(st.booleans()) else image.convert("L"))


@given(plain_drawings(), st.integers(0, 2**32 - 1))
def test_every_drawing_is_answered_or_refused(picture, seed):
    random = np.random.default_rng(seed)
    writing = photos.look(picture)
    plain = writing.layout(plain=True)
    photos.is_settled(plain, random.dirichlet(np.ones(10), len(plain.spans)).astype(np.float32))
    layout = writing.layout()
    said = random.dirichlet(np.ones(10), len(layout.spans)).astype(np.float32)
    height, width = picture.shape[:2]
    for line in photos.decide(layout, said).lines:
        assert line
        for digit in line:
            left, top, right, bottom = digit.box
            assert 0 <= left < right <= width and 0 <= top < bottom <= height
            assert np.isfinite(digit.probabilities).all()
    assert layout.images.any(axis=(1, 2)).all() or len(layout.lines)


def test_ready_images_are_known():
    digit = sources.load("sklearn").train.images[0]
    assert photos.is_ready(digit, (28, 28)) and photos.is_ready(255 - digit, (28, 28))
    assert not photos.is_ready(digit // 2 + 60, (28, 28))
    assert not photos.is_ready(np.zeros((28, 28), np.uint8), (28, 28))
    assert not photos.is_ready(digit[:27], (28, 28))


def test_votes_are_counted_for_each_digit():
    images = sources.load("sklearn").train.images[:3]
    leaning = photos.leaning(images)
    assert (leaning[:3] == images).all() and leaning.shape == (9, 28, 28)
    assert photos.counted(np.eye(10, dtype=np.float32)[[0, 1, 2] * 3]).argmax(axis=1).tolist() == [0, 1, 2]


def test_a_narrow_digit_is_no_wider_than_it_may_be_and_as_high(standard):
    for image in standard:
        narrow = narrowed(image, 0.45)
        (rows, columns), before = np.nonzero(narrow), np.flatnonzero(image.any(axis=1))
        assert np.ptp(rows) == np.ptp(before) and np.ptp(columns) + 1 <= 0.45 * len(before) + 1
        assert (narrowed(narrow, 0.5) == narrow).all()
    assert not narrowed(np.zeros((28, 28), np.uint8), 0.45).any()


def test_digits_stretched_to_a_square_of_coarse_pixels_stay_digits():
    shares = []
    for image in sources.load("sklearn").test.images[:40]:
        rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
        tight = Image.fromarray(image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
        coarse = tight.resize((16, 16), Image.Resampling.BOX).point(lambda grey: 0 if grey > 100 else 255)
        sheet = np.pad(np.asarray(coarse.resize((128, 128), Image.Resampling.BICUBIC)), 48, constant_values=255)
        layout = photos.look(sheet).layout(plain=True)
        shares += [1 - layout.mark_probabilities[0, photos.MARK]]
    assert np.mean(np.array(shares) > 0.5) >= 0.95


def five_in_two_strokes(times=1):
    """A five of 16 x 16 pixels, enlarged."""
    five = np.full((16, 16), 255, np.uint8)
    five[1:3, 5:14] = 0
    for rows, columns in ((slice(6, 10), 3), (slice(9, 11), slice(3, 11)), (slice(10, 14), 11), (14, slice(3, 11))):
        five[rows, columns] = 0
    return np.kron(five, np.ones((times, times), np.uint8))


def test_a_tiny_picture_is_one_digit_in_whatever_strokes():
    layout = photos.lay_out(five_in_two_strokes())
    (span,) = layout.spans
    assert span.box == pytest.approx((3, 1, 14, 15), abs=1)
    assert layout.mark_probabilities[0, photos.MARK] == 0
    filling = photos.lay_out(five_in_two_strokes()[1:15, 3:14])
    assert filling.is_glyph and filling.spans[0].box == pytest.approx((0, 0, 11, 14), abs=1)
    large = photos.lay_out(five_in_two_strokes(8))
    assert not large.is_glyph and (large.mark_probabilities[:, photos.MARK] > 0).all()
    beside = photos.lay_out(np.hstack([five_in_two_strokes(), five_in_two_strokes()]))
    assert not beside.is_glyph and len(beside.spans) > 1


def test_a_stroke_belongs_to_what_it_lies_over_the_most():
    parts = np.zeros((100, 160), np.int32)
    parts[10:18, 30:76] = 1  # the bar of a five, which reaches over its neighbour
    parts[20:90, 20:60] = 2
    parts[5:95, 70:130] = 3
    found, _ = pieces.find(parts)
    assert sorted(sorted(piece.parts) for piece in found) == [[1, 2], [3]]


def test_a_ring_in_a_line_of_its_own_is_measured_by_the_digits_of_the_picture():
    image = Image.new("L", (420, 240), 255)
    pen = ImageDraw.Draw(image)
    for left in (40, 130):
        pen.line([(left, 60), (left + 60, 60), (left + 20, 180)], fill=0, width=10)
    for left, top in ((240, 30), (310, 150)):
        pen.ellipse((left, top, left + 60, top + 60), outline=0, width=8)
    rings = [span for span in photos.look(np.asarray(image)).layout(plain=True).spans if span.box[0] > 200]
    assert [span.size[1] for span in rings] == pytest.approx([0.5, 0.5], abs=0.1)


def test_a_large_comma_parts_no_line():
    digits = [(58, 103, 102, 164), (159, 96, 171, 158), (178, 92, 207, 163)]
    boxes = [digits[0], (122, 153, 136, 181), *digits[1:]]
    (line,) = pieces.lines([pieces.Piece(box, (), 0) for box in boxes])
    assert [piece.box for piece in line] == boxes


def test_the_bar_of_a_five_stands_in_its_line_and_parts_no_higher_digit_from_it():
    boxes = [(49, 62, 84, 108), (81, 55, 112, 61), (129, 57, 176, 116), (181, 55, 227, 110)]
    five, bar, *others = (pieces.Piece(box, (number,), 100) for number, box in enumerate(boxes, 1))
    assert pieces.lines([five, replace(bar, is_small=True), *others]) == [[five, ANY, *others]]


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_boxes_of_a_turned_picture_are_those_of_the_picture_as_given(quarters):
    picture = np.full((160, 240), 255, np.uint8)
    picture[40:120, 90:100] = 0
    (span,) = photos.turned(photos.look(picture), quarters).layout(plain=True).spans
    assert span.box == (90, 40, 100, 120)


def test_the_sheet_is_drawn(tmp_path):
    layout = photos.lay_out(canvas(), keep_stages=True)
    answers = np.eye(10, dtype=np.float32)[[7] * len(layout.spans)]
    (line,) = photos.decide(layout, answers).lines
    plots.save(plots.explanation("a $seven$", layout.stages, line, [""] * len(line)), tmp_path / "a.png")
    plots.save(plots.explanation("nothing", layout.stages, [], []), tmp_path / "b.png")
    with Image.open(tmp_path / "a.png") as drawn:
        assert drawn.width > 1000


def test_a_shadow_that_leaves_a_corner_and_cuts_a_digit_is_no_ink():
    y, x = np.mgrid[:300, :400]
    shaded = canvas() * np.where(y - 0.7 * x > 20, 0.5, 1)
    (span,) = photos.lay_out(shaded.round().astype(np.uint8)).spans
    assert span.box == pytest.approx((150, 75, 237, 223), abs=2)


def test_ink_on_the_larger_dark_side_of_a_shadow_is_no_chalk():
    shaded = canvas(ink=110) * np.interp(np.arange(400), [80, 84], [1, 0.45])
    (span,) = photos.lay_out(shaded.round().astype(np.uint8)).spans
    assert span.box == pytest.approx((150, 75, 237, 223), abs=2)


def test_an_underline_joins_no_digits():
    image = Image.new("L", (300, 160), 255)
    for left in (80, 150):
        ImageDraw.Draw(image).line([(left, 40), (left + 45, 40), (left + 15, 104)], fill=0, width=7, joint="curve")
    ImageDraw.Draw(image).line([(55, 110), (230, 116)], fill=0, width=3)
    assert [span.box for span in photos.lay_out(np.asarray(image)).spans] == [(80, 37, 129, 106), (150, 37, 199, 106)]


def test_a_note_half_in_the_shadow_is_found():
    """In the shadow, paper is as dark as the desk is in the light."""
    picture = np.full((300, 400), 110.0)
    picture[80:220, 110:310] = 225
    ImageDraw.Draw(image := Image.fromarray(picture)).line([(180, 120), (230, 120), (200, 190)], fill=40, width=9)
    shaded = np.asarray(image) * np.interp(np.arange(400), [240, 244], [0.5, 1])
    (span,) = photos.lay_out(shaded.round().astype(np.uint8)).spans
    assert span.box == pytest.approx((180, 116, 235, 192), abs=6)


def test_a_thick_ring_on_a_dark_ground_is_no_sheet_of_paper():
    image = Image.new("L", (200, 200), 22)
    ImageDraw.Draw(image).rounded_rectangle((50, 40, 130, 150), 25, outline=255, width=18)
    assert sheet.find(image) is None


def test_a_thick_digit_on_a_dark_ground_is_no_sheet_of_paper():
    (span,) = photos.lay_out(nine_in_chalk()).spans
    assert span.box == pytest.approx((130, 20, 241, 271), abs=3)


@pytest.mark.parametrize(("probability", "is_sure"), [(0.55, False), (0.7, True)])
def test_a_digit_alone_must_be_surer_than_one_among_others(probability, is_sure):
    for count in (1, 2):
        spans = [Span(0, at, at + 1, 0.0, (50 * at, 0, 50 * at + 40, 60), at + 1) for at in range(count)]
        layout = photos.Layout([count], spans, np.zeros((count, 28, 28), np.uint8), {})
        (line,) = photos.decide(layout, answers(layout, 4, probability)).lines
        assert [digit.is_sure for digit in line] == ([is_sure] if count == 1 else [True, True])


def test_a_slash_does_not_take_the_digit_beside_it_along():
    image = Image.new("L", (300, 160), 255)
    draw = ImageDraw.Draw(image)
    draw.line([(90, 30), (60, 140)], fill=0, width=9)
    draw.line([(106, 135), (110, 40)], fill=0, width=9)
    layout = photos.lay_out(np.asarray(image))
    costs = {(span.first, span.after): (span.cost, span.mark_cost) for span in layout.spans}
    (joint, as_mark) = costs[0, 2]
    assert as_mark == pytest.approx(joint + 1) and costs[0, 1] == costs[1, 2] == (0, 0)

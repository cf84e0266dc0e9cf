"""What was misread, kept to be learned from, and to adapt to at once."""

from dataclasses import replace
from itertools import compress

import numpy as np
import pytest
from msgspec import structs
from PIL import Image, ImageDraw

from kaggle_digits import photos, predictor, sources
from kaggle_digits.errors import DataError


@pytest.fixture
def digits():
    return list(sources.load("sklearn").test.images[:3])


def test_they_are_a_folder_of_images_to_learn_from(digits, tmp_path):
    folder = tmp_path / "mine"
    written = predictor.keep_corrections(digits, "7?1", folder)
    assert [path.parent.name for path in written] == ["7", "1"]
    learned = sources.load(str(folder)).train
    assert learned.known_labels.tolist() == [1, 7]
    assert np.array_equal(learned.images, [digits[2], digits[0]])


def test_the_last_word_counts(digits, tmp_path):
    predictor.keep_corrections(digits[:1], "7", tmp_path)
    predictor.keep_corrections(digits[:1], "1", tmp_path)
    assert [path.parent.name for path in tmp_path.glob("*/*.png")] == ["1"]


def seen(digits, after):
    """A prediction of such digits, with marks after so many of them."""
    box = (0, 0, 28, 28)
    marks = tuple(photos.Mark(box, place, np.full((28, 28), place + 1, np.uint8)) for place in after)
    shown = tuple(photos.Digit(np.full(10, 0.1, np.float32), box, digit) for digit in digits)
    return predictor.Prediction("a.png", [], (90, 30), seen=shown, seen_marks=marks)


@pytest.mark.parametrize("labels", ["12", "1234", "a12", "\u0661\u0661\u0661", ""])
def test_labels_that_do_not_fit_are_refused(digits, tmp_path, labels):
    with pytest.raises(DataError, match=r"^3 digits were found: give 3 labels, in reading"):
        predictor.correct(seen(digits, []), labels, tmp_path)
    with pytest.raises(DataError, match=r"^3 digits were found and 2 marks left out: give 3 or 5 labels"):
        predictor.correct(seen(digits, [1, 1]), labels, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_was_left_out_may_be_a_digit(digits, tmp_path):
    predictor.correct(seen(digits, [0, 2]), "7 1?", tmp_path / "digits")
    assert sorted(path.parent.name for path in (tmp_path / "digits").glob("*/*.png")) == ["1", "7"]
    predictor.correct(seen(digits, [0, 2]), "4??9?", tmp_path / "all")
    images = {path.parent.name: np.asarray(Image.open(path)) for path in (tmp_path / "all").glob("*/*.png")}
    assert {label: image.max() for label, image in images.items()} == {"4": 1, "9": 3}
    predictor.correct(seen([], [0]), "5", tmp_path / "marks")
    assert [path.parent.name for path in (tmp_path / "marks").glob("*/*.png")] == ["5"]


@pytest.mark.parametrize(("labels", "after"), [("2/1.0", []), ("2/1.0", [1, 2]), ("2/1,0", [1]), ("-2 1 : 0", [1])])
def test_a_date_is_corrected_as_it_is_written(digits, tmp_path, labels, after):
    predictor.correct(seen(digits, after), labels, tmp_path)
    assert sorted(path.parent.name for path in tmp_path.glob("*/*.png")) == ["0", "1", "2"]


def test_a_sign_never_stands_for_a_digit(digits, tmp_path):
    """2-1 for three digits may be a stroke that was read as one, or one digit too few: only ? tells."""
    with pytest.raises(DataError, match="give 3 .* Received: '2-1'"):
        predictor.correct(seen(digits, []), "2-1", tmp_path)


@pytest.fixture(scope="module")
def model():
    return predictor.load("reader")


@pytest.fixture(scope="module")
def hand():
    """The sevens of scikit-learn's digits, which somebody may have meant as ones."""
    digits = sources.load("sklearn").train
    return digits.images[digits.known_labels == 7]


def test_from_five_corrections_on_the_like_is_read_as_its_user_reads_it(model, hand, tmp_path):
    predictor.keep_corrections(list(hand[:4]), "1111", tmp_path / "mine")
    assert predictor.personal(model, tmp_path / "mine") is model
    predictor.keep_corrections(list(hand[4:10]), "1" * 6, tmp_path / "mine")
    adapted = predictor.personal(model, tmp_path / "mine")
    paths = [tmp_path / f"{row}.png" for row in range(10)]
    for path, image in zip(paths, hand, strict=False):
        Image.fromarray(255 - image).save(path)
    assert [each.label for each in predictor.predict(model, paths)] == ["7"] * 10
    predictions = predictor.predict(adapted, paths)
    assert [each.label for each in predictions] == ["1"] * 10
    assert {each.as_json()["adapted_to"] for each in predictions} == {10}


def test_digits_that_are_clear_and_pixel_rows_are_read_as_before(model, hand, tmp_path):
    predictor.keep_corrections(list(hand[:10]), "1" * 10, tmp_path)
    adapted = predictor.personal(model, tmp_path)
    paths = [tmp_path / f"{row}.png" for row in range(100)]
    for path, image in zip(paths, sources.load("sklearn").train.of_labels(6).images, strict=False):
        Image.fromarray(255 - np.pad(image, 20)).save(path)
    before, after = (predictor.predict(each, paths) for each in (model, adapted))
    are_clear = [(each.probability or 0) > 0.99 for each in before]
    assert [each.label for each in compress(after, are_clear)] == [each.label for each in compress(before, are_clear)]
    assert sum(are_clear) > 50
    assert sum(one.lines == other.lines for one, other in zip(before, after, strict=True)) > 50  # to the last bit
    assert np.array_equal(adapted.probabilities(hand), model.probabilities(hand))


def test_a_digit_taken_for_another_mark_is_one_from_then_on(model, tmp_path):
    """A zero with a stroke through it, in several pens."""
    paths = [tmp_path / f"{pen}.png" for pen in range(5, 12)]
    for pen, path in zip(range(5, 12), paths, strict=True):
        image = Image.new("L", (200, 200), 255)
        ImageDraw.Draw(image).ellipse((60, 40, 130, 160), outline=0, width=pen)
        ImageDraw.Draw(image).line([(50, 170), (145, 30)], fill=0, width=pen)
        image.save(path)
    before = predictor.predict(model, paths, keep_stages=True)
    assert [each.label for each in before] == [None] * 7 and len(before[0].left_out) == 1
    for each in before[:5]:
        predictor.correct(each, "0", tmp_path / "mine")
    assert [each.label for each in predictor.predict(predictor.personal(model, tmp_path / "mine"), paths)] == ["0"] * 7


class Undecided:
    def probabilities(self, images):
        return np.full((len(images), 2), 0.5, np.float32)


def test_labels_that_a_model_does_not_know_are_passed_over(model, hand, tmp_path):
    predictor.keep_corrections(list(hand[:6]), "717171", tmp_path)
    predictor.keep_corrections(list(hand[6:12]), "0" * 6, tmp_path)
    record = structs.replace(model.run.record, classes=2)
    few = replace(model, run=replace(model.run, record=record), classifier=Undecided())
    assert sorted(predictor.personal(few, tmp_path).touch.labels) == [0] * 6 + [1] * 3


def test_a_broken_one_is_named(model, hand, tmp_path):
    predictor.keep_corrections(list(hand[:6]), "1" * 6, tmp_path)
    (tmp_path / "1/broken.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"broken\.png is not a whole image"):
        predictor.personal(model, tmp_path)

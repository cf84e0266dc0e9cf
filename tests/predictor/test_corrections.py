"""What was misread, kept to be learned from, and to adapt to at once."""

from dataclasses import replace

import numpy as np
import pytest
from msgspec import structs
from PIL import Image

from kaggle_digits import predictor, sources
from kaggle_digits.errors import DataError


@pytest.fixture
def digits():
    return list(sources.load("sklearn").test.images[:3])


def test_they_are_a_folder_of_images_to_learn_from(digits, tmp_path):
    folder = tmp_path / "mine"
    written = predictor.keep_corrections(digits, "7 ?1", folder)
    assert [path.parent.name for path in written] == ["7", "1"]
    learned = sources.load(str(folder)).train
    assert learned.known_labels.tolist() == [1, 7]
    assert np.array_equal(learned.images, [digits[2], digits[0]])


def test_the_last_word_counts(digits, tmp_path):
    predictor.keep_corrections(digits[:1], "7", tmp_path)
    predictor.keep_corrections(digits[:1], "1", tmp_path)
    assert [path.parent.name for path in tmp_path.glob("*/*.png")] == ["1"]


@pytest.mark.parametrize("labels", ["12", "1234", "a12", "\u0661\u0661\u0661", ""])
def test_labels_that_do_not_fit_are_refused(digits, tmp_path, labels):
    with pytest.raises(DataError, match="3 digits were found: give the right label of each"):
        predictor.keep_corrections(digits, labels, tmp_path)
    assert list(tmp_path.iterdir()) == []


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
    others = sources.load("sklearn").train.of_labels(6).images[:100]
    answers = model.probabilities(others)
    are_clear = answers.max(axis=1) > 0.99
    after = adapted.touch.adapted(others, answers)
    assert np.array_equal(after.argmax(axis=1)[are_clear], answers.argmax(axis=1)[are_clear])
    far = np.tri(28, dtype=np.uint8)[None] * 255
    answers = model.probabilities(far)
    assert np.array_equal(adapted.touch.adapted(far, answers), answers)
    assert np.array_equal(adapted.probabilities(hand), model.probabilities(hand))


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

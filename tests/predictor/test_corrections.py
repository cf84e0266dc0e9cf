"""What was misread, kept to be learned from."""

import numpy as np
import pytest

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
    with pytest.raises(DataError, match="right label of each of the 3 digits found"):
        predictor.keep_corrections(digits, labels, tmp_path)
    assert list(tmp_path.iterdir()) == []

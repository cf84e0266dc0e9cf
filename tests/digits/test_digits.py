import numpy as np
import pytest

from kaggle_digits.digits import Digits, classes_of
from kaggle_digits.errors import DataError


def make(count=4, labels=None, **changes):
    fields = {
        "images": np.zeros((count, 3, 2), np.uint8),
        "labels": None if labels is None else np.asarray(labels, np.int64),
        "ids": np.arange(1, count + 1),
        **changes,
    }
    return Digits(**fields)


def test_knows_its_size_and_image_shape():
    digits = make(5)
    assert len(digits) == 5
    assert digits.image_shape == (3, 2)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"images": np.zeros((4, 3, 2), np.float32)}, "float32"),
        ({"images": np.zeros((4, 6), np.uint8)}, r"\(4, 6\)"),
        ({"count": 0}, "at least one image"),
        ({"ids": np.arange(3)}, "4 ids"),
        ({"labels": [0, 1, 2]}, "4 int64 labels"),
        ({"labels": [0, 1, 2, 10]}, "0 to 10"),
        ({"labels": [0, 1, 2, -1]}, "-1 to 2"),
        ({"labels": [0, 1, 2, 2], "classes": 2}, "from 0 to 1"),
    ],
)
def test_refuses_what_is_malformed(changes, told):
    with pytest.raises(DataError, match=told):
        make(**changes)


def test_labels_that_nobody_knows_are_an_error_only_where_they_are_needed():
    digits = make()
    with pytest.raises(DataError, match="no labels"):
        _ = digits.known_labels


def test_take_keeps_images_labels_and_ids_together():
    digits = make(4, labels=[3, 1, 4, 1], images=np.arange(24, dtype=np.uint8).reshape(4, 3, 2))
    taken = digits.take(np.array([2, 0]))
    assert taken.ids.tolist() == [3, 1]
    assert taken.known_labels.tolist() == [4, 3]
    assert np.array_equal(taken.images, digits.images[[2, 0]])


def test_numbered_digits_are_called_1_to_n():
    digits = Digits.numbered(np.zeros((3, 2, 2), np.uint8), np.array([0, 1, 1]), classes=2)
    assert (digits.ids.tolist(), digits.classes) == ([1, 2, 3], 2)


@pytest.mark.parametrize(("labels", "classes"), [([0, 1], 2), ([1], 2), ([0, 2], 10), ([9], 10)])
def test_labels_of_0_and_1_alone_make_two_classes(labels, classes):
    assert classes_of(np.array(labels)) == classes

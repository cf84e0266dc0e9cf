import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaggle_digits.digits import Digits, split
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


@given(
    labels=st.lists(st.integers(0, 9), min_size=20, max_size=300),
    fraction=st.floats(0.05, 0.95),
    seed=st.integers(0, 1000),
)
def test_split_takes_the_same_share_of_every_label(labels, fraction, seed):
    digits = make(len(labels), labels=labels)
    kept, held_out = split(digits, fraction, seed)
    assert sorted([*kept, *held_out]) == list(range(len(labels)))
    for label in set(labels):
        rows = np.flatnonzero(digits.known_labels == label)
        assert abs(np.isin(rows, held_out).sum() - fraction * len(rows)) <= 1.5


def test_split_depends_on_its_seed_alone():
    digits = make(200, labels=np.arange(200) % 10)
    first, again, other = (split(digits, 0.1, seed)[1].tolist() for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, float("nan"), 0.01])
def test_split_refuses_a_share_that_leaves_a_side_empty(fraction):
    with pytest.raises(DataError):
        split(make(4, labels=[0, 0, 1, 1]), fraction, 0)

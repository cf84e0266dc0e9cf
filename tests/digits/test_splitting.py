import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaggle_digits.digits import Digits, folds, split
from kaggle_digits.errors import DataError


def make(labels, seed=0):
    """Digits of which no two are alike."""
    images = np.random.default_rng(seed).integers(0, 256, (len(labels), 6, 6), np.uint8)
    return Digits.numbered(images, np.asarray(labels, np.int64))


def with_twins(digits, twins):
    """The same with some images that are those of an earlier row; and the rows that they are twins of."""
    images = digits.images.copy()
    twin_of = np.array([np.flatnonzero(digits.labels == digits.labels[twin])[0] for twin in twins])
    images[twins] = images[twin_of]
    return Digits.numbered(images, digits.labels), twin_of


@given(
    labels=st.lists(st.integers(0, 9), min_size=20, max_size=300),
    fraction=st.floats(0.05, 0.95),
    seed=st.integers(0, 1000),
)
def test_split_takes_the_same_share_of_every_label(labels, fraction, seed):
    digits = make(labels)
    kept, held_out = split(digits, fraction, seed)
    assert sorted([*kept, *held_out]) == list(range(len(labels)))
    assert abs(len(held_out) - fraction * len(labels)) <= 0.5
    for label in set(labels):
        rows = np.flatnonzero(digits.known_labels == label)
        assert abs(np.isin(rows, held_out).sum() - fraction * len(rows)) <= 1


@given(seed=st.integers(0, 2**32 - 1), fraction=st.floats(0.2, 0.8), count=st.integers(1, 30))
def test_split_keeps_images_that_are_nearly_the_same_on_one_side(seed, fraction, count):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(10), rng.integers(10, 20, 10))
    twins = rng.integers(0, len(labels), count)
    digits, twin_of = with_twins(make(labels, seed), twins)
    kept, held_out = split(digits, fraction, seed)
    assert sorted([*kept, *held_out]) == list(range(len(labels)))
    assert np.array_equal(np.isin(twins, held_out), np.isin(twin_of, held_out))
    assert abs(len(held_out) - fraction * len(labels)) <= 10


@pytest.mark.parametrize("labels", [[0, 1] * 10, [0] * 18 + [1] * 2, [7] * 20])
def test_twenty_rows_can_be_split(labels):
    digits = make(labels)
    kept, held_out = split(digits, 0.1, 0)
    assert (len(kept), len(held_out)) == (18, 2)
    assert set(digits.labels[kept]) == set(labels)


def test_split_depends_on_its_seed_alone():
    digits = make(np.arange(200) % 10)
    first, again, other = (split(digits, 0.1, seed)[1].tolist() for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, float("nan"), 0.01])
def test_split_refuses_a_share_that_leaves_a_side_empty(fraction):
    with pytest.raises(DataError):
        split(make([0, 0, 1, 1]), fraction, 0)


def test_copies_of_one_image_cannot_be_split():
    with pytest.raises(DataError, match="100 rows, of which images that are nearly the same stay together"):
        split(Digits.numbered(np.ones((100, 4, 4), np.uint8), np.zeros(100, np.int64)), 0.5, 0)


@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
def test_folds_are_stratified_even_and_keep_copies_together(seed, count):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(10), rng.integers(3 * count, 5 * count, 10))
    twins = rng.integers(0, len(labels), 5)
    digits, twin_of = with_twins(make(labels, seed), twins)
    fold = folds(digits, count, seed)
    assert (fold[twins] == fold[twin_of]).all()
    assert np.ptp(np.bincount(fold, minlength=count)) <= 5
    for label in range(10):
        assert np.ptp(np.bincount(fold[labels == label], minlength=count)) <= 5
    assert (folds(digits, count, seed) == fold).all()


@pytest.mark.parametrize("count", [0, 1, 3, -2])
def test_the_number_of_folds_is_bounded_by_the_rarest_label(count):
    with pytest.raises(DataError, match=f"from 2 to 2, the images of the rarest label .* Received: {count}"):
        folds(make([0] * 18 + [1] * 2), count, 0)

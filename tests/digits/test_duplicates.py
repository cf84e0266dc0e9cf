import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kaggle_digits import sources
from kaggle_digits.digits import Digits, duplicates, folds


def test_copies_and_faint_changes_share_a_group_and_others_do_not():
    images = sources.load("sklearn").train.images[:200]
    faint = images[:5].copy()
    faint[:, 0, 0] = 9
    group = duplicates.groups(np.concatenate([images, images[:10], faint]))
    assert group[200:].tolist() == group[[*range(10), *range(5)]].tolist()
    other = images[:, ::-1]
    assert duplicates.groups(np.concatenate([images[:1], other[1:2]])).tolist() == [0, 1]


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(2, 40))
def test_groups_are_what_all_pairs_one_by_one_would_give(seed, count):
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, 4, 4), np.uint8)
    images[rng.integers(count)] = images[rng.integers(count)]
    pixels = images.reshape(count, -1) / np.linalg.norm(images.reshape(count, -1).astype(float), axis=1, keepdims=True)
    alike = pixels @ pixels.T >= duplicates.ALIKE
    reached = np.linalg.matrix_power(alike.astype(float), count) > 0
    assert duplicates.groups(images).tolist() == reached.argmax(axis=1).tolist()


def test_blank_images_are_no_trouble():
    assert len(duplicates.groups(np.zeros((3, 28, 28), np.uint8))) == 3


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
def test_folds_are_stratified_even_and_keep_copies_together(seed, count):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(10), rng.integers(3 * count, 5 * count, 10))
    images = rng.integers(0, 256, (len(labels), 6, 6), np.uint8)
    twins = rng.integers(0, len(labels), 5)
    twin_of = np.array([np.flatnonzero(labels == labels[twin])[0] for twin in twins])
    images[twins] = images[twin_of]
    digits = Digits(images, labels.astype(np.int64), np.arange(len(labels)))
    fold = folds(digits, count, seed)
    assert (fold[twins] == fold[twin_of]).all()
    for label in range(10):
        sizes = np.bincount(fold[labels == label], minlength=count)
        assert sizes.max() - sizes.min() <= 5
    assert (folds(digits, count, seed) == fold).all()

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kaggle_digits import sources
from kaggle_digits.digits import Digits, duplicates


def _groups(images):
    return Digits.numbered(images).near_duplicates


def test_copies_and_faint_changes_share_a_group_and_others_do_not():
    images = sources.load("sklearn").train.images[:200]
    faint = images[:5].copy()
    faint[:, 0, 0] = 9
    group = _groups(np.concatenate([images, images[:10], faint]))
    assert group[200:].tolist() == group[[*range(10), *range(5)]].tolist()
    other = images[:, ::-1]
    assert _groups(np.concatenate([images[:1], other[1:2]])).tolist() == [0, 1]


@given(st.integers(0, 2**32 - 1), st.integers(2, 40))
def test_groups_are_what_all_pairs_one_by_one_would_give(seed, count):
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, 4, 4), np.uint8)
    images[rng.integers(count)] = images[rng.integers(count)]
    pixels = images.reshape(count, -1) / np.linalg.norm(images.reshape(count, -1).astype(float), axis=1, keepdims=True)
    alike = pixels @ pixels.T >= duplicates.ALIKE
    reached = np.linalg.matrix_power(alike.astype(float), count) > 0
    assert _groups(images).tolist() == reached.argmax(axis=1).tolist()


def test_blank_images_are_no_trouble():
    assert len(_groups(np.zeros((3, 28, 28), np.uint8))) == 3

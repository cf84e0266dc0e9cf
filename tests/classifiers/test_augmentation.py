import numpy as np
import pytest

from kaggle_digits import sources
from kaggle_digits.backend import load_keras
from kaggle_digits.classifiers import augmentation
from kaggle_digits.recipes import Distortions

EVERYTHING = Distortions(rotation=10, shift=2, zoom=0.1, shear=0.1, elastic=1.0)


@pytest.fixture(scope="module")
def images():
    return sources.load("sklearn").train.images[:300]


def distorted(images, distortions, seed=0):
    distort = augmentation.distorter(load_keras(), distortions, images.shape[1:])
    return distort(images, np.random.default_rng(seed))


def barycentres(images):
    """Row and column of the ink's centre, in pixels, `(n, 2)`."""
    ink = images.astype(float)
    total = ink.sum(axis=(1, 2))
    rows, columns = (np.arange(side) for side in images.shape[1:])
    return np.stack([(ink.sum(axis=2) @ rows) / total, (ink.sum(axis=1) @ columns) / total], axis=1)


def test_no_distortion_changes_no_pixel(images):
    assert np.array_equal(distorted(images, Distortions()), images)


def test_images_keep_their_form_and_number(images):
    result = distorted(images, EVERYTHING)
    assert result.shape == images.shape
    assert result.dtype == np.uint8
    assert not np.array_equal(result, images)


def test_the_same_random_numbers_give_the_same_images(images):
    assert np.array_equal(distorted(images, EVERYTHING, 3), distorted(images, EVERYTHING, 3))
    assert not np.array_equal(distorted(images, EVERYTHING, 3), distorted(images, EVERYTHING, 4))


def test_every_image_is_distorted_by_itself():
    same = np.repeat(sources.load("sklearn").train.images[:1], 50, axis=0)
    assert len(np.unique(distorted(same, EVERYTHING), axis=0)) == 50


def test_more_images_than_are_warped_at_once():
    many = np.tile(sources.load("sklearn").train.images, (2, 1, 1))
    assert np.array_equal(distorted(many, Distortions()), many)


def test_shifts_stay_within_their_bound_and_keep_the_ink(images):
    result = distorted(images, Distortions(shift=2))
    moved = np.abs(barycentres(result) - barycentres(images))
    assert 1.5 < moved.max() <= 2.05
    assert result.sum(axis=(1, 2), dtype=float) == pytest.approx(images.sum(axis=(1, 2), dtype=float), rel=0.01)


def test_rotation_turns_by_no_more_than_its_angle():
    bar = np.zeros((200, 29, 29), np.uint8)
    bar[:, 3:26, 14] = 255
    result = distorted(bar, Distortions(rotation=10)).astype(float)
    top, bottom = barycentres(result[:, :8])[:, 1], barycentres(result[:, -8:])[:, 1]
    angles = np.rad2deg(np.arctan2(np.abs(top - bottom), 18.0))
    assert 8 < angles.max() < 11


def test_zoom_changes_the_size_by_no_more_than_its_share():
    square = np.zeros((200, 28, 28), np.uint8)
    square[:, 6:22, 6:22] = 255
    ink = distorted(square, Distortions(zoom=0.1)).sum(axis=(1, 2), dtype=float) / square[0].sum(dtype=float)
    assert 0.8 < ink.min() < 0.9
    assert 1.1 < ink.max() < 1.23


def test_beyond_the_edge_there_is_paper():
    full = np.full((50, 20, 24), 255, np.uint8)
    result = distorted(full, Distortions(shift=4))
    assert result[:, 6:-6, 6:-6].min() == 255
    assert (result.min(axis=(1, 2)) == 0).mean() > 0.8

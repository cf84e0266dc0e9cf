"""The filters in NumPy do what SciPy's do."""

import numpy as np
import pytest
from scipy import ndimage

from kaggle_digits.photos import filters

SHAPES = [(1, 1), (1, 7), (9, 1), (40, 53)]


@pytest.fixture(params=SHAPES, ids=str)
def picture(request):
    return np.random.default_rng(3).normal(size=request.param).astype(np.float32)


@pytest.fixture(params=[-9, 0.0, 0.8, 9])
def mask(request, picture):
    return ndimage.gaussian_filter(picture, 0.6) > 0.4 * request.param


@pytest.mark.parametrize("corners", [False, True])
def test_parts_and_their_numbers(mask, corners):
    found = filters.label(mask, corners=corners)
    numbers, count = ndimage.label(mask, np.ones((3, 3)) if corners else None)
    assert np.array_equal(found.numbers, numbers) and found.numbers.dtype == np.int32
    assert np.array_equal(found.areas[1:], [(numbers == number).sum() for number in range(1, count + 1)])
    boxes = [(across.start, down.start, across.stop, down.stop) for down, across in ndimage.find_objects(numbers)]
    assert found.boxes[1:].tolist() == [list(box) for box in boxes]
    assert np.array_equal(filters.measured(found.numbers).boxes, found.boxes)
    left, top, right, bottom = np.array(boxes).reshape(-1, 4).T
    height, width = mask.shape
    assert np.array_equal(found.at_border[1:], (left == 0) | (top == 0) | (right == width) | (bottom == height))


def test_holes(mask):
    assert np.array_equal(filters.around(mask).numbers[1:-1, 1:-1] != 1, ndimage.binary_fill_holes(mask))


@pytest.mark.parametrize(("deviation", "reach"), [(0.7, 4.0), (1.0, 4.0), (1.28, 2.0)])
def test_a_soft_picture(picture, deviation, reach):
    theirs = ndimage.gaussian_filter(picture, deviation, truncate=reach)
    assert filters.gaussian(picture, deviation, reach) == pytest.approx(theirs, abs=1e-6)
    assert filters.gaussian(picture[None], deviation, reach)[0] == pytest.approx(theirs, abs=1e-6)


@pytest.mark.parametrize("size", [1, 2, 3, 8, 41])
@pytest.mark.parametrize("axis", [0, 1])
def test_extremes_in_a_window(picture, mask, size, axis):
    assert np.array_equal(filters.highest(picture, size, axis), ndimage.maximum_filter1d(picture, size, axis))
    assert np.array_equal(filters.lowest(picture, size, axis), ndimage.minimum_filter1d(picture, size, axis))
    assert np.array_equal(filters.highest(mask, size, axis), ndimage.maximum_filter1d(mask, size, axis))


@pytest.mark.parametrize("most", [1.0, 2.3, 7.9])
def test_depths_are_right_as_far_as_they_matter(mask, most):
    framed = np.pad(mask, 2)
    ours, theirs = filters.depth(framed, most), ndimage.distance_transform_edt(framed)
    assert ours[theirs <= most] == pytest.approx(theirs[theirs <= most])
    assert (ours[theirs > most] > most).all()


def test_percentiles():
    values = np.random.default_rng(5).normal(size=(3, 90))
    theirs = np.percentile(values, (5, 30.5, 100), axis=1)
    assert filters.percentile(values, 5, 30.5, 100) == pytest.approx(theirs)
    assert filters.percentile(values[0], 60) == pytest.approx(np.percentile(values[0], 60))


def test_runs():
    mask = np.array([[1, 1, 0, 1], [0, 0, 0, 0], [1, 1, 1, 1]], np.bool_)
    assert filters.runs(mask).tolist() == [[2, 2, 0, 1], [0, 0, 0, 0], [4, 4, 4, 4]]
    assert filters.box(mask[:, 2:3]) == np.s_[2:3, 0:1] and filters.box(mask[1:2]) is None

"""Looking at an image five times."""

import numpy as np
import pytest

from kaggle_digits.classifiers.ensemble import SHIFTS, Augmented, Ensemble, shifted


class _Middle:
    """Says 1 as surely as the middle of the image is dark."""

    def probabilities(self, images):
        dark = images[:, 2, 2].astype(np.float32) / 255
        return np.stack([1 - dark, dark], axis=1)


@pytest.mark.parametrize(("down", "right"), [*SHIFTS, (2, -3), (-4, 4)])
def test_what_is_moved_out_is_lost_and_paper_comes_in(down, right):
    images = np.random.default_rng(0).integers(1, 256, (3, 5, 6), np.uint8)
    moved = shifted(images, down, right)
    assert moved.shape == images.shape
    assert moved.dtype == np.uint8
    for row in range(5):
        for column in range(6):
            inside = 0 <= row - down < 5 and 0 <= column - right < 6
            expected = images[:, row - down, column - right] if inside else 0
            assert np.array_equal(moved[:, row, column], np.broadcast_to(expected, 3))


def test_the_answer_is_the_mean_of_five_views():
    image = np.zeros((1, 5, 5), np.uint8)
    image[0, 2, 2] = 255
    image[0, 1, 2] = 255
    answer = Augmented(_Middle()).probabilities(image)
    assert answer.dtype == np.float32
    assert answer == pytest.approx(np.array([[0.6, 0.4]]))


def test_the_members_of_an_ensemble_look_again_where_it_says_so():
    """That a run says so, and what is loaded from it does, is among the tests of committees."""
    images = np.random.default_rng(1).integers(0, 256, (4, 5, 5), np.uint8)
    once, again = (Ensemble({"one": _Middle()}, {"one": 1.0}, "probabilities", tta=tta) for tta in (False, True))
    assert np.array_equal(once.probabilities(images), _Middle().probabilities(images))
    assert again.probabilities(images) == pytest.approx(Augmented(_Middle()).probabilities(images), abs=1e-6)
    assert not np.allclose(again.probabilities(images), once.probabilities(images))

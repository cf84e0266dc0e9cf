"""One number makes probabilities mean what they say."""

import numpy as np
import pytest

from kaggle_digits.classifiers import calibration


def drawn(temperature, rows=20_000):
    """Probabilities that would be right at a temperature, and labels drawn from those."""
    random = np.random.default_rng(0)
    probabilities = random.dirichlet(np.full(10, 0.3), rows).astype(np.float32)
    true = calibration.apply(probabilities, temperature)
    labels = (random.random((rows, 1)) > true.cumsum(axis=1)).sum(axis=1).clip(0, 9)
    return probabilities, labels


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_the_temperature_is_found_again(temperature):
    assert calibration.fit_temperature(*drawn(temperature)) == pytest.approx(temperature, rel=0.05)


def test_the_order_stays_and_rows_sum_to_one():
    probabilities, _ = drawn(1.0, 50)
    cooled = calibration.apply(probabilities, 3.0)
    assert cooled.dtype == np.float32
    assert cooled.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert (cooled.argmax(axis=1) == probabilities.argmax(axis=1)).all()
    assert (cooled.max(axis=1) <= probabilities.max(axis=1) + 1e-6).all()


def test_certainty_and_no_rows_are_bounded():
    certain = np.eye(10, dtype=np.float32)
    assert 0.05 <= calibration.fit_temperature(certain, np.arange(10)) <= 20
    assert calibration.fit_temperature(certain[:0], np.arange(0)) == 1.0


def test_a_few_rows_that_are_all_right_do_not_make_every_answer_certain():
    sure = np.full((5, 2), 0.1, np.float32)
    sure[:, 0] = 0.9
    temperature = calibration.fit_temperature(sure, np.zeros(5, np.int64))
    assert 0.3 < temperature < 1
    assert calibration.apply(sure, temperature)[0, 0] < 0.999


@pytest.mark.parametrize("rows", [0, 1, 4, 500])
def test_a_row_has_no_say_in_the_temperature_that_judges_it(rows):
    probabilities, labels = drawn(2.0, rows)
    calibrated = calibration.cross_fitted(probabilities, labels)
    assert calibrated.sum(axis=1) == pytest.approx(1, abs=1e-5)
    for row in range(min(rows, 7)):
        changed = labels.copy()
        changed[row] = (labels[row] + 1) % 10
        assert np.array_equal(calibration.cross_fitted(probabilities, changed)[row], calibrated[row])


def test_cross_fitted_probabilities_stay_so_whatever_the_temperature_was_before():
    probabilities, labels = drawn(2.0, 500)
    cooled = calibration.apply(probabilities, 1.5)
    expected = calibration.cross_fitted(probabilities, labels)
    assert calibration.cross_fitted(cooled, labels) == pytest.approx(expected, abs=2e-3)

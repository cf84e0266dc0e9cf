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

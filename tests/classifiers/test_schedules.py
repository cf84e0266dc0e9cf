import pytest

from kaggle_digits.classifiers import schedules
from kaggle_digits.recipes import Fit
from kaggle_digits.runs import Epoch

CYCLE = Fit(epochs=1, batch_size=1, learning_rate=2.0)


def test_one_cycle_rises_to_its_highest_and_falls_to_almost_nothing():
    rates = [schedules.rate(CYCLE, [], step / 100) for step in range(101)]
    assert rates[0] == pytest.approx(2 / 25)
    assert max(rates) == rates[10] == pytest.approx(2)
    assert rates[:11] == sorted(rates[:11])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] == pytest.approx(2e-3)
    assert schedules.rate(CYCLE, [], 1.5) == rates[-1]


def test_a_plateau_halves_the_rate_after_two_epochs_without_a_better_loss():
    how = Fit(epochs=9, batch_size=1, learning_rate=1.0, schedule="plateau")
    losses = [1.0, 0.5, 0.6, 0.7, 0.4, 0.4, 0.4]
    history = [Epoch(number, 0, 0, loss, 0, 0, 0) for number, loss in enumerate(losses, start=1)]
    rates = [schedules.rate(how, history[:done], 0.0) for done in range(8)]
    assert rates == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25]


def test_constant_is_constant():
    how = Fit(epochs=1, batch_size=1, learning_rate=0.1, schedule="constant")
    assert {schedules.rate(how, [], progress) for progress in (0, 0.5, 1)} == {0.1}

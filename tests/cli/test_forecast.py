"""How long several trainings will yet take."""

import pytest

from kaggle_digits.cli import progress
from kaggle_digits.cli.forecast import Forecast
from kaggle_digits.runs import Expected

FOLDS = [Expected(f"fold-{number}", "cnn", epochs=10) for number in (1, 2, 3, 4)]


def test_nobody_knows_before_anything_was_done() -> None:
    forecast = Forecast(FOLDS, 1)
    assert (forecast.left(0.0), forecast.share(0.0)) == (None, 0.0)
    forecast.begins("fold-1", 0.0)
    assert forecast.left(5.0) is None


def test_epochs_tell_how_long_all_will_take() -> None:
    forecast = Forecast(FOLDS, 1)
    forecast.begins("fold-1", 0.0)
    forecast.reaches("fold-1", 0.2, 20.0)
    assert forecast.left(20.0) == pytest.approx(80 + 3 * 100)
    assert forecast.share(20.0) == pytest.approx(20 / 400)
    # Between two epochs, time goes on.
    assert forecast.left(25.0) == pytest.approx(75 + 3 * 100)


def test_models_that_are_done_know_better() -> None:
    forecast = Forecast(FOLDS, 2)
    for name in ("fold-1", "fold-2"):
        forecast.begins(name, 0.0)
        forecast.ends(name, 150.0)  # with saving and answering
    assert (forecast.complete, forecast.count) == (2, 4)
    assert forecast.left(150.0) == pytest.approx(2 * 150 / 2)
    assert forecast.share(150.0) == pytest.approx(0.5)
    for name in ("fold-3", "fold-4"):
        forecast.begins(name, 150.0)
        forecast.ends(name, 290.0)
    assert (forecast.left(290.0), forecast.share(290.0)) == (0.0, 1.0)


def test_unlike_kinds_are_known_by_their_own() -> None:
    forecast = Forecast([Expected("a-fold-1", "a"), Expected("a-fold-2", "a"), Expected("b-fold-1", "b")], 1)
    forecast.ends("a-fold-1", 0.0)
    forecast.begins("b-fold-1", 0.0)
    forecast.ends("b-fold-1", 60.0)
    assert forecast.left(60.0) == pytest.approx(0.0, abs=1e-6)  # its like took no time


def test_the_clock_is_known_beforehand() -> None:
    forecast = Forecast([Expected("alone", "", seconds=90.0)], 1)
    forecast.begins("alone", 10.0)
    assert forecast.left(40.0) == pytest.approx(60.0)
    assert 0 <= (forecast.left(500.0) or 0.0) < 1.0  # late, and nearly there


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (89.0, "89 s"), (600.0, "10 min"), (5400.0, "1 h 30 min"), (7500.0, "2 h 05 min")],
)
def test_times_in_words(seconds: float, words: str) -> None:
    assert progress.in_words(seconds) == words

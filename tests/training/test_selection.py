"""What a committee is made of, chosen by out-of-fold rows."""

import numpy as np
import pytest

from kaggle_digits.training.selection import choose

_ROWS = 2000


def _answers(right: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Probabilities of two labels, right in some rows."""
    said = np.where(right, labels, 1 - labels)
    return np.where(np.arange(2) == said[:, None], 0.9, 0.1).astype(np.float32)


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return rng.integers(0, 2, _ROWS), rng.integers(0, 5, _ROWS), rng


def test_a_kind_that_only_guesses_is_dropped(rows):
    labels, fold_of, rng = rows
    good, useless = rng.random(_ROWS) < 0.95, rng.random(_ROWS) < 0.1
    chosen = choose([[_answers(good, labels), _answers(useless, labels)]], labels, fold_of)
    assert chosen.weights == [1.0, 0.0]
    assert (chosen.probabilities.argmax(axis=1) == labels).mean() == good.mean()


@pytest.mark.parametrize("better", [0, 1])
def test_the_better_candidate_is_taken(rows, better):
    labels, fold_of, rng = rows
    candidates = [[_answers(rng.random(_ROWS) < share, labels)] for share in (0.9, 0.9)]
    candidates[better] = [_answers(rng.random(_ROWS) < 0.99, labels)]
    assert choose(candidates, labels, fold_of).candidate == better


def test_between_equals_the_first_candidate_is_kept(rows):
    labels, fold_of, rng = rows
    answers = [_answers(rng.random(_ROWS) < 0.9, labels)]
    assert choose([answers, answers], labels, fold_of).candidate == 0


def test_the_estimate_is_not_flattered_by_the_choice(rows):
    """Of a hundred candidates that only guess, the luckiest looks good on the rows that chose it, and not on others."""
    labels, fold_of, rng = rows
    candidates = [[_answers(rng.random(_ROWS) < 0.5, labels)] for _ in range(100)]
    chosen = choose(candidates, labels, fold_of)
    flattered = (candidates[chosen.candidate][0].argmax(axis=1) == labels).mean()
    honest = (chosen.probabilities.argmax(axis=1) == labels).mean()
    assert flattered > 0.52
    assert honest < 0.52

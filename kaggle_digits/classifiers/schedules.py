"""How the learning rate goes: a function of what was done so far, so that a resumed training agrees."""

import math

from kaggle_digits.recipes import Fit
from kaggle_digits.runs import Epoch

_WARM_UP = 0.1
_FIRST, _LAST = 1 / 25, 1e-3  # of the highest rate
_PLATEAU_EPOCHS = 2


def rate(how: Fit, history: list[Epoch], progress: float) -> float:
    """The learning rate for the next step.

    Args:
        how: the schedule and the highest rate.
        history: the epochs that are done.
        progress: the share of the training that is done, 0 to 1.
    """
    if how.schedule == "constant":
        return how.learning_rate
    if how.schedule == "plateau":
        return _plateau(how.learning_rate, history)
    return how.learning_rate * _one_cycle(progress)


def _one_cycle(progress: float) -> float:
    """Up in a straight line, then down along a cosine: L. N. Smith, N. Topin, Super-Convergence, 2018."""
    if progress < _WARM_UP:
        return _FIRST + (1 - _FIRST) * progress / _WARM_UP
    down = min(1.0, (progress - _WARM_UP) / (1 - _WARM_UP))
    return _LAST + (1 - _LAST) * (1 + math.cos(math.pi * down)) / 2


def _plateau(highest: float, history: list[Epoch]) -> float:
    now, best, waited = highest, float("inf"), 0
    for epoch in history:
        waited = 0 if epoch.val_loss < best else waited + 1
        best = min(best, epoch.val_loss)
        if waited == _PLATEAU_EPOCHS:
            now, waited = now / 2, 0
    return now

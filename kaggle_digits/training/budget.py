"""What to train in the time that there is."""

import re
from dataclasses import dataclass

from kaggle_digits import recipes
from kaggle_digits.errors import DigitsError
from kaggle_digits.recipes import Committee, Recipe

_UNITS = {"s": 1, "m": 60, "h": 3600}
_SHORTEST = 10.0
_NO_END = 1_000_000  # epochs: the clock ends the training

# What follows a training - saving, answering the test rows, drawing - takes about as long as starting up did, and so
# much more for every member that must start, be saved and answer.
_AFTERWARDS = 1.3
_SLACK = 0.03
_MEMBER = 2.0

# From how many seconds on a kind of model is worth it, on a machine that needs half a millisecond for the convolution
# of `precision.pace`.
_REFERENCE = 0.5
_STRONG_FROM = 45.0
_FOLDS_FROM = 420.0
_FOLDS = 5


@dataclass(frozen=True)
class Budget:
    """The time that a command may take.

    Attributes:
        seconds: from the shell to the end.
        spent: seconds that have gone already, by loading libraries and rows.
        pace: what `precision.pace` says of this machine, in milliseconds.
    """

    seconds: float
    spent: float
    pace: float

    @property
    def for_training(self) -> float:
        """Seconds that a single training may take."""
        return max(1.0, self.seconds * (1 - _SLACK) - self.spent * (1 + _AFTERWARDS))


def parse(text: str) -> float:
    """Seconds, from `90s`, `10m`, `1h`, or a plain number of seconds.

    Raises:
        DigitsError: the text is none of these, or too short a time for anything.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip().lower())
    seconds = float(found[1]) * _UNITS[found[2] or "s"] if found else 0.0
    if not _SHORTEST <= seconds <= 7 * 24 * 3600:
        raise DigitsError(f"--budget must be a time such as 90s, 10m or 1h, of at least 10 s. Received: {text!r}.")
    return seconds


def choose(budget: Budget) -> Recipe:
    """The recipe that makes the most of the time."""
    seconds = budget.for_training * _REFERENCE / budget.pace
    if seconds < _STRONG_FROM:
        return within(recipes.get("sprint"), budget)
    if seconds < _FOLDS_FROM:
        return within(recipes.get("strong"), budget)
    return within(recipes.get("strong").in_folds(_FOLDS), budget)


def within(recipe: Recipe, budget: Budget) -> Recipe:
    """The same recipe, to be done in time.

    Raises:
        DigitsError: it is fitted in one go, so that nobody knows how long it will take.
    """
    if isinstance(recipe.model, Committee):
        members = len(recipe.model.recipes) * recipe.model.folds
        each = budget.for_training / members - _MEMBER * budget.spent
        return recipe.with_fit(seconds=max(1.0, each), epochs=_NO_END)
    if recipe.fit is None:
        raise DigitsError(f"{recipe.name} is fitted in one go: --budget cannot shorten it. Leave it out.")
    return recipe.with_fit(seconds=budget.for_training, epochs=_NO_END)

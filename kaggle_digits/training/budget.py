"""What to train in the time that there is."""

import re
from dataclasses import dataclass, replace

from kaggle_digits import recipes
from kaggle_digits.errors import DigitsError
from kaggle_digits.recipes import Committee, Recipe
from kaggle_digits.training import elsewhere

_UNITS = {"s": 1, "m": 60, "h": 3600}
_SHORTEST = 10.0
_NO_END = 1_000_000  # epochs: the clock ends the training

# What follows a training - saving, answering the test rows, drawing - takes about as long as starting up did, and so
# much more for every member that must start, be saved and answer.
_AFTERWARDS = 1.3
_SLACK = 0.03
_MEMBER = 2.0
_LEAST = 2.0

# Looking at images in five shifted views, rather than once, takes as long as two epochs: worth it for members that
# have the time for many more.
_VIEWS = 7.0
_VIEWS_FROM = 240.0

# From how many seconds of training on a kind of model is worth it; benchmarks/budget.py shows what they come to. A
# faster machine could make use of the larger ones a little earlier.
_STRONG_FROM = 150.0
_FOLDS_FROM = 420.0
_CHAMPION_FROM = 2300.0
_FOLDS = 5


@dataclass(frozen=True)
class Budget:
    """The time that a command may take.

    Attributes:
        seconds: from the shell to the end.
        spent: seconds that have gone already, by loading libraries and rows.
        folds: how many models are trained instead of one; None is as the time allows.
        jobs: how many of them at a time; None is as `elsewhere.in_processes` decides.
        most_at_once: how many processes this machine is good for.
    """

    seconds: float
    spent: float
    folds: int | None = None
    jobs: int | None = None
    most_at_once: int = 1

    @property
    def for_training(self) -> float:
        """Seconds that all training may take."""
        return max(1.0, self.seconds * (1 - _SLACK) - self.spent * (1 + _AFTERWARDS))

    def for_each_of(self, members: int) -> tuple[float, bool]:
        """What each of so many members may take, beside what it needs to start, to be saved and to answer.

        Returns:
            Seconds of training, and whether there is time for five views of every image.

        Raises:
            DigitsError: there is no time for so many.
        """
        at_once = self.jobs or min(self.most_at_once, members)
        each = self._for_each(members, at_once)
        if each - _VIEWS * self.spent >= _VIEWS_FROM:
            return each - _VIEWS * self.spent, True
        if self.jobs is None and each < elsewhere.LONG:
            each = self._for_each(members, 1)
        if each < _LEAST:
            raise DigitsError(
                f"there is no time for {members} models in {self.seconds:g} s. Give it more time, or fewer --folds."
            )
        return each, False

    def _for_each(self, members: int, at_once: int) -> float:
        return self.for_training / -(-members // at_once) - _MEMBER * self.spent


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
    """The recipe that makes the most of the time, not yet told how long it has: see `within`.

    Raises:
        DigitsError: there is no time for so many folds.
    """
    seconds = budget.for_training if budget.folds is None else budget.for_each_of(budget.folds)[0]
    if budget.folds is None and seconds >= _CHAMPION_FROM:
        return recipes.get("champion")
    recipe = recipes.get("sprint" if seconds < _STRONG_FROM else "strong")
    return recipe.in_folds(_FOLDS) if budget.folds is None and seconds >= _FOLDS_FROM else recipe


def within(recipe: Recipe, budget: Budget) -> Recipe:
    """The same recipe, in the folds that are asked for, to be done in time.

    Raises:
        DigitsError: it is fitted in one go, so that nobody knows how long it will take; or there is too little time.
    """
    if budget.folds is not None:
        recipe = recipe.in_folds(budget.folds)
    kinds = recipe.model.recipes if isinstance(recipe.model, Committee) else (recipe,)
    if any(kind.fit is None for kind in kinds):
        raise DigitsError(f"{recipe.name} is fitted in one go: --budget cannot shorten it. Leave it out.")
    if isinstance(recipe.model, Committee):
        each, views = budget.for_each_of(len(kinds) * recipe.model.folds)
        recipe = replace(recipe, model=replace(recipe.model, views=views))
        return recipe.with_fit(seconds=each, epochs=_NO_END)
    return recipe.with_fit(seconds=budget.for_training, epochs=_NO_END)

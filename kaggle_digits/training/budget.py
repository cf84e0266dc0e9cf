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
_MEMBER = 2.5
_LEAST = 2.0

# Where loading was slow, saving need not be, and a second of training is better than none.
_LEAST_ALONE = 1.0
_SAVING = 5.0

# Looking at images in five shifted views, rather than once, takes as long as two epochs: worth it for members that
# have the time for many more.
_VIEWS = 7.0
_VIEWS_FROM = 240.0

# From how many seconds of training on `strong` is better than `sprint`, alone and as a member, which may have a single
# core; and how many each member must have for folds to be better than one network. benchmarks/budget.py shows what they
# come to. A faster machine could do with less.
_STRONG_FROM = 40.0
_STRONG_MEMBER_FROM = 80.0
_FOLDS_FROM = 120.0
_FOLDS = 5


@dataclass(frozen=True)
class Share:
    """What each of several members may take.

    Attributes:
        at_once: how many are trained at a time.
        seconds: of training, beside what a member needs to start, to be saved and to answer; below 0 where the time
            does not even suffice for that.
        views: whether there is time for five views of every image.
    """

    at_once: int
    seconds: float
    views: bool


@dataclass(frozen=True)
class Budget:
    """The time that a command may take.

    Attributes:
        seconds: from the shell to the end.
        spent: seconds that have gone already, by loading libraries and rows.
        folds: how many models are trained instead of one; None is as the time allows.
        jobs: how many of them at a time; None is as many as make it faster.
        most_at_once: how many processes this machine is good for.
    """

    seconds: float
    spent: float
    folds: int | None = None
    jobs: int | None = None
    most_at_once: int = 1

    @property
    def for_training(self) -> float:
        """Seconds that all training may take; below 0 where loading and saving alone would take too long."""
        left = self.seconds * (1 - _SLACK) - self.spent * (1 + _AFTERWARDS)
        if left < _LEAST_ALONE <= self.seconds - self.spent - _SAVING:
            return _LEAST_ALONE
        return left

    def share(self, members: int) -> Share:
        """What each of so many members may take."""
        at_once = min(self.jobs or self.most_at_once, members)
        each = self._for_each(members, at_once)
        if each - _VIEWS * self.spent >= _VIEWS_FROM:
            return Share(at_once, each - _VIEWS * self.spent, views=True)
        if self.jobs is None and each < elsewhere.LONG:
            return Share(1, self._for_each(members, 1), views=False)
        return Share(at_once, each, views=False)

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
    """The recipe that makes the most of the time, not yet told how long it has: see `within`."""
    champion, strong = recipes.get("champion"), recipes.get("strong")
    if budget.folds is None:
        if isinstance(champion.model, Committee) and budget.share(champion.model.members).views:
            return champion
        if budget.share(_FOLDS).seconds >= _FOLDS_FROM:
            return strong.in_folds(_FOLDS)
        enough = budget.for_training >= _STRONG_FROM
    else:
        enough = budget.share(budget.folds).seconds >= _STRONG_MEMBER_FROM
    return strong if enough else recipes.get("sprint")


def within(recipe: Recipe, budget: Budget) -> tuple[Recipe, int]:
    """The same recipe, in the folds that are asked for, to be done in time.

    Returns:
        The recipe, and how many of its members must be trained at a time for that: 1 where it is a single model.

    Raises:
        DigitsError: it is fitted in one go, so that nobody knows how long it will take; or there is too little time.
    """
    if budget.folds is not None:
        recipe = recipe.in_folds(budget.folds)
    kinds = recipe.model.recipes if isinstance(recipe.model, Committee) else (recipe,)
    if any(kind.fit is None for kind in kinds):
        raise DigitsError(f"{recipe.name} is fitted in one go: --budget cannot shorten it. Leave it out.")
    if not isinstance(recipe.model, Committee):
        if budget.for_training < _LEAST_ALONE:
            raise DigitsError(
                f"there is no time to train in {budget.seconds:g} s: {budget.spent:.0f} s have gone by loading, and "
                "saving and answering come yet. Give it more time."
            )
        return recipe.with_fit(seconds=budget.for_training, epochs=_NO_END), 1
    share = budget.share(recipe.model.members)
    if share.seconds < _LEAST:
        raise DigitsError(
            f"there is no time for {recipe.model.members} models in {budget.seconds:g} s. Give it more time, or fewer "
            "--folds."
        )
    recipe = replace(recipe, model=replace(recipe.model, views=share.views))
    return recipe.with_fit(seconds=share.seconds, epochs=_NO_END), share.at_once

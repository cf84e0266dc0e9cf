"""What to train in the time that there is."""

import time
from dataclasses import dataclass, replace
from typing import NamedTuple

from kaggle_digits import recipes
from kaggle_digits.errors import DigitsError
from kaggle_digits.recipes import Recipe
from kaggle_digits.runs import Listener, Plan
from kaggle_digits.training import cluster, processes

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
_LITTLE = 2.5  # seconds of training that do little more than compile the first step

# Test-time augmentation, five views of every image, takes as long as two epochs: worth it for members that
# have the time for many more. So long does `strong` need on a single core.
_TTA = 7.0
_TTA_FROM = 215.0

# From how many seconds of training on `strong` is better than `sprint`, alone and as a member, which may have a single
# core. benchmarks/budget.py shows what they come to. A faster machine could do with less.
_STRONG_FROM = 75.0
_STRONG_MEMBER_FROM = 80.0

# What to train several models of, in folds and on all rows, the best first: whatever leaves time for the views of each.
_SEVERAL: tuple[tuple[str, int | None, int | None], ...] = (
    ("champion", None, None),
    ("strong", 5, 3),
    ("strong", None, 3),
    ("strong", None, 1),
)


class Share(NamedTuple):
    """What each of several members may take: how many train at a time; whether there is time for augmentation.

    The seconds are of training, beside what a member needs to start, to be saved and to answer; below 0 where the time
    does not even suffice for that.
    """

    at_once: int
    seconds: float
    tta: bool


@dataclass(frozen=True)
class Budget:
    """The time that a command may take.

    Attributes:
        seconds: from the shell to the end; `spent` have gone already, by loading libraries and rows.
        folds: how many models are trained instead of one; None is as the time allows.
        refit: how many more on all rows; None is as the recipe says.
        jobs: how many of them at a time; None is as many as make it faster, where the machine is good for so many.
    """

    seconds: float
    spent: float
    folds: int | None = None
    jobs: int | None = None
    most_at_once: int = 1
    refit: int | None = None

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
        each = self.for_training / -(-members // at_once) - _MEMBER * self.spent
        if each - _TTA * self.spent >= _TTA_FROM:
            return Share(at_once, each - _TTA * self.spent, tta=True)
        if self.jobs is None and each < processes.LONG:
            return Share(1, self.for_training / members - _MEMBER * self.spent, tta=False)
        return Share(at_once, each, tta=False)


def fitting(plan: Plan, recipe: Recipe, began: float, listener: Listener) -> tuple[Recipe, int]:
    """The recipe that makes the most of a plan's budget, or the one that it names, to be done in time.

    The time began when `time.perf_counter` said `began`.

    Returns:
        The recipe, in folds where it should be, and how many of its models to train at a time.

    Raises:
        DigitsError: it is fitted in one go, so that nobody knows how long it will take; or there is too little time.
    """
    most = processes.most_at_once()  # which also loads Keras, so that the time for that is counted as spent
    jobs = cluster.tasks_at_once(plan.cluster) if plan.cluster is not None else plan.jobs
    budget = Budget(plan.budget or 0.0, time.perf_counter() - began, plan.folds, jobs, most, plan.refit)
    if plan.recipe is None and recipe.built_in:
        recipe = choose(budget).with_values(plan.values)
    recipe, at_once = within(recipe, budget)
    if "epochs" in plan.values:  # who wants fewer than there is time for gets them
        recipe = recipe.with_values({"epochs": plan.values["epochs"]})
    listener.note(in_words(recipe, budget, at_once))
    return recipe, at_once


def in_words(recipe: Recipe, budget: Budget, at_once: int) -> str:
    """What the time is used for, and whether it is hardly worth it."""
    how = f"trained for {budget.for_training:.0f} s"
    if recipe.is_committee:
        how = f"{recipe.models} models, {at_once} at a time, {how} in all"
    if budget.for_training < _LITTLE:
        how += f" after {budget.spent:.0f} s of loading; allow more time for an accurate model"
    return f"in {budget.seconds:g} s: {recipe.name}, {how}"


def choose(budget: Budget) -> Recipe:
    """The recipe that makes the most of the time, not yet told how long it has: see `within`."""
    if budget.folds is None:
        for name, folds, refit in _SEVERAL:
            recipe = recipes.load(name).in_folds(folds, refit)
            if budget.share(recipe.models).tta:
                return recipe
        enough = budget.for_training >= _STRONG_FROM
    else:
        enough = budget.share(budget.folds + (budget.refit or 0)).seconds >= _STRONG_MEMBER_FROM
    return recipes.load("strong" if enough else "sprint")


def within(recipe: Recipe, budget: Budget) -> tuple[Recipe, int]:
    """The same recipe, in the folds that are asked for, to be done in time; how many models at a time that takes.

    Raises:
        DigitsError: it is fitted in one go, so that nobody knows how long it will take; or there is too little time.
    """
    recipe = recipe.in_folds(budget.folds, budget.refit)
    if any(kind.fit is None and kind.built_in for kind in recipe.kinds):
        raise DigitsError(f"{recipe.name} is not trained in epochs: --budget cannot shorten it. Leave it out.")
    if not recipe.is_committee:
        if budget.for_training < _LEAST_ALONE:
            raise DigitsError(
                f"{budget.seconds:g} s is too short: loading took {budget.spent:.0f} s, and saving takes time too. "
                "Allow more time."
            )
        return recipe.with_values({"seconds": budget.for_training, "epochs": _NO_END}), 1
    share = budget.share(recipe.models)
    if share.seconds < _LEAST:
        raise DigitsError(
            f"{budget.seconds:g} s is too short for {recipe.models} models. Allow more time, or fewer --folds."
        )
    recipe = replace(recipe, tta=share.tta)
    return recipe.with_values({"seconds": share.seconds, "epochs": _NO_END}), share.at_once

"""Digits of other hands, learned beside those of the data: never judged by, and never among those to label."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from kaggle_digits import sources
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DataError
from kaggle_digits.predictor import CORRECTIONS
from kaggle_digits.recipes import Recipe
from kaggle_digits.runs import Plan
from kaggle_digits.sources import Source, leaks


def load(plan: Plan, recipe: Recipe, source: Source) -> Source | None:
    """The digits that a plan names with `also`; None where it names none.

    Raises:
        DataError: they cannot be read, have another shape or no such labels, or are among the digits to label.
    """
    if plan.also is None:
        return None
    if Path(plan.also).name == CORRECTIONS.name and not any(Path(plan.also).rglob("*.*")):
        raise DataError(
            f"there are no corrections in {plan.also} yet. Make some: kaggle-digits predict PICTURE --correct DIGITS."
        )
    also = sources.load(plan.also, image_shape=source.train.image_shape, skip_broken=plan.skip_broken)
    ours, theirs = (" x ".join(map(str, one.train.image_shape)) for one in (source, also))
    if ours != theirs:
        raise DataError(f"{also.name} has images of {theirs} pixels, and {source.name} of {ours}.")
    leak = leaks.find(replace(also, test=source.test))
    if leak is not None and not plan.allow_leak:
        raise DataError(f"{leak} Leave those out, or --also.")
    train = also.train if recipe.labels is None else also.train.of_labels(recipe.labels)
    return replace(also, train=train, test=None)


def joined(learned: Digits, others: Digits, held_out: Digits) -> Digits:
    """The digits to learn from, with those of other hands after them, but for images that are held out as well.

    Where every row is held out once, in folds, that is all of them. Those of other hands are numbered down from -1.

    Raises:
        DataError: they have labels that the data does not have.
    """
    added = np.flatnonzero(~np.isin(others.hashes, held_out.hashes))
    return learned.followed_by(others.images[added], others.known_labels[added])

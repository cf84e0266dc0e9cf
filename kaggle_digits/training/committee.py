"""Members of a committee: each kind of model once for every fold, and what they say of the rows they did not learn."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaggle_digits import classifiers, runs
from kaggle_digits.classifiers.ensemble import Ensemble
from kaggle_digits.classifiers.protocol import Layer, Listener
from kaggle_digits.classifiers.shifts import Shifted
from kaggle_digits.digits import Digits, folds
from kaggle_digits.errors import DigitsError, RunError
from kaggle_digits.files import storage
from kaggle_digits.recipes import Committee, Recipe
from kaggle_digits.runs import Run
from kaggle_digits.training import outcome, selection, single
from kaggle_digits.training.outcome import Clock, Outcome

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# What a member says of its validation rows when it looks at each in five shifted views.
_SHIFTED = "shifted.npy"

TEMPORARY = ".member-"
"""What the folders of members that are on their way begin with; nothing in them outlives the process."""

# The rows are dealt in the same way whatever the seed of a training, so that any two can be compared row by row.
_FOLDS_SEED = 0


class Paused(KeyboardInterrupt):
    """A training of many members was asked to stop; what is done is kept.

    Attributes:
        run: the name of the run that can be gone on with.
    """

    def __init__(self, run: str) -> None:
        super().__init__(run)
        self.run = run


@dataclass(frozen=True)
class Member:
    """One model of a committee.

    Attributes:
        name: of its folder in the run folder.
        recipe: the model and how to fit it.
        fold: the number of the fold that it does not learn, from 0.
        seed: for its first weights, the order of its rows, distortions and dropout.
        views: whether it answers the rows of its fold in five shifted views, too.
    """

    name: str
    recipe: Recipe
    fold: int
    seed: int
    views: bool


@dataclass(frozen=True)
class Work:
    """What the members of one run have in common.

    Attributes:
        path: the run's folder.
        plan: what the run began with.
        digits: all labelled digits.
        fold_of: integers `(n,)`, the fold of each row.
    """

    path: Path
    plan: dict[str, Any]
    digits: Digits
    fold_of: "NDArray[np.intp]"


Elsewhere = Callable[[Work, list[Member], Listener], None]
"""Trains those of all members that are missing in other processes, or on other machines; it may leave some, or all."""


def members(committee: Committee, seed: int) -> list[Member]:
    """All members, the kinds one after the other; those of a kind are what that kind alone in folds would have."""
    names = [recipe.name for recipe in committee.recipes]
    alone = len(names) == 1
    return [
        Member(
            name=f"fold-{fold + 1}" if alone else f"{recipe.name}-fold-{fold + 1}",
            recipe=recipe,
            fold=fold,
            seed=(seed + fold) % 2**32,
            views=committee.views and recipe.fit is not None,
        )
        for recipe in committee.recipes
        for fold in range(committee.folds)
    ]


def learn(
    path: Path,
    plan: dict[str, Any],
    committee: Committee,
    digits: Digits,
    listener: Listener,
    elsewhere: Elsewhere | None = None,
) -> Outcome:
    """Trains all members that are not there yet, and puts them together.

    Args:
        path: the run's folder.
        plan: what the run began with.
        committee: the kinds of members and the number of folds.
        digits: labelled digits.
        listener: hears of every member's steps and epochs, and may stop the training.
        elsewhere: may train members that are not there yet. Those that it leaves are trained in this process, one
            after the other.

    Returns:
        The outcome, whose probabilities are out-of-fold: each row is answered by members that did not learn it.

    Raises:
        Paused: the listener stopped it.
        DataError: too few rows for the folds.
        StorageError: the folder cannot be written, or the disk is full.
    """
    for left in path.glob(f"{TEMPORARY}*"):
        shutil.rmtree(left, ignore_errors=True)
    work = Work(path, plan, digits, folds(digits, committee.folds, _FOLDS_SEED))
    everyone = members(committee, plan["seed"])
    try:
        if elsewhere is not None and missing(work, everyone):
            elsewhere(work, everyone, listener)
        for number, member in enumerate(everyone, start=1):
            if missing(work, [member]):
                listener.note(f"{member.name}, {number} of {len(everyone)}")
            train_here(work, member, listener)
    except DigitsError:
        if len(missing(work, everyone)) < len(everyone):
            listener.note(f"what is done is kept; to go on, on the same machines: --resume {path.name}")
        raise
    return _together(work, committee, everyone)


def missing(work: Work, members: list[Member]) -> list[Member]:
    """Those of the members that are not complete yet."""
    return [member for member in members if not (work.path / member.name / runs.RECORD).exists()]


def train_here(work: Work, member: Member, listener: Listener) -> Run:
    """Trains a member in this process, or goes on with it, unless it is complete already.

    Args:
        work: the run that it is a member of.
        member: which member.
        listener: hears of its steps and epochs, and may stop it.

    Raises:
        Paused: the listener stopped it.
    """
    import numpy as np

    clock, folder = Clock(), work.path / member.name
    if (folder / runs.RECORD).exists():
        return runs.find(folder)
    own = {**work.plan, "recipe": member.recipe.as_json(), "seed": member.seed, "fold": member.fold}
    storage.write_text(folder / runs.PLAN, json.dumps({"format": runs.FORMAT, **own}, indent=2) + "\n")
    out = work.digits.take(np.flatnonzero(work.fold_of == member.fold))
    others = work.digits.take(np.flatnonzero(work.fold_of != member.fold))
    found = single.learn(folder, member.recipe, others, out, seed=member.seed, listener=listener)
    if found.interrupted:
        raise Paused(work.path.name)
    if member.views:
        views = Shifted(found.classifier).probabilities(out.images)
        with storage.replacing(folder / _SHIFTED) as temporary, temporary.open("wb") as file:
            np.save(file, views)
        found = replace(found, files=[*found.files, _SHIFTED])
    report = outcome.write_numbers(folder, found)
    return outcome.complete(folder, found, report, clock.seconds)


def _together(work: Work, committee: Committee, everyone: list[Member]) -> Outcome:
    """The ensemble of all members, judged by what each said of the rows that it did not learn."""
    path, digits, fold_of = work.path, work.digits, work.fold_of
    complete = {member.name: runs.find(path / member.name) for member in everyone}
    kinds = [[one for one in everyone if one.recipe is recipe] for recipe in committee.recipes]
    ways = [[_out_of_fold(work, kind, _answered) for kind in kinds]]
    if all((path / name / _SHIFTED).exists() for name in complete):
        ways.append([_out_of_fold(work, kind, _answered_in_views) for kind in kinds])
    chosen = selection.choose(ways, digits.known_labels, fold_of)
    weights = {
        member.name: weight
        for recipe, weight in zip(committee.recipes, chosen.weights, strict=True)
        for member in everyone
        if member.recipe is recipe and weight > 0
    }
    ensemble = Ensemble(
        {name: classifiers.load(path / name, complete[name].record["files"]) for name in weights},
        weights,
        chosen.mean,
        shifts=chosen.way == 1,
    )
    files = ensemble.save(path)
    layers = [
        Layer(name, str(complete[name].record["recipe"]["kind"]), (), int(complete[name].record["parameters"]))
        for name in weights
    ]
    right = chosen.probabilities.argmax(axis=1) == digits.known_labels
    return Outcome(
        classifier=ensemble,
        files=[*files, *(f"{name}/{file}" for name in weights for file in complete[name].record["files"])],
        layers=layers,
        learned=digits,
        validation=digits,
        probabilities=chosen.probabilities,
        history=[],
        train_seconds=sum(run.record["train_seconds"] for run in complete.values()),
        details={
            "members": {name: weights.get(name, 0.0) for name in complete},
            "folds": [float(right[fold_of == fold].mean()) for fold in range(committee.folds)],
        },
    )


def _out_of_fold(
    work: Work, of_a_kind: list[Member], answered: "Callable[[Run], NDArray[np.float32]]"
) -> "NDArray[np.float32]":
    """float32 `(n, classes)`: each row as the member answered it that did not learn it."""
    import numpy as np

    answers = np.zeros((len(work.digits), work.digits.classes), np.float32)
    for member in of_a_kind:
        answers[work.fold_of == member.fold] = answered(runs.find(work.path / member.name))
    return answers


def _answered(run: Run) -> "NDArray[np.float32]":
    return runs.validation_rows(run)[2]


def _answered_in_views(run: Run) -> "NDArray[np.float32]":
    import numpy as np

    try:
        with (run.path / _SHIFTED).open("rb") as file:
            answers: NDArray[np.float32] = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise RunError(f"{run.path / _SHIFTED} cannot be read: {error}. Train again.") from error
    return answers

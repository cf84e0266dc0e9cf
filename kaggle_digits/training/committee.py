"""Members of a committee: each kind of model once for every fold, and what they say of the rows they did not learn.

Folds tell what the committee is worth and how to weigh its kinds. Models that learn all rows err less, since a fifth of
the rows is more to learn from; nobody could judge them, so that they only answer new images (`Recipe.refit`): beside
the models of folds, or, from three on, in their place.
"""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from kaggle_digits import classifiers, runs
from kaggle_digits.classifiers import ensemble
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DigitsError, RunError
from kaggle_digits.files import storage
from kaggle_digits.recipes import Recipe
from kaggle_digits.runs import Beginning, Expected, LayerRecord, Listener, Run, rows
from kaggle_digits.training import selection, single, writing
from kaggle_digits.training.writing import Trained

# What a member says of its validation rows with test-time augmentation.
_AUGMENTED = "tta.npy"

# A member that is refit to all rows leaves out one in so many: they show that it learns, and set its temperature.
_CHECKED = 50
_REFIT = "refit"

# From so many refit models of a kind on, those of folds do not answer. On four times 16,800 rows, five models of folds
# made 634 errors, three refit 584, five refit 567, these with those of folds 585 (benchmarks/forecast.py, sprint+5).
_ALONE = 3

TEMPORARY = ".member-"
"""What the folders of members that are on their way begin with; nothing in them outlives the process."""


class Paused(KeyboardInterrupt):
    """A training of many models was asked to stop; what is done is kept.

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
        recipe: the model and how to fit it; `tta` says whether it answers its rows with test-time augmentation, too.
        beginning: what its own run begins with: the fold that it does not learn, its seed, its recipe. A number after
            those of the folds stands for all rows but a few.
    """

    name: str
    recipe: Recipe
    beginning: Beginning

    @property
    def expected(self) -> Expected:
        """What a listener may expect of it."""
        fit = self.recipe.fit
        if fit is None:
            return Expected(self.name, self.recipe.name)
        return Expected(self.name, self.recipe.name, None if fit.seconds else fit.epochs, fit.seconds)


@dataclass(frozen=True)
class Work:
    """What the members of one run have in common.

    Attributes:
        path: the run's folder.
        digits: all labelled digits.
        fold_of: integers `(n,)`, the fold of each row; -1 of those that every member learns and none is judged by.
        unlabelled: uint8 `(m, height, width)`, the images to label, for recipes that learn from them.
    """

    path: Path
    digits: Digits
    fold_of: NDArray[np.intp]
    unlabelled: NDArray[np.uint8] | None = None

    def held_out(self, member: Member) -> NDArray[np.bool_]:
        """`(n,)`: the rows that a member does not learn."""
        fold = member.beginning.fold or 0
        if fold <= self.fold_of.max():
            held_out: NDArray[np.bool_] = self.fold_of == fold
        else:
            dealt = np.random.default_rng(fold).permutation(len(self.digits))
            held_out = (dealt % _CHECKED == 0) & (self.fold_of >= 0)
        return held_out


Executor = Callable[[Work, list[Member], Listener], None]
"""Trains those of all members that are missing in other processes, or on other machines; it may leave some, or all.

The listener is told of every epoch. On Ctrl-C, members that are done stay.
"""


def members(recipe: Recipe, beginning: Beginning) -> list[Member]:
    """All members of a committee, the kinds one after the other; those of a kind are what it alone in folds would have.

    Args:
        recipe: a committee.
        beginning: what its run began with.
    """
    plan, change, found = beginning.plan, msgspec.structs.replace, []
    folds = recipe.folds or 1
    for kind in recipe.members:
        kind = replace(kind, tta=recipe.tta)
        for fold in range(folds + recipe.refit):
            own = change(plan, seed=(plan.seed + fold) % 2**32, tensorboard=False)
            name = f"fold-{fold + 1}" if fold < folds else f"{_REFIT}-{fold + 1 - folds}"
            name = name if len(recipe.members) == 1 else f"{kind.name}-{name}"
            found.append(Member(name, kind, change(beginning, plan=own, recipe=kind.record(), fold=fold)))
    return found


def train(work: Work, beginning: Beginning, recipe: Recipe, listener: Listener, executor: Executor) -> Trained:
    """Trains all members of a committee that are not there yet, and puts them together.

    Those that the executor leaves are trained in this process, one after the other.

    Returns:
        What was trained, whose probabilities are out-of-fold: each row is answered by members that did not learn it.

    Raises:
        Paused: the listener stopped it.
    """
    for left in work.path.glob(f"{TEMPORARY}*"):
        shutil.rmtree(left, ignore_errors=True)
    everyone = members(recipe, beginning)
    try:
        if missing(work, everyone):
            try:
                executor(work, everyone, listener)
            except KeyboardInterrupt:
                raise Paused(work.path.name) from None
        to_train = missing(work, everyone)
        if to_train:
            listener.several([member.expected for member in to_train], 1)
        for member in to_train:
            listener.note(f"{member.name}, {everyone.index(member) + 1} of {len(everyone)}")
            listener.model_begins(member.name)
            train_member(work, member, listener)
            listener.model_ends(member.name)
    except DigitsError:
        if len(missing(work, everyone)) < len(everyone):
            listener.note(f"finished models are kept; to continue on the same machines: --resume {work.path.name}")
        raise
    return _combine(work, recipe, everyone)


def missing(work: Work, members: list[Member]) -> list[Member]:
    """Those of the members that are not complete yet."""
    return [member for member in members if not (work.path / member.name / runs.RECORD).exists()]


def train_member(work: Work, member: Member, listener: Listener) -> Run:
    """Trains a member in this process, or goes on with it, unless it is complete already.

    Raises:
        Paused: the listener stopped it.
    """
    began, folder = time.perf_counter(), work.path / member.name
    if (folder / runs.RECORD).exists():
        return runs.read(folder)
    runs.write_plan(folder, member.beginning)
    out = work.held_out(member)
    learned, judged = (work.digits.take(np.flatnonzero(rows)) for rows in (~out, out))
    trained = single.train(folder, member.beginning, member.recipe, learned, judged, listener, work.unlabelled)
    if trained.interrupted:
        raise Paused(work.path.name)
    if member.recipe.tta and member.recipe.fit is not None:
        with storage.replacing(folder / _AUGMENTED) as temporary, temporary.open("wb") as file:
            np.save(file, ensemble.Augmented(trained.classifier).probabilities(judged.images))
        trained = replace(trained, files=[*trained.files, _AUGMENTED])
    return writing.complete(folder, member.beginning, trained, writing.write_numbers(folder, trained), began)


def _combine(work: Work, recipe: Recipe, everyone: list[Member]) -> Trained:
    """The ensemble of all members, judged by what each said of the rows that it did not learn."""
    own = np.flatnonzero(work.fold_of >= 0)
    digits, fold_of = work.digits.take(own), work.fold_of[own]
    labels = digits.known_labels
    complete = {member.name: runs.read(work.path / member.name) for member in everyone}
    records = {name: run.record for name, run in complete.items()}
    folds = recipe.folds or 1
    count = folds + recipe.refit
    kinds = [everyone[first : first + count] for first in range(0, len(everyone), count)]
    judged = [kind[:folds] for kind in kinds]
    candidates = [[_out_of_fold(work, kind, lambda folder: rows.validation(folder)[2]) for kind in judged]]
    if all((work.path / member.name / _AUGMENTED).exists() for kind in judged for member in kind):
        candidates.append([_out_of_fold(work, kind, _augmented) for kind in judged])
    chosen = selection.choose(candidates, labels, fold_of)
    first = folds if recipe.refit >= _ALONE else 0
    weights = {
        member.name: weight
        for kind, weight in zip(kinds, chosen.weights, strict=True)
        for member in kind[first:]
        if weight > 0
    }
    answering = {name: classifiers.load(complete[name]) for name in weights}
    together = ensemble.Ensemble(answering, weights, chosen.mean, tta=chosen.candidate == 1)
    right = chosen.probabilities.argmax(axis=1) == labels
    return Trained(
        classifier=together,
        files=[f"{name}/{file}" for name in weights for file in records[name].files],
        layers=[LayerRecord(name, records[name].recipe.name, (), records[name].parameters) for name in weights],
        learned=work.digits,
        validation=digits,
        probabilities=chosen.probabilities,
        train_seconds=sum(record.train_seconds for record in records.values()),
        details={
            "precision": records[everyone[0].name].precision,
            "members": {name: weights.get(name, 0.0) for name in records},
            "mean": chosen.mean,
            "tta": together.tta,
            "folds": [float(right[fold_of == fold].mean()) for fold in range(folds)] if folds > 1 else None,
        },
    )


def _out_of_fold(work: Work, kind: list[Member], read: Callable[[Path], NDArray[np.float32]]) -> NDArray[np.float32]:
    """float32 `(n, classes)`: each row as the member answered it that did not learn it."""
    probabilities = np.zeros((len(work.digits), work.digits.classes), np.float32)
    for member in kind:
        probabilities[work.held_out(member)] = read(work.path / member.name)
    return probabilities[work.fold_of >= 0]


def _augmented(folder: Path) -> NDArray[np.float32]:
    path = folder / _AUGMENTED
    try:
        with path.open("rb") as file:
            probabilities: NDArray[np.float32] = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise RunError(f"{path} cannot be read: {error}. Train again.") from error
    return probabilities

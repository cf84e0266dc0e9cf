"""Members of a committee: each kind of model once for every fold, and what they say of the rows they did not learn."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from kaggle_digits import classifiers, runs
from kaggle_digits.classifiers import ensemble, tta
from kaggle_digits.digits import Digits, folds
from kaggle_digits.errors import DigitsError, RunError
from kaggle_digits.files import storage
from kaggle_digits.recipes import Recipe
from kaggle_digits.runs import Beginning, Expected, LayerRecord, Listener, Run, rows
from kaggle_digits.training import selection, single, writing
from kaggle_digits.training.holding_out import FOLDS_SEED
from kaggle_digits.training.writing import Clock, Trained

# What a member says of its validation rows with test-time augmentation.
_AUGMENTED = "tta.npy"

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
        recipe: the model and how to fit it.
        fold: the number of the fold that it does not learn, from 0.
        seed: for its first weights, the order of its rows, distortions and dropout.
        tta: whether it answers the rows of its fold with test-time augmentation, too.
    """

    name: str
    recipe: Recipe
    fold: int
    seed: int
    tta: bool

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
        beginning: what the run began with.
        digits: all labelled digits.
        fold_of: integers `(n,)`, the fold of each row.
    """

    path: Path
    beginning: Beginning
    digits: Digits
    fold_of: NDArray[np.intp]


Executor = Callable[[Work, list[Member], Listener], None]
"""Trains those of all members that are missing in other processes, or on other machines; it may leave some, or all."""


def members(recipe: Recipe, seed: int) -> list[Member]:
    """All members of a committee, the kinds one after the other.

    Those of a kind are what that kind alone in folds would have.

    Args:
        recipe: a committee.
        seed: of the run.
    """
    alone = len(recipe.members) == 1
    return [
        Member(
            name=f"fold-{fold + 1}" if alone else f"{kind.name}-fold-{fold + 1}",
            recipe=kind,
            fold=fold,
            seed=(seed + fold) % 2**32,
            tta=recipe.tta and kind.fit is not None,
        )
        for kind in recipe.members
        for fold in range(recipe.folds or 1)
    ]


def train(
    path: Path, beginning: Beginning, recipe: Recipe, digits: Digits, listener: Listener, executor: Executor
) -> Trained:
    """Trains all members that are not there yet, and puts them together.

    Args:
        path: the run's folder.
        beginning: what the run began with.
        recipe: a committee.
        digits: labelled digits.
        listener: hears of every member's steps and epochs, and may stop the training.
        executor: may train members that are not there yet. Those that it leaves are trained in this process, one
            after the other.

    Returns:
        What was trained, whose probabilities are out-of-fold: each row is answered by members that did not learn it.

    Raises:
        Paused: the listener stopped it.
        DataError: too few rows for the folds.
        StorageError: the folder cannot be written, or the disk is full.
    """
    for left in path.glob(f"{TEMPORARY}*"):
        shutil.rmtree(left, ignore_errors=True)
    work = Work(path, beginning, digits, folds(digits, recipe.folds or 1, FOLDS_SEED))
    everyone = members(recipe, beginning.plan.seed)
    try:
        if missing(work, everyone):
            executor(work, everyone, listener)
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
            listener.note(f"what is done is kept; to go on, on the same machines: --resume {path.name}")
        raise
    return _combine(work, recipe, everyone)


def missing(work: Work, members: list[Member]) -> list[Member]:
    """Those of the members that are not complete yet."""
    return [member for member in members if not (work.path / member.name / runs.RECORD).exists()]


def train_member(work: Work, member: Member, listener: Listener) -> Run:
    """Trains a member in this process, or goes on with it, unless it is complete already.

    Args:
        work: the run that it is a member of.
        member: which member.
        listener: hears of its steps and epochs, and may stop it.

    Raises:
        Paused: the listener stopped it.
    """
    clock, folder, structs = Clock(), work.path / member.name, msgspec.structs
    if (folder / runs.RECORD).exists():
        return runs.read(folder)
    own = structs.replace(
        work.beginning,
        plan=structs.replace(work.beginning.plan, seed=member.seed, tensorboard=False),
        recipe=member.recipe.record(),
        fold=member.fold,
    )
    runs.write_plan(folder, own)
    out = work.digits.take(np.flatnonzero(work.fold_of == member.fold))
    others = work.digits.take(np.flatnonzero(work.fold_of != member.fold))
    trained = single.train(folder, own, member.recipe, others, out, listener)
    if trained.interrupted:
        raise Paused(work.path.name)
    if member.tta:
        with storage.replacing(folder / _AUGMENTED) as temporary, temporary.open("wb") as file:
            np.save(file, tta.Augmented(trained.classifier).probabilities(out.images))
        trained = replace(trained, files=[*trained.files, _AUGMENTED])
    report = writing.write_numbers(folder, trained)
    return writing.complete(folder, own, trained, report, clock.seconds)


def _combine(work: Work, recipe: Recipe, everyone: list[Member]) -> Trained:
    """The ensemble of all members, judged by what each said of the rows that it did not learn."""
    path, digits, fold_of = work.path, work.digits, work.fold_of
    complete = {member.name: runs.read(path / member.name) for member in everyone}
    kinds = [[one for one in everyone if one.recipe is kind] for kind in recipe.members]
    candidates = [[_out_of_fold(work, kind, _plain) for kind in kinds]]
    if all((path / name / _AUGMENTED).exists() for name in complete):
        candidates.append([_out_of_fold(work, kind, _augmented) for kind in kinds])
    chosen = selection.choose(candidates, digits.known_labels, fold_of)
    weights = {
        member.name: weight for kind, weight in zip(kinds, chosen.weights, strict=True) for member in kind if weight > 0
    }
    together = ensemble.Ensemble(
        {name: classifiers.load(complete[name]) for name in weights}, weights, chosen.mean, tta=chosen.candidate == 1
    )
    right = chosen.probabilities.argmax(axis=1) == digits.known_labels
    return Trained(
        classifier=together,
        files=[f"{name}/{file}" for name in weights for file in complete[name].record.files],
        layers=[
            LayerRecord(name, complete[name].record.recipe.name, (), complete[name].record.parameters)
            for name in weights
        ],
        learned=digits,
        validation=digits,
        probabilities=chosen.probabilities,
        history=[],
        train_seconds=sum(run.record.train_seconds for run in complete.values()),
        precision=next(iter(complete.values())).record.precision,
        details={
            "members": {name: weights.get(name, 0.0) for name in complete},
            "mean": chosen.mean,
            "tta": together.tta,
            "folds": [float(right[fold_of == fold].mean()) for fold in range(recipe.folds or 1)],
        },
    )


def _out_of_fold(work: Work, kind: list[Member], read: Callable[[Run], NDArray[np.float32]]) -> NDArray[np.float32]:
    """float32 `(n, classes)`: each row as the member answered it that did not learn it."""
    probabilities = np.zeros((len(work.digits), work.digits.classes), np.float32)
    for member in kind:
        probabilities[work.fold_of == member.fold] = read(runs.read(work.path / member.name))
    return probabilities


def _plain(run: Run) -> NDArray[np.float32]:
    return rows.validation(run.path)[2]


def _augmented(run: Run) -> NDArray[np.float32]:
    try:
        with (run.path / _AUGMENTED).open("rb") as file:
            probabilities: NDArray[np.float32] = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise RunError(f"{run.path / _AUGMENTED} cannot be read: {error}. Train again.") from error
    return probabilities

"""From what was asked for to a run: on this machine, on Kaggle's, or where an interrupted training was."""

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaggle_digits import recipes
from kaggle_digits.cli import console
from kaggle_digits.errors import RunError
from kaggle_digits.files import digit_recognizer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaggle_digits.runs import Run
    from kaggle_digits.training.committee import Elsewhere
    from kaggle_digits.training.on_kaggle import Way

    Done = tuple[Run, Path | None]


@dataclass(frozen=True)
class Wish:
    """What was asked for, as the options say it; see `options`.

    Attributes:
        recipe: its name, or None.
        dials: what to change of how it is fitted; None changes nothing.
        budget: seconds, or None.
    """

    recipe: str | None
    dials: dict[str, Any]
    seed: int
    validation: float
    folds: int | None
    exclude: Path | None
    data: str
    skip_broken: bool
    allow_leak: bool
    tensorboard: bool
    budget: float | None

    @property
    def chosen(self) -> recipes.Recipe:
        """The recipe, changed as asked for."""
        return recipes.get(self.recipe or recipes.DEFAULT).with_fit(**self.dials)


@dataclass(frozen=True)
class Machine:
    """Who trains the members of a committee: a cluster, or so many processes of this machine; None is what helps."""

    cluster: str | None
    jobs: int | None

    @property
    def elsewhere(self) -> "Elsewhere":
        """As `training.train` understands it."""
        from kaggle_digits.training import elsewhere

        if self.cluster is not None:
            return partial(elsewhere.on_cluster, self.cluster)
        return partial(elsewhere.in_processes, self.jobs)


@dataclass(frozen=True)
class Folders:
    """Where runs and submissions are."""

    models: Path
    submissions: Path


def train_here(wish: Wish, machine: Machine, folders: Folders, began: float) -> "Done":
    """Trains on this machine, or on the workers of a cluster; `began` is when the clock was at the start."""
    recipe = wish.chosen  # a mistake in it is told before anything heavy is loaded
    from kaggle_digits import sources, training
    from kaggle_digits.training import audit

    source = sources.load(wish.data, skip_broken=wish.skip_broken)
    console.tell(f"{source.name}: {len(source.train):,} labelled digits, {len(source.test or ()):,} to label")
    for note in source.notes:
        console.tell(f"{source.name}: {note}")
    if wish.budget is not None:
        recipe, machine = _in_time(wish, wish.budget, machine, began)
    with console.training_display() as listener:
        trained = training.train(
            recipe,
            source,
            seed=wish.seed,
            validation=wish.validation,
            folds=None if wish.budget is not None else wish.folds,  # a budget's recipe has them already
            exclude=audit.read_ids(wish.exclude, source.train.ids.tolist()) if wish.exclude else [],
            allow_leak=wish.allow_leak,
            models=folders.models,
            submissions=folders.submissions,
            listener=listener,
            elsewhere=machine.elsewhere,
            tensorboard=wish.tensorboard,
            skip_broken=wish.skip_broken,
        )
    return trained.run, trained.submission


def train_on_kaggle(wish: Wish, folders: Folders) -> "Done":
    """Trains on Kaggle's machine, on the competition's own files."""
    recipe = wish.chosen if wish.folds is None else wish.chosen.in_folds(wish.folds)
    from kaggle_digits.training import audit, on_kaggle

    excluded = audit.read_ids(wish.exclude, range(1, digit_recognizer.ROWS[0] + 1)) if wish.exclude else []
    with _way(folders) as way:
        home = on_kaggle.train(
            recipe, way, seed=wish.seed, validation=wish.validation, excluded=excluded, models=folders.models
        )
    return home.run, home.submission


def go_on(run: str, machine: Machine, folders: Folders) -> "Done":
    """Goes on with a training that was interrupted, where it was."""
    from kaggle_digits import runs, training
    from kaggle_digits.training import on_kaggle

    if on_kaggle.is_there(runs.interrupted_plan(runs.folder(run, folders.models))):
        if machine != Machine(None, None):
            raise RunError(f"{run} is trained on Kaggle: leave --jobs and --cluster out.")
        with _way(folders) as way:
            home = on_kaggle.resume(run, way, models=folders.models)
        return home.run, home.submission
    with console.training_display() as listener:
        trained = training.resume(
            run,
            models=folders.models,
            submissions=folders.submissions,
            listener=listener,
            elsewhere=machine.elsewhere,
        )
    return trained.run, trained.submission


@contextmanager
def _way(folders: Folders) -> "Iterator[Way]":
    """To Kaggle and back, with a bar for what comes home."""
    from kaggle_digits.competition import Kaggle
    from kaggle_digits.training.on_kaggle import Way

    with Kaggle(on_retry=console.tell) as kaggle, console.download_bar() as on_progress:
        yield Way(kaggle, folders.submissions, console.tell, on_progress)


def _in_time(wish: Wish, seconds: float, machine: Machine, began: float) -> tuple[recipes.Recipe, Machine]:
    """The recipe that makes the most of the time, or the one that was named, to be done in time, and by how many."""
    from kaggle_digits.training import elsewhere
    from kaggle_digits.training.budget import Budget, choose, within

    most = elsewhere.most_at_once()  # which also loads Keras, so that the time for that is counted as spent
    jobs = elsewhere.tasks_at_once(machine.cluster) if machine.cluster is not None else machine.jobs
    budget = Budget(seconds, time.perf_counter() - began, wish.folds, jobs, most)
    recipe, at_once = within(choose(budget) if wish.recipe is None else recipes.get(wish.recipe), budget)
    how = f"trained for {budget.for_training:.0f} s"
    if isinstance(recipe.model, recipes.Committee):
        how = f"{recipe.model.members} models, {at_once} at a time, {how} in all"
    console.tell(f"in {seconds:g} s: {recipe.name}, {how}")
    return recipe.with_fit(**wish.dials), replace(machine, jobs=at_once)

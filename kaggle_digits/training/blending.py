"""Runs of one's own that answer together: weighed by rows that none of them has learned."""

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaggle_digits import classifiers, runs, sources
from kaggle_digits.classifiers import ensemble
from kaggle_digits.competition import submission
from kaggle_digits.digits import Digits, folds
from kaggle_digits.errors import DataError, RunError
from kaggle_digits.files import storage
from kaggle_digits.recipes import RecipeRecord
from kaggle_digits.runs import Beginning, LayerRecord, Plan, Run, environment, rows
from kaggle_digits.sources import Source
from kaggle_digits.training import selection, writing
from kaggle_digits.training.writing import Trained

_FOLDS = 5
_FEWEST_ROWS = 50


def blend(
    names: list[str],
    *,
    data: str | None = None,
    note: str = "",
    models: Path = runs.FOLDER,
    submissions: Path = submission.FOLDER,
) -> Run:
    """Puts runs together that have already been trained, and writes a run like any other, with a submission.

    The weights are chosen greedily on the labelled rows that every run has answered without having learned them: those
    held out, or in folds all of them. The accuracy is a nested estimate: each part of the rows is answered with weights
    chosen on the others.

    Args:
        names: of the runs, or their paths in the folder of all runs; two at least.
        data: where the digits are; None is where the first run found them.
        note: a line to remember the run by.
        models: the folder of all runs.
        submissions: the folder of all submissions.

    Raises:
        RunError: there is no such run, or the runs cannot be compared; the sentence says why.
        DataError: the data is gone, or not what the runs learned.
        StorageError: a folder cannot be written, or the disk is full.
    """
    began = time.perf_counter()
    members = {run.name: run for run in (runs.find(name, models) for name in names)}
    if len(members) < 2:
        raise RunError("a blend needs at least two different runs. List them: kaggle-digits runs.")
    first = next(iter(members.values()))
    for run in members.values():
        if run.path.parent.resolve() != models.resolve():
            raise RunError(f"{run.path} is not in {models}: a blend refers to the runs beside it.")
        _check_alike(first, run)
    record = first.record
    source = sources.load(data or record.data.path, image_shape=record.image_shape)
    trained = _together(members, source)
    beginning = Beginning(
        plan=Plan(data=record.plan.data, note=note),
        recipe=RecipeRecord(name="blend"),
        data=record.data,
        contaminated=next((run.record.contaminated for run in members.values() if run.record.contaminated), None),
        repeated_rows=record.repeated_rows,
        test_rows=None if source.test is None else len(source.test),
        classes=record.classes,
        image_shape=record.image_shape,
        **environment.circumstances(),
    )
    path = runs.start(models, beginning)
    labels = None
    if source.test is not None:
        foretell = beginning.contaminated is None and all(run.record.predicted_range for run in members.values())
        labels = writing.Labels(submissions / f"{path.name}.csv", source.test, foretell)
    return writing.finish(path, beginning, trained, began, labels)


def _together(members: dict[str, Run], source: Source) -> Trained:
    """The ensemble that rows which no run has learned ask for."""
    common, answers = _common_rows(list(members.values()), source)
    chosen = selection.choose([answers], common.known_labels, folds(common, _FOLDS))
    weights = {name: weight for name, weight in zip(members, chosen.weights, strict=True) if weight > 0}
    kept = {name: members[name] for name in weights}
    return Trained(
        classifier=ensemble.Ensemble({name: classifiers.load(run) for name, run in kept.items()}, weights, chosen.mean),
        files=[],
        layers=[LayerRecord(name, run.record.recipe.name, (), run.record.parameters) for name, run in kept.items()],
        learned=source.train,
        validation=common,
        probabilities=chosen.probabilities,
        train_seconds=sum(run.record.train_seconds for run in members.values()),
        details={
            "members": {name: weights.get(name, 0.0) for name in members},
            "mean": chosen.mean,
            "blended": {name: storage.sha256(run.path / runs.RECORD) for name, run in members.items()},
        },
    )


def _check_alike(first: Run, run: Run) -> None:
    one, other = first.record, run.record
    for what, same in (
        ("labels", one.classes == other.classes),
        ("image shape", one.image_shape == other.image_shape),
        ("training data", one.data.training_data == other.data.training_data),
    ):
        if not same:
            raise RunError(f"{run.name} has another {what} than {first.name}: they cannot be blended.")
    if other.interrupted:
        raise RunError(f"{run.name} was interrupted. Continue it: kaggle-digits train --resume {run.name}.")


def _common_rows(members: list[Run], source: Source) -> tuple[Digits, list[NDArray[np.float32]]]:
    """The labelled rows that all runs have answered without having learned them, and each run's answers."""
    answered = [rows.validation(run.path) for run in members]
    ids = answered[0][0]
    for other, _, _ in answered[1:]:
        ids = ids[np.isin(ids, other)]
    if len(ids) < _FEWEST_ROWS:
        raise RunError(
            f"the runs share {len(ids)} rows that they have not learned, and weights need {_FEWEST_ROWS}. Train them "
            "with the same --validation, or all of them with --folds."
        )
    if not np.isin(ids, source.train.ids).all():
        raise DataError(f"{source.name} is not the data that the runs were validated on. Name it: --data WHERE.")
    common = source.train.take(_places(ids, source.train.ids))
    for run in members:
        # What has members has learned every row, but not with the model that answered it.
        if run.record.members is None:
            learned = int(np.isin(common.hashes, rows.learned(run.path)).sum())
            if learned:
                raise RunError(
                    f"{run.name} has learned {learned:,} of the {len(common):,} rows that all were validated on: "
                    "its weight would be too high. Train it with the same --validation, or all of them with --folds."
                )
    probabilities = []
    for run_ids, labels, answers in answered:
        chosen = _places(ids, run_ids)
        if not np.array_equal(labels[chosen], common.known_labels):
            raise DataError(f"{source.name} has other labels than the runs were validated on. Name it: --data WHERE.")
        probabilities.append(answers[chosen])
    return common, probabilities


def _places(ids: NDArray[Any], among: NDArray[Any]) -> NDArray[np.intp]:
    order = np.argsort(among)
    return order[np.searchsorted(among, ids, sorter=order)]

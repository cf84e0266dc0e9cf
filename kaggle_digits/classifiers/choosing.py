"""Which kind of classifier a recipe or a run folder calls for."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from kaggle_digits.backend import load_keras
from kaggle_digits.classifiers import classic, ensemble, fitting, lite, networks, neural, small_data
from kaggle_digits.classifiers import precision as precisions
from kaggle_digits.classifiers.classifier import Classifier, Fitted
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DigitsError, RunError
from kaggle_digits.recipes import Fit, Recipe
from kaggle_digits.runs import Beginning, Listener, Run


def prepare(recipe: Recipe, digits: Digits, rows: int, asked: Collection[str] = ()) -> Recipe:
    """The recipe as it will be trained on this machine and data.

    A user's own is tried, precision is measured, and few rows get smaller batches and more epochs.

    Args:
        recipe: a committee or not.
        digits: labelled digits.
        rows: how many of them each model will learn.
        asked: names of values that the user has set, which stay.

    Raises:
        DigitsError: what the user's own `build` gives cannot be trained, or not in that way; the sentence says why.
    """

    def one(kind: Recipe) -> Recipe:
        if not kind.built_in:
            network = networks.check(kind, digits.image_shape, digits.classes)
            if network is not None:
                neural.check(network, str(kind.file.path) if kind.file else kind.name)
                kind = replace(kind, fit=kind.fit or Fit())
            elif kind.fit is not None:
                raise DigitsError(
                    f"{kind.name} builds a scikit-learn model, which is fitted in one go: leave out fit, its values "
                    "such as --epochs, and --budget."
                )
            else:
                classic.check(kind, kind.model(digits.image_shape, digits.classes))
        if kind.fit is None:
            return kind
        small = small_data.adapted(kind.fit, rows, asked)
        kind = replace(kind, fit=small)
        if small.precision != "auto":
            return kind
        # Measured once: a second time, on a busier machine, the answer might be another one.
        return kind.with_values({"precision": precisions.choose(load_keras(), "auto")})

    return recipe.each(one)


def fit(recipe: Recipe, train: Digits, validation: Digits, seed: int, listener: Listener, folder: Path) -> Fitted:
    """Fits a recipe to digits.

    Args:
        recipe: the model and how to fit it; not a committee.
        train: labelled digits to learn from.
        validation: labelled digits that say how good each epoch of a network was.
        seed: same seed, data and machine: same classifier.
        listener: hears of every step and epoch of a network, and may stop it.
        folder: the run's folder, where networks keep a checkpoint.
    """
    if recipe.fit is not None:
        return fitting.fit(recipe, train, validation, seed, listener, folder)
    return Fitted(classic.fit(recipe, train, validation, seed), [])


def load(run: Run) -> Classifier:
    """Loads the classifier of a complete run, with the lightest library that can.

    Raises:
        RunError: it cannot be loaded.
    """
    if run.record.members is not None:
        return ensemble.load(run, load if run.record.blended else _load_single)
    return _load_single(run)


def _load_single(run: Run) -> Classifier:
    return load_files(run.path, run.record.files, run.record)


def load_files(folder: Path, files: Collection[str], beginning: Beginning) -> Classifier:
    """Loads a single model from its files.

    Args:
        folder: the run's.
        files: the model's, by their names in the folder; no other is opened.
        beginning: what the run began with: a network of a built-in recipe is rebuilt from it.

    Raises:
        RunError: there is none, or it cannot be loaded.
    """
    if lite.FILE in files and lite.is_installed():
        return lite.load(folder)
    if neural.FILE in files:
        return neural.load(folder, beginning)
    if classic.FILE in files:
        return classic.load(folder)
    if lite.FILE in files:
        raise RunError(
            f"{folder} holds a network with layers of its own: model.tflite answers, but its runtime is "
            "missing. Install ai-edge-litert."
        )
    raise RunError(f"{folder} holds no model. Train again: kaggle-digits train.")

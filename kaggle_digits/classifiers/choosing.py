"""Which kind of classifier a recipe or a run folder calls for."""

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from kaggle_digits.backend import load_keras
from kaggle_digits.classifiers import classic, ensemble, fitting, lite, networks, neural, small_data
from kaggle_digits.classifiers import precision as precisions
from kaggle_digits.classifiers.classifier import Classifier, Fitted
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DigitsError, RunError
from kaggle_digits.recipes import Fit, Recipe
from kaggle_digits.runs import Beginning, Listener, Run


def prepare(
    recipe: Recipe,
    digits: Digits,
    rows: int,
    asked: Collection[str] = (),
    note: Callable[[str], None] = lambda _text: None,
) -> Recipe:
    """The recipe as it will be trained on this machine and data.

    A user's own is tried, precision is measured, and few rows get smaller batches, more epochs and slight distortions.

    Args:
        recipe: a committee or not.
        digits: labelled digits.
        rows: how many of them each model will learn.
        asked: names of values that the user has set, which stay.
        note: is told what few rows change.

    Raises:
        DigitsError: what the user's own `build` gives cannot be trained, or not in that way; the sentence says why.
    """

    def one(kind: Recipe) -> Recipe:
        kind = small_data.adapted(kind if kind.built_in else _tried(kind, digits), rows, asked, note)
        if kind.fit is None or kind.fit.precision != "auto":
            return kind
        # Measured once: a second time, on a busier machine, the answer might be another one.
        return kind.with_values({"precision": precisions.choose(load_keras(), "auto")})

    return recipe.each(one)


def _tried(recipe: Recipe, digits: Digits) -> Recipe:
    """The user's own recipe, a network's with a fit; what could be trained, but never be loaded, is refused at once."""
    network, own = networks.check(recipe, digits.image_shape, digits.classes)
    if network is not None:
        neural.check(network, recipe.where)
        return replace(recipe, fit=_fit_of(own, recipe.fit or Fit()))
    if recipe.fit is not None:
        raise DigitsError(
            f"{recipe.name} builds a scikit-learn model, which is not trained in epochs: leave out fit, its values "
            "such as --epochs, and --budget."
        )
    classic.check(recipe, own)
    return recipe


def _fit_of(own: Any, fit: Fit) -> Fit:
    """A fit for what `build` gives: a network that is compiled keeps its learning rate, unless another one is named."""
    unsaid = (fit.learning_rate, fit.schedule) == (Fit().learning_rate, Fit().schedule)
    rate = own.optimizer.get_config()["learning_rate"] if own.compiled and unsaid else {}
    if isinstance(rate, dict):  # a schedule of Keras's own, which stays
        return fit
    return msgspec.structs.replace(fit, learning_rate=float(f"{rate:.7g}"), schedule="constant")


def fit(
    recipe: Recipe,
    train: Digits,
    validation: Digits,
    seed: int,
    listener: Listener,
    folder: Path,
    unlabelled: NDArray[np.uint8] | None = None,
) -> Fitted:
    """Fits a recipe, not a committee's, to digits; see `fitting.fit` and `classic.fit`."""
    if recipe.fit is not None:
        return fitting.fit(recipe, train, validation, seed, listener, folder, unlabelled)
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
    """Loads a single model from its files, by their names in the run's folder, of which no other is opened.

    Raises:
        RunError: there is none, or it cannot be loaded.
    """
    if lite.FILE in files and lite.is_installed():
        return lite.load(folder / lite.FILE)
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

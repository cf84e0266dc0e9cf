"""Classifiers: fitted from a recipe, or loaded from a run folder, whatever they are made of."""

from pathlib import Path

from kaggle_digits.architectures import Network
from kaggle_digits.classifiers.protocol import Answers, Fitted, Listener
from kaggle_digits.digits import Digits
from kaggle_digits.errors import RunError
from kaggle_digits.recipes import Precision, Recipe


def fit(recipe: Recipe, train: Digits, validation: Digits, seed: int, listener: Listener, folder: Path) -> Fitted:
    """Fits a recipe to digits.

    Args:
        recipe: the model and how to fit it.
        train: labelled digits to learn from.
        validation: labelled digits, of which networks keep the best epoch.
        seed: same seed, data and machine: same classifier.
        listener: hears of every step and epoch of a network, and may stop it.
        folder: the run's folder, where networks keep a checkpoint.
    """
    if isinstance(recipe.model, Network):
        from kaggle_digits.classifiers import fitting

        return fitting.fit(recipe, train, validation, seed, listener, folder)
    from kaggle_digits.classifiers import classic

    return Fitted(classic.fit(recipe, train, validation, seed), [])


def precision_for(wanted: Precision) -> Precision:
    """What this machine computes in where a recipe asks for `wanted`: `auto` is decided by a short measurement."""
    if wanted != "auto":
        return wanted
    from kaggle_digits.classifiers import precision
    from kaggle_digits.classifiers.backend import load_keras

    return precision.choose(load_keras(), wanted)


def load(folder: Path) -> Answers:
    """Loads the classifier of a run folder, with the lightest library that can.

    Raises:
        RunError: there is none, or it cannot be loaded.
    """
    from kaggle_digits.classifiers import classic, ensemble, lite, neural

    if (folder / ensemble.FILE).exists():
        return ensemble.load(folder, load)
    if (folder / lite.FILE).exists() and lite.is_installed():
        return lite.load(folder)
    if (folder / neural.FILE).exists():
        return neural.load(folder)
    if (folder / classic.FILE).exists():
        return classic.load(folder)
    raise RunError(f"{folder} holds no model. Train again: kaggle-digits train.")

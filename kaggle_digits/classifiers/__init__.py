"""Classifiers: fitted from a recipe, or loaded from a run folder, whatever they are made of."""

from collections.abc import Collection
from pathlib import Path

from kaggle_digits.classifiers.protocol import Answers, Fitted, Listener
from kaggle_digits.digits import Digits
from kaggle_digits.errors import RunError
from kaggle_digits.recipes import Precision, Recipe
from kaggle_digits.recipes.architectures import Network


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


def load(folder: Path, files: Collection[str]) -> Answers:
    """Loads the classifier of a run folder, with the lightest library that can.

    Args:
        folder: the run's.
        files: the model's, by their names in the folder, as the run's record has them; no other is opened.

    Raises:
        RunError: there is none, or it cannot be loaded.
    """
    from kaggle_digits.classifiers import ensemble

    def load_member(name: str) -> Answers:
        own = {file.removeprefix(f"{name}/") for file in files if file.startswith(f"{name}/")}
        return _load_one(folder / name, own)

    return ensemble.load(folder, load_member) if ensemble.FILE in files else _load_one(folder, files)


def _load_one(folder: Path, files: Collection[str]) -> Answers:
    from kaggle_digits.classifiers import classic, lite, neural

    if lite.FILE in files and lite.is_installed():
        return lite.load(folder)
    if neural.FILE in files:
        return neural.load(folder)
    if classic.FILE in files:
        return classic.load(folder)
    raise RunError(f"{folder} holds no model. Train again: kaggle-digits train.")

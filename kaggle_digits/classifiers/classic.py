"""scikit-learn's models as classifiers: fitted in one go, saved with skops, which runs no code on loading."""

from functools import singledispatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaggle_digits import storage
from kaggle_digits.architectures import Forest, Logistic, Neighbors, SupportVectors
from kaggle_digits.classifiers.protocol import Layer
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DataError, RunError
from kaggle_digits.recipes import Recipe

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FILE = "model.skops"

# What the models of the recipes are made of, beyond what skops trusts by itself.
_TRUSTED = [
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._TemperatureScaling",
    "sklearn.tree._tree.Tree",
]


class ClassicModel:
    """A scikit-learn model that answers with probabilities."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def probabilities(self, images: "NDArray[np.uint8]") -> "NDArray[np.float32]":
        """See `Classifier.probabilities`."""
        import numpy as np

        return np.asarray(self.model.predict_proba(_rows(images)), np.float32)

    def layers(self) -> list[Layer]:
        """See `Classifier.layers`."""
        calibrated = getattr(self.model, "estimator", None)
        pipeline = calibrated.estimator if calibrated is not None else self.model
        return [Layer(name, type(step).__name__, (), _size(step)) for name, step in pipeline.steps]

    def save(self, folder: Path) -> list[str]:
        """Writes model.skops.

        Raises:
            StorageError: the folder cannot be written, or the disk is full.
        """
        import zipfile

        from skops import io

        with storage.replacing(folder / FILE) as temporary:
            io.dump(self.model, temporary, compression=zipfile.ZIP_DEFLATED, compresslevel=1)
        return [FILE]


def load(folder: Path) -> ClassicModel:
    """Loads a model from its run folder; only types on a short list are ever made.

    Raises:
        RunError: the file is missing, damaged, or holds anything else.
    """
    from skops import io

    path = folder / FILE
    try:
        return ClassicModel(io.load(path, trusted=_TRUSTED))
    except Exception as error:  # skops raises whatever a damaged file makes the libraries below it raise
        raise RunError(f"{path} is not a model that can be loaded ({error}). Train again.") from None


def fit(recipe: Recipe, train: Digits, validation: Digits, seed: int) -> ClassicModel:
    """Fits a recipe's scikit-learn model.

    A model that knows distances but no probabilities gets them from one temperature, fitted on the validation rows
    (C. Guo et al., On Calibration of Modern Neural Networks, 2017); that changes no prediction.

    Args:
        recipe: one that is not a network.
        train: labelled digits to learn from.
        validation: labelled digits to fit the temperature on.
        seed: for the models that draw at random.

    Raises:
        DataError: a label does not occur among the training rows.
    """
    from sklearn.pipeline import make_pipeline

    missing = sorted(set(range(train.classes)) - set(train.known_labels.tolist()))
    if missing:
        raise DataError(f"no training row is labelled {missing[0]}: {recipe.name} needs examples of every label.")
    model = make_pipeline(*_steps(recipe.model, seed)).fit(_rows(train.images), train.known_labels)
    return ClassicModel(model if hasattr(model, "predict_proba") else _calibrated(model, validation))


def _calibrated(model: Any, validation: Digits) -> Any:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator

    calibrated = CalibratedClassifierCV(FrozenEstimator(model), method="temperature")
    return calibrated.fit(_rows(validation.images), validation.known_labels)


@singledispatch
def _steps(model: object, seed: int) -> list[Any]:
    raise TypeError(f"no classic model for {type(model).__name__}. Received: seed {seed}.")


@_steps.register
def _neighbors(model: Neighbors, seed: int) -> list[Any]:
    from sklearn.neighbors import KNeighborsClassifier

    voters = KNeighborsClassifier(model.neighbors, weights="distance", algorithm="brute", n_jobs=-1)
    return [_components(model.components, seed), voters]


@_steps.register
def _support_vectors(model: SupportVectors, seed: int) -> list[Any]:
    from sklearn.svm import SVC

    return [_components(model.components, seed), SVC(C=model.penalty, gamma=model.gamma, cache_size=1000)]


@_steps.register
def _forest(model: Forest, seed: int) -> list[Any]:
    from sklearn.ensemble import ExtraTreesClassifier

    return [ExtraTreesClassifier(model.trees, min_samples_leaf=model.leaf, random_state=seed, n_jobs=-1)]


@_steps.register
def _logistic(model: Logistic, seed: int) -> list[Any]:  # noqa: ARG001 - nothing is drawn
    from sklearn.linear_model import LogisticRegression

    return [LogisticRegression(C=model.penalty, max_iter=model.iterations)]


def _components(count: int, seed: int) -> Any:
    from sklearn.decomposition import PCA

    return PCA(count, svd_solver="randomized", random_state=seed)


def _rows(images: "NDArray[np.uint8]") -> "NDArray[np.float32]":
    """Pixels from 0 to 1, one image a row: the scale that the recipes' penalties are meant for."""
    import numpy as np

    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)


def _size(step: Any) -> int:
    """How many numbers a fitted step holds, as far as they are arrays of its own."""
    return sum(int(getattr(value, "size", 0)) for value in vars(step).values())

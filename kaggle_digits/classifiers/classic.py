"""scikit-learn's models as classifiers: fitted in one go, saved with skops, which runs no code on loading."""

from functools import singledispatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaggle_digits.classifiers import calibration
from kaggle_digits.classifiers.protocol import Layer
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DataError, RunError, first_line
from kaggle_digits.files import storage
from kaggle_digits.recipes import Recipe
from kaggle_digits.recipes.architectures import Forest, Logistic, Neighbors, SupportVectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FILE = "model.skops"

_MOST_BYTES = 1 << 31  # unpacked; a forest on the competition's rows takes some hundred million

# What the models of the recipes are made of, beyond what skops trusts by itself.
_TRUSTED = ["sklearn.tree._tree.Tree"]


class ClassicModel:
    """A scikit-learn model that answers with probabilities.

    Attributes:
        model: a fitted pipeline.
        temperature: what its decisions are divided by before the softmax, or None where it knows probabilities.
    """

    def __init__(self, model: Any, temperature: float | None = None) -> None:
        self.model = model
        self.temperature = temperature

    def probabilities(self, images: "NDArray[np.uint8]") -> "NDArray[np.float32]":
        """See `Classifier.probabilities`."""
        import numpy as np

        if self.temperature is None:
            return np.asarray(self.model.predict_proba(_rows(images)), np.float32)
        return calibration.apply(_softmax_of_decisions(self.model, images), self.temperature)

    def layers(self) -> list[Layer]:
        """See `Classifier.layers`."""
        return [Layer(name, type(step).__name__, (), _size(step)) for name, step in self.model.steps]

    def save(self, folder: Path) -> list[str]:
        """Writes model.skops.

        Raises:
            StorageError: the folder cannot be written, or the disk is full.
        """
        import zipfile

        from skops import io

        with storage.replacing(folder / FILE) as temporary:
            parts = {"model": self.model, "temperature": self.temperature}
            io.dump(parts, temporary, compression=zipfile.ZIP_DEFLATED, compresslevel=1)
        return [FILE]


def load(folder: Path) -> ClassicModel:
    """Loads a model from its run folder; only types on a list are ever made, and only pipelines of the recipes' steps.

    Raises:
        RunError: the file is missing, damaged, or holds anything else.
    """
    from skops import io

    path = folder / FILE
    try:
        _check_size(path)
        loaded = ClassicModel(**io.load(path, trusted=_TRUSTED))
        _check_parts(loaded)
    except Exception as error:  # skops raises whatever a damaged file makes the libraries below it raise
        raise RunError(f"{path} is not a model that can be loaded ({first_line(error)}). Train again.") from None
    return loaded


def _check_size(path: Path) -> None:
    import zipfile

    storage.check_regular(path, _MOST_BYTES)
    with zipfile.ZipFile(path) as archive:
        if sum(member.file_size for member in archive.infolist()) > _MOST_BYTES:
            raise ValueError("it is too large")


def _check_parts(loaded: ClassicModel) -> None:
    """skops trusts all of scikit-learn, some of which reads files."""
    from sklearn.decomposition import PCA
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import Pipeline
    from sklearn.svm import SVC

    known = (PCA, ExtraTreesClassifier, LogisticRegression, KNeighborsClassifier, SVC)
    model, temperature = loaded.model, loaded.temperature
    if type(model) is not Pipeline or model.memory is not None or {type(step) for _, step in model.steps} - {*known}:
        raise ValueError("it is no pipeline of a recipe's steps")
    if temperature is not None and not (isinstance(temperature, float) and temperature > 0):
        raise ValueError(f"its temperature is {temperature!r}")


def fit(recipe: Recipe, train: Digits, validation: Digits, seed: int) -> ClassicModel:
    """Fits a recipe's scikit-learn model.

    A model that knows distances but no probabilities gets them from one temperature, fitted on the validation rows;
    that changes no prediction, and needs neither folds nor an example of every label, which scikit-learn's own
    calibration asks for. Where there are fewer training rows than a recipe asks for neighbours or components, all of
    them are taken.

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
    rows = _rows(train.images)
    model = make_pipeline(*_steps(recipe.model, rows.shape, seed)).fit(rows, train.known_labels)
    if hasattr(model, "predict_proba"):
        return ClassicModel(model)
    answers = _softmax_of_decisions(model, validation.images)
    return ClassicModel(model, calibration.fit_temperature(answers, validation.known_labels))


def _softmax_of_decisions(model: Any, images: "NDArray[np.uint8]") -> "NDArray[np.float32]":
    """float32 `(n, classes)`; for two labels scikit-learn decides with the second's column only."""
    import numpy as np
    from scipy.special import softmax

    decisions = np.asarray(model.decision_function(_rows(images)), np.float64)
    columns = decisions if decisions.ndim == 2 else np.column_stack([np.zeros_like(decisions), decisions])
    return np.asarray(softmax(columns, axis=1), np.float32)


@singledispatch
def _steps(model: object, shape: tuple[int, int], seed: int) -> list[Any]:
    """The steps of a pipeline for so many rows of so many pixels."""
    raise TypeError(f"no classic model for {type(model).__name__}. Received: {shape}, seed {seed}.")


@_steps.register
def _neighbors(model: Neighbors, shape: tuple[int, int], seed: int) -> list[Any]:
    from sklearn.neighbors import KNeighborsClassifier

    neighbors = min(model.neighbors, shape[0])
    voters = KNeighborsClassifier(neighbors, weights="distance", algorithm="brute", n_jobs=-1)
    return [_components(model.components, shape, seed), voters]


@_steps.register
def _support_vectors(model: SupportVectors, shape: tuple[int, int], seed: int) -> list[Any]:
    from sklearn.svm import SVC

    return [_components(model.components, shape, seed), SVC(C=model.penalty, gamma=model.gamma, cache_size=1000)]


@_steps.register
def _forest(model: Forest, shape: tuple[int, int], seed: int) -> list[Any]:  # noqa: ARG001 - trees fit any shape
    from sklearn.ensemble import ExtraTreesClassifier

    return [ExtraTreesClassifier(model.trees, min_samples_leaf=model.leaf, random_state=seed, n_jobs=-1)]


@_steps.register
def _logistic(model: Logistic, shape: tuple[int, int], seed: int) -> list[Any]:  # noqa: ARG001 - nothing is drawn
    from sklearn.linear_model import LogisticRegression

    return [LogisticRegression(C=model.penalty, max_iter=model.iterations)]


def _components(count: int, shape: tuple[int, int], seed: int) -> Any:
    from sklearn.decomposition import PCA

    return PCA(min(count, *shape), svd_solver="randomized", random_state=seed)


def _rows(images: "NDArray[np.uint8]") -> "NDArray[np.float32]":
    """Pixels from 0 to 1, one image a row: the scale that the recipes' penalties are meant for."""
    import numpy as np

    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)


def _size(step: Any) -> int:
    """How many numbers a fitted step holds, as far as they are arrays of its own."""
    return sum(int(getattr(value, "size", 0)) for value in vars(step).values())

"""scikit-learn's models as classifiers: fitted in one go, saved with skops, which runs no code on loading."""

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.classifiers import calibration, estimators
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DataError, DigitsError, RunError, first_line
from kaggle_digits.files import storage
from kaggle_digits.recipes import Recipe, blaming
from kaggle_digits.runs import LayerRecord

FILE = "model.skops"

_MOST_BYTES = 1 << 31  # unpacked; a forest on the competition's rows takes some hundred million

_AT_ONCE = 4096
"""Images that are answered together: all of test.csv, as the floats that scikit-learn wants, would take 90 MB."""

# What scikit-learn's models are made of, beyond what skops trusts by itself: numbers, and no code.
_TRUSTED = [
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
]


class ClassicModel:
    """A scikit-learn model that answers with probabilities.

    Attributes:
        model: a fitted pipeline.
        temperature: what its decisions are divided by before the softmax, or None where it knows probabilities.
    """

    def __init__(self, model: Any, temperature: float | None = None) -> None:
        self.model = model
        self.temperature = temperature

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See `Classifier.probabilities`."""
        starts = range(0, max(1, len(images)), _AT_ONCE)
        return np.concatenate([self._answers(images[start : start + _AT_ONCE]) for start in starts])

    def _answers(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        if self.temperature is None:
            return np.asarray(self.model.predict_proba(_rows(images)), np.float32)
        return calibration.apply(_softmax_of_decisions(self.model, images), self.temperature)

    def layers(self) -> list[LayerRecord]:
        """See `TrainedClassifier.layers`."""
        steps = getattr(self.model, "steps", [(type(self.model).__name__.lower(), self.model)])
        return [LayerRecord(name, type(step).__name__, (), _size(step)) for name, step in steps]

    def save(self, folder: Path) -> list[str]:
        """Writes model.skops.

        Raises:
            StorageError: the folder cannot be written, or the disk is full.
        """
        from skops.io import dump

        with storage.replacing(folder / FILE) as temporary, estimators.without_search_trees(self.model):
            parts = {"model": self.model, "temperature": self.temperature}
            dump(parts, temporary, compression=zipfile.ZIP_DEFLATED, compresslevel=1)
        return [FILE]


def load(folder: Path) -> ClassicModel:
    """Loads a model from its run folder; only types of scikit-learn's are ever made.

    Raises:
        RunError: the file is missing, damaged, or holds anything else.
    """
    from skops.io import load as opened

    path = folder / FILE
    try:
        _check_archive(path)
        _make_skops_spare_memory()
        loaded = ClassicModel(**opened(path, trusted=_TRUSTED))
        estimators.check(loaded.model)
        if loaded.temperature is not None and not (isinstance(loaded.temperature, float) and loaded.temperature > 0):
            raise ValueError(f"its temperature is {loaded.temperature!r}")
    except Exception as error:  # skops raises whatever a damaged file makes the libraries below it raise
        raise RunError(f"{path} is not a model that can be loaded ({first_line(error)}). Train again.") from None
    return loaded


@cache
def _make_skops_spare_memory() -> None:
    """Lets it forget what a tree was made of, or it would hold a forest three times until all of it is there."""
    with suppress(ImportError, AttributeError):  # none of this is said to stay; without it, all is as well
        from skops.io._sklearn import TreeNode

        construct = TreeNode._construct

        def sparing(node: Any) -> Any:
            tree, state = construct(node), node.children["attrs"]
            state._constructed = None
            for part in state.children["content"].values():
                if isinstance(file := part.children.get("content"), io.BytesIO):  # an array
                    file.close()
                    part._constructed = None
            return tree

        TreeNode._construct = sparing


def _check_archive(path: Path) -> None:
    storage.check_regular(path, _MOST_BYTES)
    with zipfile.ZipFile(path) as archive:
        if sum(member.file_size for member in archive.infolist()) > _MOST_BYTES:
            raise ValueError("it is too large")
        _check_trees(archive)


def _check_trees(archive: zipfile.ZipFile) -> None:
    """scikit-learn believes what a tree is made from, and would read beyond its arrays before anybody could look."""
    nodes = list(_nodes(json.loads(archive.read("schema.json"))))
    meant: dict[Any, Any] = {}
    for tree in (node for node in nodes if node.get("__loader__") == "TreeNode"):
        outputs, steps = tree["__reduce__"]["args"]["content"][2], tree["content"]["content"]["nodes"]
        kind = (steps["__loader__"], steps["__module__"], steps["__class__"], steps["type"])
        if (outputs["__loader__"], outputs["content"]) != ("JsonNode", "1"):
            raise ValueError("a tree says more than one thing")
        if kind != ("NdArrayNode", "numpy", "ndarray", "numpy") or not _is_table(archive, steps["file"]):
            raise ValueError("a tree has no nodes")
        meant |= {one["__id__"]: one for one in _nodes(tree) if "__id__" in one}
    # skops takes the first object of an id for all of that id, whatever the others say.
    if any(node != meant[node["__id__"]] for node in nodes if node.get("__id__") in meant):
        raise ValueError("it tells of a tree twice")


def _is_table(archive: zipfile.ZipFile, name: str) -> bool:
    with archive.open(name) as file:
        if np.lib.format.read_magic(file) != (1, 0):
            return False
        shape, _, kind = np.lib.format.read_array_header_1_0(file)
    return len(shape) == 1 and kind.fields is not None


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every description of an object in a skops schema."""
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _nodes(one)


def check(recipe: Recipe, model: Any) -> None:
    """Refuses at once what could be trained and saved, but never be loaded.

    Args:
        recipe: whose `build` made it.
        model: an estimator, fitted or not.

    Raises:
        DigitsError: it has parts that are not on the list.
    """
    try:
        estimators.check(model)
    except ValueError as error:
        raise DigitsError(f"{recipe.where}: {error}. Build it of others: docs/recipes.md lists them.") from None


def fit(recipe: Recipe, train: Digits, validation: Digits, seed: int) -> ClassicModel:
    """Fits a recipe's scikit-learn model.

    A model that knows distances but no probabilities gets them from one temperature, fitted on the validation rows;
    that changes no prediction, and needs neither folds nor an example of every label, which scikit-learn's own
    calibration asks for. Where there are fewer training rows than a recipe asks for neighbours or components, all of
    them are taken.

    Args:
        recipe: one of scikit-learn's.
        train: labelled digits to learn from.
        validation: labelled digits to fit the temperature on.
        seed: for the models that draw at random.

    Raises:
        DataError: a label does not occur among the training rows.
    """
    missing = sorted(set(range(train.classes)) - set(train.known_labels.tolist()))
    if missing:
        raise DataError(f"no training row is labelled {missing[0]}: {recipe.name} needs examples of every label.")
    rows = _rows(train.images)
    model = recipe.model(train.image_shape, train.classes)
    model.set_params(**_fitting_params(model, rows.shape, seed))
    with blaming(recipe.file), recipe.refusing_arguments():
        model.fit(rows, train.known_labels)
    check(recipe, model)  # fitting adds parts of its own
    if hasattr(model, "predict_proba"):
        return ClassicModel(model)
    probabilities = _softmax_of_decisions(model, validation.images)
    return ClassicModel(model, calibration.fit_temperature(probabilities, validation.known_labels))


def _fitting_params(model: Any, shape: tuple[int, int], seed: int) -> dict[str, Any]:
    """What changes for so many rows of so many pixels, and so that a second training gives the same model."""
    most = {"n_components": min(shape), "n_neighbors": shape[0]}
    changed = {}
    for name, value in model.get_params().items():
        kind = name.rpartition("__")[2]
        if kind == "random_state" and value is None:
            changed[name] = seed
        elif kind in most and isinstance(value, int) and value > most[kind]:
            changed[name] = most[kind]
    return changed


def _softmax_of_decisions(model: Any, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """float32 `(n, classes)`; for two labels scikit-learn decides with the second's column only."""
    from scipy.special import softmax

    decisions = np.asarray(model.decision_function(_rows(images)), np.float64)
    columns = decisions if decisions.ndim == 2 else np.column_stack([np.zeros_like(decisions), decisions])
    return np.asarray(softmax(columns, axis=1), np.float32)


def _rows(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Pixels from 0 to 1, one image a row: the scale that the recipes' penalties are meant for."""
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)


def _size(step: Any) -> int:
    """How many numbers a fitted step holds, as far as they are arrays of its own."""
    return sum(int(getattr(value, "size", 0)) for value in vars(step).values())

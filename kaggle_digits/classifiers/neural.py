"""Networks as classifiers: saved and loaded with Keras."""

import contextlib
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaggle_digits import recipes
from kaggle_digits.backend import load_keras, silenced
from kaggle_digits.classifiers import keras_file, lite, networks
from kaggle_digits.classifiers.lite import widened
from kaggle_digits.errors import DigitsError, RunError, first_line
from kaggle_digits.files import storage
from kaggle_digits.runs import Beginning, LayerRecord

FILE = "model.keras"

# Large enough to be fast, small enough that a batch of 64 feature maps stays under 100 MB.
_BATCH = 256


class NeuralNetwork:
    """A Keras model that answers with probabilities."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See `Classifier.probabilities`."""
        return answers(self.model, images)

    def calibrate(self, temperature: float) -> bool:
        """Divides the network's logits by a temperature, by weights, so that whoever runs it gets calibrated answers.

        Returns:
            Whether it could be done: only where a dense layer gives the logits.
        """
        dense = _logits(self.model)
        if dense is not None:
            dense.set_weights([weights / temperature for weights in dense.get_weights()])
        return dense is not None

    def layers(self) -> list[LayerRecord]:
        """See `TrainedClassifier.layers`."""
        return [
            LayerRecord(layer.name, type(layer).__name__, _output_shape(layer), layer.count_params())
            for layer in _layers(self.model)
        ]

    def save(self, folder: Path) -> list[str]:
        """Writes model.keras, which plain Keras can load too, and model.tflite, which needs no Keras.

        A network with layers of its own gets no model.keras, which nobody could open without running their code; and
        only TensorFlow can write the other form.
        """
        files = []
        if _foreign_part(self.model) is None:
            with storage.replacing(folder / FILE) as temporary:
                self.model.save(temporary)
            files.append(FILE)
        if load_keras().backend.backend() == "tensorflow":
            with storage.replacing(folder / lite.FILE) as temporary:
                _export(self.model, temporary)
            files.append(lite.FILE)
        return files


def _layers(model: Any) -> Iterator[Any]:
    """The layers of a network, and in place of networks inside it, which a user's own always is, their layers."""
    for layer in model.layers:
        if not getattr(layer, "outputs", None):
            yield layer
        else:
            yield from (inner for inner in _layers(layer) if type(inner).__name__ != "InputLayer")


def _output_shape(layer: Any) -> tuple[int | None, ...]:
    try:
        return tuple(layer.output.shape[1:])
    except (AttributeError, ValueError):  # a layer that is asked in several places, or has several outputs
        return ()


def check(model: Any, where: str) -> None:
    """Makes sure, before it is trained, that a network of the user's own, `where` in an error, can be saved.

    Raises:
        DigitsError: it has layers of its own that cannot be brought into a form without code.
    """
    part = _foreign_part(model)
    if part is None:
        return
    if load_keras().backend.backend() != "tensorflow":
        raise DigitsError(
            f"{where}: the network has layers of its own, which only TensorFlow can save in a form without code "
            f"({part}). Train without KERAS_BACKEND."
        )
    with tempfile.TemporaryDirectory() as folder:
        try:
            _export(model, Path(folder) / lite.FILE)
        except Exception as error:  # the converter raises whatever the layers' code makes the libraries below raise
            raise DigitsError(
                f"{where}: the network has layers of its own ({part}), which cannot be brought into a form without "
                f"code ({first_line(error)}). Build it of Keras's own layers and operations."
            ) from error


def _foreign_part(model: Any) -> str | None:
    """What of a network stands for somebody's code, in words; None where there is nothing of that kind."""
    try:
        keras_file.check_config(load_keras().saving.serialize_keras_object(model))
    except Exception as error:  # a class of the user's own may not even describe itself
        return first_line(error)
    return None


def _export(model: Any, path: Path) -> None:
    with silenced():
        model.export(str(path), format="litert", verbose=False)  # Keras 3.13 takes no Path


def load(folder: Path, beginning: Beginning) -> NeuralNetwork:
    """Loads a network from its run folder; no code in a file is ever run.

    A built-in recipe's is built anew, from the values that run.json remembers, and gets its weights from the file. Any
    other is opened in Keras's safe mode, and only if it is made of Keras's own layers that hold no code.

    Raises:
        RunError: the file is missing, not a Keras model, or not this recipe's.
    """
    path = folder / FILE
    if beginning.recipe.built_in:
        with _refusing(path):
            model = _built(beginning, keras_file.numbers(path))
        load_weights(model, path)
        return NeuralNetwork(model)
    with _refusing(path):
        keras_file.check_layers(path)
        keras_file.numbers(path)
        return NeuralNetwork(load_keras().saving.load_model(path, compile=False, safe_mode=True))


def _built(beginning: Beginning, most: int) -> Any:
    """The network that a run asks for, for whose numbers no memory is taken before the file was seen to hold as many.

    Raises:
        ValueError: the file holds fewer.
    """
    keras = load_keras()
    recipe = recipes.restore(beginning.recipe)
    with keras.StatelessScope(initialize_variables=False):
        model = networks.build(recipe, beginning.image_shape, beginning.classes)
    count = sum(math.prod(weights.shape) for weights in model.weights)
    if count > most:
        keras.utils.clear_session()  # or Keras would take the memory after all, with the next network
        raise ValueError(f"run.json asks for {count:,} numbers, and it holds {most:,}")
    with keras.StatelessScope():
        pass  # at whose end Keras takes the memory
    return model


def load_weights(model: Any, path: Path) -> None:
    """Gives a network of the same architecture the weights of a model.keras, of which nothing else is read.

    Raises:
        RunError: the file is missing, not a Keras model, or of another network.
    """
    with _refusing(path):
        model.load_weights(path)


@contextlib.contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Whatever a file that is damaged or not of this network makes Keras raise becomes a sentence."""
    try:
        keras_file.check_archive(path)
        yield
    except RunError:
        raise
    except Exception as error:
        raise RunError(f"{path} is not a model that can be loaded ({first_line(error)}). Train again.") from None


def answers(model: Any, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What a Keras model says of images, in batches of one size, because another one would be compiled anew.

    Images are uint8 `(n, height, width)`, answers float32 `(n, classes)`; one sigmoid is widened to two columns.
    """
    size = min(_BATCH, len(images))
    padded = np.pad(images, ((0, -len(images) % size), (0, 0), (0, 0)))
    # On several devices, each answers the whole batch, and Keras puts their equal answers one after the other.
    parts = [model.predict_on_batch(padded[start : start + size])[:size] for start in range(0, len(padded), size)]
    return widened(np.concatenate(parts)[: len(images)].astype(np.float32, copy=False))


def _logits(model: Any) -> Any:
    """The dense layer whose outputs a softmax, or one sigmoid, makes probabilities; None where there is no such."""
    layers = load_keras().layers
    for layer in reversed(model.layers if getattr(model, "outputs", None) else []):
        if hasattr(layer, "layers"):
            return _logits(layer)
        if isinstance(layer, layers.Dense):
            last = layer.activation.__name__
            return layer if last in ("softmax", "sigmoid") or (last == "linear" and layer.units > 1) else None
        if not isinstance(layer, layers.Softmax) and getattr(layer, "activation", None) is None:
            return None
    return None

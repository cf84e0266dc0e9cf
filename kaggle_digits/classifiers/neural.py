"""Networks as classifiers: saved and loaded with Keras."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaggle_digits.classifiers import keras_file, lite
from kaggle_digits.classifiers.backend import load_keras
from kaggle_digits.classifiers.lite import widened
from kaggle_digits.classifiers.protocol import Layer
from kaggle_digits.classifiers.silence import silenced
from kaggle_digits.errors import RunError, first_line
from kaggle_digits.files import storage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FILE = "model.keras"

# Large enough to be fast, small enough that a batch of 64 feature maps stays under 100 MB.
_BATCH = 256


class NeuralNetwork:
    """A Keras model that answers with probabilities."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def probabilities(self, images: "NDArray[np.uint8]") -> "NDArray[np.float32]":
        """See `Classifier.probabilities`."""
        return answers(self.model, images)

    def layers(self) -> list[Layer]:
        """See `Classifier.layers`."""
        return [
            Layer(layer.name, type(layer).__name__, tuple(layer.output.shape[1:]), layer.count_params())
            for layer in self.model.layers
        ]

    def save(self, folder: Path) -> list[str]:
        """Writes model.keras, which plain Keras can load too, and model.tflite, which needs no Keras.

        Raises:
            StorageError: the folder cannot be written, or the disk is full.
        """
        with storage.replacing(folder / FILE) as temporary:
            self.model.save(temporary)
        if load_keras().backend.backend() != "tensorflow":
            return [FILE]  # only TensorFlow can write the other form
        with storage.replacing(folder / lite.FILE) as temporary, silenced():
            self.model.export(temporary, format="litert", verbose=False)
        return [FILE, lite.FILE]


def load(folder: Path) -> NeuralNetwork:
    """Loads a network from its run folder, in Keras's safe mode, and only of the layers that recipes are made of.

    Raises:
        RunError: the file is missing or not a Keras model.
    """
    path = folder / FILE
    try:
        keras_file.check(path)
        keras = load_keras()
        return NeuralNetwork(keras.saving.load_model(path, compile=False, safe_mode=True))
    except Exception as error:  # a damaged configuration makes Keras raise whatever the libraries below it raise
        raise RunError(f"{path} is not a model that can be loaded ({first_line(error)}). Train again.") from None


def answers(model: Any, images: "NDArray[np.uint8]") -> "NDArray[np.float32]":
    """What a Keras model says of images, in batches of one size, because another one would be compiled anew.

    Args:
        model: compiled or not.
        images: uint8 `(n, height, width)`.

    Returns:
        float32 `(n, classes)`; one sigmoid unit is widened to two columns.
    """
    import numpy as np

    size = min(_BATCH, len(images))
    padded = np.pad(images, ((0, -len(images) % size), (0, 0), (0, 0)))
    # On several devices, each answers the whole batch, and Keras puts their equal answers one after the other.
    parts = [model.predict_on_batch(padded[start : start + size])[:size] for start in range(0, len(padded), size)]
    return widened(np.concatenate(parts)[: len(images)].astype(np.float32, copy=False))

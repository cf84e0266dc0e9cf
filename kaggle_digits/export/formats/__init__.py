"""The forms that a network can take, a file each, named as what it writes ends.

A file says `TAKES_INT8`, whether it can compute in 8-bit integers, and has `write(model, path, learned)`: it writes the
network of a model and gives the `Runtime` that can compute the file's answers, or raises `ExportError`. Where 8-bit
integers are asked for, `learned` gives uint8 `(n, height, width)`, rows that the network has learned, which show the
range of its numbers; else it is None. A new file is known as soon as it lies here.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.backend import load_keras
from kaggle_digits.classifiers import neural
from kaggle_digits.predictor import Model

__all__ = ["SUFFIXES", "Learned", "Runtime", "calibrated_network", "of"]

_LEAST_PROBABILITY = 1e-7  # as calibration has it: smaller ones are noise

SUFFIXES = tuple(f".{module.name}" for module in pkgutil.iter_modules(__path__))
"""What a file may end with; the ending says what it becomes."""


Learned = Callable[[], NDArray[np.uint8]] | None


@dataclass(frozen=True)
class Runtime:
    """What computes a file's answers here.

    Attributes:
        name: in words.
        probabilities: from uint8 `(n, height, width)` to float32 `(n, classes)`.
        exact: whether the file has the run's own numbers; else they were rounded.
    """

    name: str
    probabilities: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
    exact: bool


def of(suffix: str) -> ModuleType:
    """The format of files that end so, one of `SUFFIXES`."""
    return importlib.import_module(f"{__name__}{suffix}")


def calibrated_network(model: Model) -> Any:
    """A model's `keras.Model`, which answers as the model does: most hold their temperature in their weights."""
    network = neural.load(model.run.path, model.run.record).model
    temperature = model.run.record.temperature
    if temperature == 1:
        return network
    keras = load_keras()
    logarithms = keras.ops.log(keras.ops.maximum(network.outputs[0], _LEAST_PROBABILITY))
    if network.output_shape[-1] > 1:
        return keras.Model(network.inputs, keras.ops.softmax(logarithms / temperature))
    others = keras.ops.log(keras.ops.maximum(1 - network.outputs[0], _LEAST_PROBABILITY))
    return keras.Model(network.inputs, keras.ops.sigmoid((logarithms - others) / temperature))

"""Networks as classifiers without TensorFlow: a small runtime that is there in a tenth of a second.

`python -m kaggle_digits.classifiers.lite FILE` is the other end of a `LiteProcess`.
"""

import contextlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.backend import silenced
from kaggle_digits.classifiers import lite_file, lite_process
from kaggle_digits.classifiers.classifier import Classifier
from kaggle_digits.errors import RunError, first_line
from kaggle_digits.files import storage
from kaggle_digits.machine import usable_cores

FILE = "model.tflite"

_MOST_BYTES = 1 << 28  # the largest recipe's takes 6 million

# Few enough for the arrays between the layers to stay in the processor's cache.
_BATCH = 64


class LiteNetwork:
    """A network in the form of LiteRT, formerly TensorFlow Lite."""

    def __init__(self, interpreter: Any) -> None:
        self._interpreter = interpreter
        self._input = interpreter.get_input_details()[0]["index"]
        self._output = interpreter.get_output_details()[0]["index"]

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See `Classifier.probabilities`."""
        answers = [self._answer(images[start : start + _BATCH]) for start in range(0, len(images), _BATCH)]
        return widened(np.concatenate(answers))

    def _answer(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        if tuple(self._interpreter.get_input_details()[0]["shape"]) != images.shape:
            self._interpreter.resize_tensor_input(self._input, images.shape)
            self._interpreter.allocate_tensors()
        self._interpreter.set_tensor(self._input, images.astype(np.float32))
        self._interpreter.invoke()
        answer: NDArray[np.float32] = self._interpreter.get_tensor(self._output)
        return answer


def is_installed() -> bool:
    """Whether the runtime is there; it is not made for every platform."""
    return importlib.util.find_spec("ai_edge_litert") is not None


def load(path: Path) -> Classifier:
    """Loads a network from a .tflite file, which may be somebody else's.

    Raises:
        RunError: the file is missing or not a model.
    """
    with _refusing(path):
        storage.check_regular(path, _MOST_BYTES)
        try:
            return _started(model_content=lite_file.rewritten(path.read_bytes()))
        except lite_file.UnusualError as error:
            return lite_process.LiteProcess(path, str(error))


def load_own(path: Path) -> LiteNetwork:
    """Loads a network from a .tflite file that was written here: the runtime believes what it says.

    Raises:
        RunError: the file is missing or not a model.
    """
    with _refusing(path):
        return _started(model_path=str(path))


def _started(**model: Any) -> LiteNetwork:
    with silenced():
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(**model, num_threads=usable_cores())
        interpreter.allocate_tensors()
        return LiteNetwork(interpreter)


@contextlib.contextmanager
def _refusing(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, RuntimeError, IndexError, MemoryError) as error:
        raise RunError(f"{path} is not a model that can be loaded ({first_line(error)}). Train again.") from None


def widened(answer: NDArray[np.float32]) -> NDArray[np.float32]:
    """One column, the probability of label 1, as the two columns that everybody else expects."""
    return np.hstack([1 - answer, answer]) if answer.shape[1] == 1 else answer


if __name__ == "__main__":
    lite_process.answer(load_own(Path(sys.argv[1])))

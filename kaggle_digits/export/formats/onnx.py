"""ONNX, which runtimes of many makers and languages read."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaggle_digits import extras
from kaggle_digits.backend import silenced
from kaggle_digits.classifiers import lite
from kaggle_digits.errors import ExportError
from kaggle_digits.export.formats import Learned, Runtime, calibrated_network
from kaggle_digits.predictor import Model

TAKES_INT8 = False


def write(model: Model, path: Path, learned: Learned) -> Runtime:  # noqa: ARG001
    """Writes an .onnx file that takes float32 pixels and gives float32 probabilities; see the room."""
    extras.require("onnx", "tf2onnx", "onnx", "onnxruntime", error=ExportError)
    network = calibrated_network(model)
    # Keras and tf2onnx warn of each other's and NumPy's versions, which nobody here can change.
    with silenced(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network(np.zeros((1, *network.input_shape[1:]), np.float32))
        network.export(str(path), format="onnx", verbose=False)
    return Runtime("ONNX Runtime", _answers(path), exact=True)


def _answers(path: Path) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    import onnxruntime

    session: Any = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (pixels,) = session.get_inputs()

    def answer(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return lite.widened(session.run(None, {pixels.name: images.astype(np.float32)})[0])

    return answer

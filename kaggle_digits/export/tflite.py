"""TensorFlow Lite, which is called LiteRT now: for phones, small computers, and browsers with its runtime."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaggle_digits.classifiers import lite, neural
from kaggle_digits.classifiers.backend import load_keras
from kaggle_digits.classifiers.silence import silenced
from kaggle_digits.errors import ExportError
from kaggle_digits.export.agreement import Judge
from kaggle_digits.runs import Run

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CALIBRATED_ON = 300  # rows show the range of every layer's outputs; TensorFlow's guide asks for 100 to 500


def write(run: Run, path: Path, learned: "NDArray[np.uint8] | None") -> Judge:
    """Writes a .tflite file that takes float32 pixels and gives float32 probabilities.

    Args:
        run: whose network.
        path: of the file.
        learned: uint8 `(n, height, width)`, rows that the network has learned, for computing in 8-bit integers; None
            is float32.

    Raises:
        ExportError: TensorFlow, which alone writes this form, is not what Keras computes with; or nothing runs it here.
    """
    if not lite.is_installed():
        raise ExportError("ai-edge-litert is not there for this platform, so a .tflite file could not be checked.")
    if learned is None and lite.FILE in run.record["files"]:
        shutil.copyfile(run.path / lite.FILE, path)
    else:
        _convert(neural.load(run.path).model, path, learned)
    return Judge("LiteRT", lite.load_file(path).probabilities)


def _convert(model: Any, path: Path, learned: "NDArray[np.uint8] | None") -> None:
    if load_keras().backend.backend() != "tensorflow":
        raise ExportError("only TensorFlow writes .tflite files. Unset KERAS_BACKEND, or export to .onnx or .html.")
    options: dict[str, Any] = {}
    if learned is not None:
        import tensorflow

        options = {
            "optimizations": [tensorflow.lite.Optimize.DEFAULT],
            "representative_dataset": lambda: _some(learned),
        }
    with silenced():
        model.export(path, format="litert", verbose=False, **options)


def _some(images: "NDArray[np.uint8]") -> "Iterator[list[NDArray[np.float32]]]":
    """Images spread evenly over the rows, one at a time."""
    import numpy as np

    for place in np.linspace(0, len(images) - 1, min(_CALIBRATED_ON, len(images))).astype(np.intp):
        yield [images[place][None].astype(np.float32)]

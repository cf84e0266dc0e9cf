"""TensorFlow Lite, which is called LiteRT now: for phones, small computers, and browsers with its runtime."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np

from kaggle_digits.backend import load_keras, silenced
from kaggle_digits.classifiers import lite
from kaggle_digits.errors import ExportError
from kaggle_digits.export.formats import Learned, Runtime, calibrated_network
from kaggle_digits.predictor import Model

TAKES_INT8 = True
_CALIBRATED_ON = 300  # rows show the range of every layer's outputs; TensorFlow's guide asks for 100 to 500


def write(model: Model, path: Path, learned: Learned) -> Runtime:
    """Writes a .tflite file that takes float32 pixels and gives float32 probabilities; see the room."""
    if not lite.is_installed():
        raise ExportError("ai-edge-litert is not there for this platform, so a .tflite file could not be checked.")
    record = model.run.record
    if lite.FILE in record.files and record.temperature == 1 and learned is None:
        shutil.copyfile(model.run.path / lite.FILE, path)
    else:
        _convert(calibrated_network(model), path, learned)
    return Runtime("LiteRT", lite.load_own(path).probabilities, exact=learned is None)


def _convert(network: Any, path: Path, learned: Learned) -> None:
    if load_keras().backend.backend() != "tensorflow":
        raise ExportError("only TensorFlow writes .tflite files. Unset KERAS_BACKEND, or export to .onnx or .html.")
    integers: dict[str, Any] = {}
    if learned is not None:
        import tensorflow

        images = learned()
        # Spread evenly over the rows.
        some = images[np.linspace(0, len(images) - 1, min(_CALIBRATED_ON, len(images))).astype(np.intp)]
        integers = {
            "optimizations": [tensorflow.lite.Optimize.DEFAULT],
            "representative_dataset": lambda: ([image[None].astype(np.float32)] for image in some),
        }
    written = path.with_suffix(".tflite")  # Keras insists on small letters
    with silenced():
        network.export(str(written), format="litert", verbose=False, **integers)
    written.replace(path)

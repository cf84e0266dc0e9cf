"""ONNX, which runtimes of many makers and languages read."""

import importlib.util
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaggle_digits.classifiers import neural
from kaggle_digits.classifiers.lite import widened
from kaggle_digits.classifiers.silence import silenced
from kaggle_digits.errors import ExportError
from kaggle_digits.export.agreement import Judge
from kaggle_digits.runs import Run

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_NEEDED = ("tf2onnx", "onnx", "onnxruntime")


def check_installed() -> None:
    """Asked before anything is loaded.

    Raises:
        ExportError: the extra `onnx` is not installed.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ExportError(f"{', '.join(missing)} is not installed. Install it: pip install 'kaggle-digits[onnx]'.")


def write(run: Run, path: Path) -> Judge:
    """Writes an .onnx file that takes float32 pixels and gives float32 probabilities.

    Args:
        run: whose network.
        path: of the file.

    """
    import numpy as np

    model = neural.load(run.path).model
    # Keras and tf2onnx warn of each other's and NumPy's versions, which nobody here can change.
    with silenced(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model(np.zeros((1, *model.input_shape[1:]), np.float32))
        model.export(path, format="onnx", verbose=False)
    return Judge("ONNX Runtime", _answers(path))


def _answers(path: Path) -> "Callable[[NDArray[np.uint8]], NDArray[np.float32]]":
    import numpy as np
    import onnxruntime

    session: Any = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (pixels,) = session.get_inputs()

    def answer(images: "NDArray[np.uint8]") -> "NDArray[np.float32]":
        return widened(session.run(None, {pixels.name: images.astype(np.float32)})[0])

    return answer

"""One page that works without a server: the drawing area, the photo treatment and the network, all in one file."""

import base64
import shutil
import subprocess
import tempfile
import zlib
from functools import partial
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kaggle_digits import page
from kaggle_digits.classifiers import calibration, neural
from kaggle_digits.errors import ExportError
from kaggle_digits.export import graph
from kaggle_digits.export.formats import Learned, Runtime
from kaggle_digits.predictor import Model

TAKES_INT8 = False  # it is small anyway
_PATIENCE = 300  # seconds that a thousand rows may take; the largest recipe needs a tenth of it
_OLDEST_NODE = 18  # the first with DecompressionStream and Blob at hand


def write(model: Model, path: Path, learned: Learned) -> Runtime:  # noqa: ARG001
    """Writes the page, or raises ExportError; see the room.

    Node runs the page's own JavaScript to check it; where there is none, Keras computes with the page's weights.
    """
    if model.learned_from_pictures:
        raise ExportError(
            f"{model.run.name} learned from a folder of images, whose treatment is not the page's. "
            "Export it to .tflite or .onnx."
        )
    network = neural.load(model.run.path, model.run.record)
    steps = graph.compact(network.model)
    path.write_text(page.offline(document(model, steps)), encoding="utf-8", newline="\n")
    node, temperature = _node(), model.run.record.temperature
    if node is None:
        name, answer = "Keras with the page's weights, for want of Node", network.probabilities
    else:
        name, answer = "the page's JavaScript in Node", partial(_run, node, path, model.classes)
    # The page's network is as the run's; what asks it calibrates.
    return Runtime(name, lambda images: calibration.apply(answer(images), temperature), exact=False)


def document(model: Model, steps: graph.Steps) -> dict[str, object]:
    """What the page knows of a model; see `page.offline`."""
    record = model.run.record
    return {
        "about": {
            "run": model.run.name,
            "recipe": record.recipe.name,
            "validation_accuracy": record.validation_accuracy,
            "classes": model.classes,
            "image_shape": model.image_shape,
        },
        "imageShape": model.image_shape,
        "temperature": record.temperature,
        "steps": steps.steps,
        "arrays": steps.arrays,
        "weights": base64.b64encode(zlib.compress(steps.weights, 9)).decode(),
    }


def _node() -> str | None:
    """Node's program, where it is there and new enough."""
    node = shutil.which("node")
    if node is None:
        return None
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=True).stdout
        return node if int(said.strip().lstrip("v").split(".")[0]) >= _OLDEST_NODE else None
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def _run(node: str, path: Path, classes: int, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    script = resources.files(page) / "check.js"
    with resources.as_file(script) as program, tempfile.NamedTemporaryFile(delete=False) as rows:
        try:
            rows.write(images.tobytes())
            rows.close()
            command = [node, str(program), str(path), rows.name]
            done = subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=True)
        except subprocess.SubprocessError as error:
            words = (getattr(error, "stderr", None) or str(error).encode()).decode(errors="replace").strip()
            raise ExportError(f"{path.name}: its JavaScript does not run: {words.splitlines()[-1]}.") from None
        finally:
            Path(rows.name).unlink()
    return np.frombuffer(done.stdout, "<f4").reshape(len(images), classes)

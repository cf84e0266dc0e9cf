"""Every network of every recipe, computed by the page's JavaScript."""

import base64
import shutil
import subprocess
import zlib
from importlib import resources

import numpy as np
import pytest
from kaggle_digits.classifiers.backend import load_keras
from kaggle_digits.recipes.architectures import Convolutional, Dense

from kaggle_digits import page
from kaggle_digits.classifiers import networks, neural
from kaggle_digits.errors import ExportError
from kaggle_digits.export.weights import compact
from kaggle_digits.recipes import RECIPES

NODE = shutil.which("node")
NETWORKS = {name: recipe.model for name, recipe in RECIPES.items() if isinstance(recipe.model, (Dense, Convolutional))}


def unlike_fresh(model):
    """Weights as training leaves them: none of them 0 or 1."""
    random = np.random.default_rng(3)
    model.set_weights([weight + random.uniform(0.01, 0.1, weight.shape) for weight in model.get_weights()])
    return model


@pytest.mark.skipif(NODE is None, reason="Node is not installed")
@pytest.mark.parametrize("name", NETWORKS)
def test_javascript_computes_what_keras_computes(name, tmp_path):
    classes = RECIPES[name].labels or 10
    model = unlike_fresh(networks.build(NETWORKS[name], (28, 28), classes))
    small = compact(model)
    images = np.random.default_rng(7).integers(0, 256, (3, 28, 28), np.uint8) * np.eye(28, dtype=np.uint8)[::-1]
    weights = base64.b64encode(zlib.compress(small.weights)).decode()
    path = tmp_path / "page.html"
    path.write_text(page.offline({"layers": small.layers, "weights": weights, "imageShape": [28, 28]}))
    (tmp_path / "rows").write_bytes(images.tobytes())
    program = str(resources.files(page) / "check.js")
    done = subprocess.run([NODE, program, path, tmp_path / "rows"], capture_output=True, check=True)
    answers = np.frombuffer(done.stdout, "<f4").reshape(3, classes)
    assert answers == pytest.approx(neural.answers(model, images), abs=2e-5)


def test_weights_are_rounded_by_less_than_half_a_step():
    model = networks.build(RECIPES["sprint"].model, (28, 28), 10)
    before = [layer.get_weights()[0] for layer in model.layers if layer.get_weights()]
    compact(model)
    after = [layer.get_weights()[0] for layer in model.layers if layer.get_weights()]
    for one, other in zip(before, after, strict=True):
        axes = tuple(range(one.ndim - 1))
        assert (np.abs(one - other).max(axis=axes) <= np.abs(one).max(axis=axes) / 47 / 2 + 1e-7).all()


def test_a_layer_that_a_page_does_not_know():
    keras = load_keras()
    model = keras.Sequential([keras.Input((4,)), keras.layers.GaussianNoise(0.1), keras.layers.LayerNormalization()])
    with pytest.raises(ExportError, match="GaussianNoise"):
        compact(model)

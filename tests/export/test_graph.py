"""Every layer and operation that a page knows, computed by Keras and by the page's JavaScript."""

import base64
import shutil
import subprocess
import zlib
from importlib import resources

import numpy as np
import pytest

from kaggle_digits import page, recipes
from kaggle_digits.backend import load_keras
from kaggle_digits.classifiers import networks
from kaggle_digits.errors import ExportError
from kaggle_digits.export import graph

NODE = shutil.which("node")
NETWORKS = [name for name in recipes.names() if recipes.load(name).fit]


@pytest.fixture(scope="module")
def known():
    """The tables; Keras is loaded only where they are used."""
    import known_layers

    return known_layers


def cases_of(cases):
    return cases if isinstance(cases, list) else [cases]


def network(case):
    """A network around a layer, with weights as training leaves them: none of them 0 or 1."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(3)
    image = keras.Input((8, 9))
    x = layers.Reshape((4, 6, 3))(layers.Rescaling(1 / 64, -1)(image))
    return unlike_fresh(keras.Model(image, layers.Flatten()(case(x))))


def unlike_fresh(model):
    random = np.random.default_rng(3)
    for weight in model.weights:
        if "seed" not in weight.path and "int" not in weight.dtype:
            weight.assign(np.asarray(weight) + random.uniform(0.01, 0.1, weight.shape))
    return model


def images_of(shape):
    return np.random.default_rng(7).integers(0, 256, (3, *shape), np.uint8)


def in_javascript(steps, images, folder):
    """What the page says: float32 `(n, numbers)`."""
    weights = base64.b64encode(zlib.compress(steps.weights)).decode()
    model = {"steps": steps.steps, "arrays": steps.arrays, "weights": weights, "imageShape": images.shape[1:]}
    (folder / "page.html").write_text(page.offline(model))
    (folder / "rows").write_bytes(images.tobytes())
    with resources.as_file(resources.files(page) / "check.js") as program:
        command = [NODE, program, folder / "page.html", folder / "rows"]
        done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return np.frombuffer(done.stdout, "<f4").reshape(len(images), -1)


def check_all(cases, folder):
    for case in cases_of(cases):
        model = network(case)
        steps = graph.compact(model)
        images = images_of((8, 9))
        expected = np.asarray(model(images.astype(np.float32), training=False))
        assert in_javascript(steps, images, folder) == pytest.approx(expected, rel=2e-5, abs=2e-5)


@pytest.mark.skipif(NODE is None, reason="Node is not installed")
@pytest.mark.parametrize("kind", [*graph.LAYERS, *graph.CALLING])
def test_layers(kind, known, tmp_path):
    check_all(known.LAYERS[kind], tmp_path)


@pytest.mark.skipif(NODE is None, reason="Node is not installed")
@pytest.mark.parametrize("kind", graph.OPERATIONS)
def test_operations(kind, known, tmp_path):
    check_all(known.OPERATIONS[kind], tmp_path)


@pytest.mark.skipif(NODE is None, reason="Node is not installed")
def test_graphs(known, tmp_path):
    check_all(list(known.GRAPHS.values()), tmp_path)


@pytest.mark.skipif(NODE is None, reason="Node is not installed")
@pytest.mark.parametrize("name", NETWORKS)
def test_every_recipe(name, tmp_path):
    load_keras().utils.set_random_seed(3)
    model = unlike_fresh(networks.build(recipes.load(name), (28, 28), recipes.load(name).labels or 10))
    steps = graph.compact(model)
    images = images_of((28, 28)) * np.eye(28, dtype=np.uint8)[::-1]
    expected = np.asarray(model(images.astype(np.float32), training=False))
    widened = expected if expected.shape[1] > 1 else np.hstack([1 - expected, expected])
    assert in_javascript(steps, images, tmp_path) == pytest.approx(widened, abs=1e-4)


def test_weights_are_rounded_by_less_than_half_a_step():
    model = networks.build(recipes.load("sprint"), (28, 28), 10)
    before = [layer.get_weights()[0] for layer in model.layers if layer.get_weights()]
    graph.compact(model)
    after = [layer.get_weights()[0] for layer in model.layers if layer.get_weights()]
    for one, other in zip(before, after, strict=True):
        axes = tuple(range(one.ndim - 1))
        assert (np.abs(one - other).max(axis=axes) <= np.abs(one).max(axis=axes) / 47 / 2 + 1e-7).all()


def test_weights_of_a_shared_layer_lie_there_once(known):
    kinds = [array["kind"] for array in graph.compact(network(known.GRAPHS["shared"])).arrays]
    assert kinds.count("int8") == 1


def test_what_a_page_does_not_know_is_refused_by_name(known):
    for words, case in known.UNKNOWN.items():
        with pytest.raises(ExportError) as refusal:
            graph.compact(network(case))
        assert str(refusal.value).startswith(f"a page cannot compute {words}")
        assert str(refusal.value).endswith("Export to .tflite or .onnx.")

import subprocess
import sys

import numpy as np
import pytest

from kaggle_digits import recipes, sources
from kaggle_digits.classifiers import lite, networks, neural
from kaggle_digits.errors import RunError


@pytest.fixture(scope="module", params=["mlp", "cnn", "binary", "resnet"])
def both(request, tmp_path_factory):
    """The same network in Keras and in the light runtime."""
    folder = tmp_path_factory.mktemp(request.param)
    network = neural.NeuralNetwork(networks.build(recipes.load(request.param), (28, 28), 10))
    network.save(folder)
    return network, lite.load(folder / lite.FILE)


def test_it_agrees_with_keras(both):
    network, light = both
    images = sources.load("sklearn").train.images[:200]
    expected, answers = network.probabilities(images), light.probabilities(images)
    assert answers.dtype == np.float32
    assert answers == pytest.approx(expected, abs=1e-4)
    assert np.array_equal(answers.argmax(axis=1), expected.argmax(axis=1))


def test_one_image_and_many_are_answered_alike(both):
    _, light = both
    images = sources.load("sklearn").train.images[:70]
    many = light.probabilities(images)
    assert light.probabilities(images[:1]) == pytest.approx(many[:1], abs=1e-6)
    assert light.probabilities(images) == pytest.approx(many, abs=1e-6)


@pytest.mark.parametrize("content", [b"", b"no model", b"TFL3" * 10, b"\x80\x04\x95 a pickle"])
def test_a_file_that_is_no_model_is_one_sentence(tmp_path, content):
    (tmp_path / "model.tflite").write_bytes(content)
    with pytest.raises(RunError, match=r"model\.tflite is not a model that can be loaded"):
        lite.load(tmp_path / lite.FILE)


def test_neither_keras_nor_tensorflow_is_loaded_and_nothing_is_said(tmp_path):
    neural.NeuralNetwork(networks.build(recipes.load("flat"), (28, 28), 10)).save(tmp_path)
    code = (
        "import sys, pathlib, numpy\nfrom kaggle_digits import classifiers\n"
        "light = classifiers.load_files(pathlib.Path(sys.argv[1]), ['model.keras', 'model.tflite'], None)\n"
        "light.probabilities(numpy.zeros((1, 28, 28), numpy.uint8))\n"
        "print(sorted({'keras', 'tensorflow', 'sklearn', 'pandas', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert done.stderr == ""

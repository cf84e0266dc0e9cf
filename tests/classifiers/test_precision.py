import numpy as np
import pytest

from kaggle_digits import recipes, sources
from kaggle_digits.backend import load_keras
from kaggle_digits.classifiers import fitting, networks, precision
from kaggle_digits.digits import split
from kaggle_digits.runs import Listener

SMALL = recipes.load("sprint").with_values({"epochs": 6, "batch_size": 64, "width": 8, "precision": "float32"})


@pytest.mark.parametrize("wanted", ["float32", "bfloat16"])
def test_what_is_asked_for_is_not_measured(wanted):
    assert precision.choose(load_keras(), wanted) == wanted


def test_auto_decides_for_one_of_the_two():
    assert precision.choose(load_keras(), "auto") in ("float32", "bfloat16")


def test_only_the_layers_between_compute_in_16_bits():
    keras = load_keras()
    model = networks.build(SMALL, (28, 28), 10, "bfloat16")
    assert {layer.compute_dtype for layer in model.layers if layer.name.startswith("conv2d")} == {"bfloat16"}
    assert model.layers[-1].compute_dtype == "float32"
    assert {str(weight.dtype) for weight in model.weights} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"


def test_trained_in_16_bits_it_answers_in_32(tmp_path):
    train = sources.load("sklearn").train
    kept, held_out = split(train, 0.2, 0)
    parts = train.take(kept), train.take(held_out)
    fitted = fitting.fit(SMALL.with_values({"precision": "bfloat16"}), *parts, 0, Listener(), tmp_path)
    assert fitted.precision == "bfloat16"
    assert {layer.compute_dtype for layer in fitted.classifier.model.layers} == {"float32"}
    answers = fitted.classifier.probabilities(parts[1].images)
    assert answers.dtype == np.float32
    assert (answers.argmax(axis=1) == parts[1].known_labels).mean() > 0.85


def test_folding_keeps_every_pixel():
    model = networks.build(SMALL, (4, 6), 10)
    image = np.arange(24, dtype=np.float32).reshape(1, 4, 6)
    folded = image
    for layer in model.layers[1:5]:
        folded = layer(folded)
    folded = np.asarray(folded)
    assert folded.shape == (1, 2, 3, 4)
    assert folded[0, 0, 0].tolist() == [0, 1, 6, 7]
    assert folded[0, 1, 2].tolist() == [16, 17, 22, 23]


def test_images_that_cannot_be_folded_are_taken_as_they_are():
    assert networks.build(SMALL, (9, 9), 10).output_shape == (None, 10)

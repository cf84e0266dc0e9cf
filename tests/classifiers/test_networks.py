import keras
import numpy as np
import pytest
from keras import layers

from kaggle_digits import recipes
from kaggle_digits.classifiers import networks
from kaggle_digits.errors import DigitsError

SHAPE = (28, 28)


def test_the_mlp_has_the_flagships_parameters():
    assert networks.build(recipes.load("mlp"), SHAPE, 10).count_params() == 850_586


def test_the_cnn_has_the_three_blocks():
    model = networks.build(recipes.load("cnn"), SHAPE, 10)
    convolutions = [layer.filters for layer in model.layers if layer.name.startswith("conv2d")]
    assert convolutions == [32, 32, 64, 64, 128]
    assert [layer.units for layer in model.layers if hasattr(layer, "units")] == [512, 10]


@pytest.mark.parametrize("shape", [(7, 7), (3, 28), (1, 1)])
def test_the_cnn_pools_tiny_images_only_as_long_as_there_is_something_to_pool(shape):
    model = networks.build(recipes.load("cnn"), shape, 10)
    assert np.asarray(model(np.zeros((2, *shape), np.uint8))).shape == (2, 10)


def test_images_of_20_by_20_are_not_resized_for_the_binary_network():
    kinds = [
        [type(layer).__name__ for layer in networks.build(recipes.load("binary"), shape, 2).layers]
        for shape in ((20, 20), SHAPE)
    ]
    assert "Resizing" not in kinds[0]
    assert "Resizing" in kinds[1]


def own(*inside, last=None):
    """A recipe whose network ends with a softmax, or with something else."""

    def build(image_shape, classes):
        end = layers.Dense(classes, activation="softmax") if last is None else last(classes)
        return keras.Sequential([keras.Input((*image_shape, 1)), *(one() for one in inside), end])

    return recipes.from_function(build)


def test_a_network_and_a_scikit_learn_estimator_are_told_apart():
    from sklearn.linear_model import RidgeClassifier
    from sklearn.naive_bayes import GaussianNB

    assert networks.check(own(layers.Flatten), SHAPE, 10)[0] is not None
    for kind in (GaussianNB, RidgeClassifier):
        estimator = kind()
        assert networks.check(recipes.from_function(lambda shape, classes: estimator), SHAPE, 10)[0] is None  # noqa: B023


def test_one_sigmoid_will_do_for_two_labels():
    one = own(layers.Flatten, last=lambda _: layers.Dense(1, activation="sigmoid"))
    assert networks.check(one, SHAPE, 2)[0] is not None
    with pytest.raises(DigitsError, match="gives 1 numbers for an image of 10 labels"):
        networks.check(one, SHAPE, 10)


WRONG = {
    "nothing": (recipes.from_function(lambda shape, classes: None), "must return a keras.Model.* Received: NoneType"),
    "a layer": (
        recipes.from_function(lambda shape, classes: layers.Dense(10)),
        "must return a keras.Model.* Received: Dense",
    ),
    "a transformer": (
        recipes.from_function(lambda shape, classes: object()),
        "must return a keras.Model.* Received: object",
    ),
    "logits": (own(layers.Flatten, last=layers.Dense), "numbers that are no probabilities, such as logits"),
    "sigmoids": (
        own(layers.Flatten, last=lambda classes: layers.Dense(classes, activation="sigmoid")),
        "numbers that are no probabilities",
    ),
    "too few": (
        own(layers.Flatten, last=lambda classes: layers.Dense(classes - 1, activation="softmax")),
        "gives 9 numbers for an image of 10 labels",
    ),
    "an image": (own(last=lambda classes: layers.Dense(classes, activation="softmax")), "gives 28 x 28 x 10 numbers"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_trained_is_refused_with_what_to_do(case):
    recipe, words = WRONG[case]
    with pytest.raises(DigitsError, match=words) as caught:
        networks.check(recipe, SHAPE, 10)
    assert len(str(caught.value).splitlines()) == 1


def test_a_network_that_does_not_fit_the_images_is_blamed_on_its_line(tmp_path):
    path = tmp_path / "own.py"
    path.write_text(recipes.source("cnn").replace("layers.MaxPooling2D()", "layers.MaxPooling2D(16)"))
    with pytest.raises(DigitsError, match=r"own\.py, line \d+: ValueError: ") as caught:
        networks.check(recipes.load(str(path)), SHAPE, 10)
    assert len(str(caught.value).splitlines()) == 1


def test_a_build_that_gives_no_network_is_refused():
    with pytest.raises(DigitsError, match=r"own builds no keras\.Model. Received: str"):
        networks.build(recipes.from_function(lambda shape, classes: "mlp"), SHAPE, 10)


@pytest.mark.parametrize("fails", [False, True])
def test_the_users_precision_is_theirs_again_afterwards(fails):
    before = keras.config.dtype_policy()
    recipe = recipes.from_function(lambda shape, classes: 1 / 0) if fails else recipes.load("mlp")
    try:
        networks.build(recipe, SHAPE, 10, "bfloat16")
    except ZeroDivisionError:
        assert fails
    assert keras.config.dtype_policy() == before

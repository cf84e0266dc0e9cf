import numpy as np
import pytest
from kaggle_digits.recipes.architectures import Dense, Network

from kaggle_digits.classifiers import networks
from kaggle_digits.recipes import RECIPES

NETWORKS = {name: recipe for name, recipe in RECIPES.items() if isinstance(recipe.model, Network)}


def test_the_mlp_has_the_flagships_parameters():
    assert networks.build(RECIPES["mlp"].model, (28, 28), 10).count_params() == 850_586


def test_the_cnn_has_the_three_blocks():
    model = networks.build(RECIPES["cnn"].model, (28, 28), 10)
    convolutions = [layer.filters for layer in model.layers if layer.name.startswith("conv2d")]
    assert convolutions == [32, 32, 64, 64, 128]
    assert [layer.units for layer in model.layers if hasattr(layer, "units")] == [512, 10]


@pytest.mark.parametrize("recipe", NETWORKS.values(), ids=NETWORKS)
def test_the_parameters_are_those_that_the_recipe_promises(recipe):
    model = networks.build(recipe.model, (28, 28), recipe.labels or 10)
    assert model.count_params() == recipe.expected.parameters


@pytest.mark.parametrize("recipe", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize(("shape", "classes"), [((28, 28), 10), ((20, 20), 2), ((8, 12), 10)])
def test_every_network_builds_for_the_shape_and_classes_of_its_data(recipe, shape, classes):
    model = networks.build(recipe.model, shape, classes)
    answer = np.asarray(model(np.zeros((3, *shape), np.uint8)))
    if answer.shape == (3, 1):
        assert ((answer >= 0) & (answer <= 1)).all()
    else:
        assert answer.shape == (3, classes)
        assert answer.sum(axis=1) == pytest.approx(1)


@pytest.mark.parametrize("shape", [(7, 7), (3, 28), (1, 1)])
def test_the_cnn_pools_tiny_images_only_as_long_as_there_is_something_to_pool(shape):
    model = networks.build(RECIPES["cnn"].model, shape, 10)
    assert np.asarray(model(np.zeros((2, *shape), np.uint8))).shape == (2, 10)


def test_images_of_20_by_20_are_not_resized_for_the_binary_network():
    kinds = [
        [type(layer).__name__ for layer in networks.build(RECIPES["binary"].model, shape, 2).layers]
        for shape in ((20, 20), (28, 28))
    ]
    assert "Resizing" not in kinds[0]
    assert "Resizing" in kinds[1]


def test_pixels_are_scaled_inside_the_network():
    model = networks.build(Dense(hidden=(4,)), (2, 2), 10)
    scaled = model.layers[0](np.full((1, 2, 2), 255, np.uint8))
    assert np.asarray(scaled).max() == pytest.approx(1)


def test_an_unknown_kind_of_model_is_a_type_error():
    with pytest.raises(TypeError, match="no network for str"):
        networks.build("mlp", (28, 28), 10)

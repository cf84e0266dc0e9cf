"""Networks in Keras, the simplest first: a builder for every kind of model that a recipe can name."""

from functools import singledispatch
from typing import Any

from kaggle_digits.classifiers.backend import load_keras
from kaggle_digits.recipes import Convolutional, Dense


@singledispatch
def hidden_layers(model: object, layers: Any) -> list[Any]:
    """The layers between the scaled pixels and the softmax.

    Args:
        model: an architecture from a recipe.
        layers: the module `keras.layers`.

    Raises:
        TypeError: no network is known for that kind of model.
    """
    raise TypeError(f"no network for {type(model).__name__} in {layers.__name__}")


@hidden_layers.register
def _dense(model: Dense, layers: Any) -> list[Any]:
    return [layers.Flatten(), *(layers.Dense(units, activation="relu") for units in model.hidden)]


@hidden_layers.register
def _convolutional(model: Convolutional, layers: Any) -> list[Any]:
    stack: list[Any] = []
    for filters_of_block in model.blocks:
        for filters in filters_of_block:
            stack += [layers.Conv2D(filters, 3, padding="same", activation="relu"), layers.BatchNormalization()]
        stack += [layers.MaxPooling2D(), layers.Dropout(model.block_dropout)]
    stack += [layers.Flatten(), layers.Dense(model.dense, activation="relu"), layers.BatchNormalization()]
    return [*stack, layers.Dropout(model.dense_dropout)]


def build(model: Dense | Convolutional, image_shape: tuple[int, int], classes: int) -> Any:
    """A network with fresh weights for images of one shape.

    It takes pixels as they are, 0 to 255, float32 or uint8 `(n, height, width)`, and scales them itself, so that a
    saved model cannot be fed wrongly; it gives float32 `(n, classes)`, softmax.

    Args:
        model: the architecture.
        image_shape: height and width, in pixels.
        classes: how many labels there are.

    Returns:
        A `keras.Sequential`, not yet compiled.
    """
    keras = load_keras()
    height, width = image_shape
    return keras.Sequential(
        [
            keras.Input((height, width), name="pixels"),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Reshape((height, width, 1)),
            *hidden_layers(model, keras.layers),
            keras.layers.Dense(classes, activation="softmax", dtype="float32", name="probabilities"),
        ],
        name=type(model).__name__.lower(),
    )

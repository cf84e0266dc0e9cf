"""Networks in Keras, the simplest first: a builder for every kind of network that a recipe can name."""

from functools import singledispatch
from typing import Any

from kaggle_digits.architectures import Convolutional, Dense, Network
from kaggle_digits.classifiers.backend import load_keras


def build(model: Network, image_shape: tuple[int, int], classes: int) -> Any:
    """A network with fresh weights for images of one shape.

    It takes pixels as they are, 0 to 255, float32 or uint8 `(n, height, width)`, and scales them itself, so that a
    saved model cannot be fed wrongly. It gives float32 `(n, classes)`, softmax; or `(n, 1)`, the probability of
    label 1, where the model asks for a sigmoid.

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
            *layers_of(model, keras.layers, image_shape, classes),
        ],
        name=type(model).__name__.lower(),
    )


@singledispatch
def layers_of(model: object, layers: Any, image_shape: tuple[int, int], classes: int) -> list[Any]:
    """The layers between the scaled pixels and the probabilities.

    Args:
        model: an architecture from a recipe.
        layers: the module `keras.layers`.
        image_shape: height and width, in pixels.
        classes: how many labels there are.

    Raises:
        TypeError: no network is known for that kind of model.
    """
    raise TypeError(f"no network for {type(model).__name__}. Received: {layers}, {image_shape}, {classes}.")


@layers_of.register
def _dense(model: Dense, layers: Any, image_shape: tuple[int, int], classes: int) -> list[Any]:
    stack: list[Any] = []
    if model.side is not None and image_shape != (model.side, model.side):
        stack.append(layers.Resizing(model.side, model.side))
    stack.append(layers.Flatten())
    if model.input_dropout:
        stack.append(layers.Dropout(model.input_dropout))
    for units in model.hidden:
        stack.append(layers.Dense(units, activation=model.activation))
        if model.batch_normalization:
            stack.append(layers.BatchNormalization())
        if model.dropout:
            stack.append(layers.Dropout(model.dropout))
    units = 1 if model.output == "sigmoid" else classes
    return [*stack, _output(layers, units, model.output)]


@layers_of.register
def _convolutional(model: Convolutional, layers: Any, image_shape: tuple[int, int], classes: int) -> list[Any]:
    stack: list[Any] = []
    side = min(image_shape)
    for filters_of_block in model.blocks:
        for filters in filters_of_block:
            stack += [layers.Conv2D(filters, 3, padding="same", activation="relu"), layers.BatchNormalization()]
        if side >= 2:  # images of fewer than 8 pixels a side are down to one before the last block
            stack.append(layers.MaxPooling2D())
            side //= 2
        stack.append(layers.Dropout(model.block_dropout))
    stack += [layers.Flatten(), layers.Dense(model.dense, activation="relu"), layers.BatchNormalization()]
    return [*stack, layers.Dropout(model.dense_dropout), _output(layers, classes, "softmax")]


def _output(layers: Any, units: int, activation: str) -> Any:
    return layers.Dense(units, activation=activation, dtype="float32", name="probabilities")

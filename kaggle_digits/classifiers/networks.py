"""Networks in Keras, the simplest first: a builder for every kind of network that a recipe can name."""

from functools import singledispatch
from typing import Any

from kaggle_digits.classifiers.backend import load_keras
from kaggle_digits.recipes import Precision
from kaggle_digits.recipes.architectures import Convolutional, Dense, Network


def build(model: Network, image_shape: tuple[int, int], classes: int, precision: Precision = "float32") -> Any:
    """A network with fresh weights for images of one shape.

    It takes pixels as they are, 0 to 255, float32 or uint8 `(n, height, width)`, and scales them itself, so that a
    saved model cannot be fed wrongly. It gives float32 `(n, classes)`, softmax; or `(n, 1)`, the probability of
    label 1, where the model asks for a sigmoid.

    Args:
        model: the architecture.
        image_shape: height and width, in pixels.
        classes: how many labels there are.
        precision: what it computes in; its weights and its answers are float32 all the same.

    Returns:
        A `keras.Sequential`, not yet compiled.
    """
    keras = load_keras()
    height, width = image_shape
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if precision == "bfloat16" else "float32")
    try:
        stack = [
            keras.Input((height, width), name="pixels"),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Reshape((height, width, 1)),
            *layers_of(model, keras.layers, image_shape, classes),
        ]
    finally:
        keras.config.set_dtype_policy(before)
    return keras.Sequential(stack, name=type(model).__name__.lower())


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
    folded = model.fold and all(side % 2 == 0 for side in image_shape)
    stack = _fold(layers, image_shape) if folded else []
    side = min(image_shape) // (2 if folded else 1)
    kernel = model.first_kernel or model.kernel
    for number, filters_of_block in enumerate(model.blocks, start=1):
        for filters in filters_of_block:
            # Small images would be used up before the last block.
            padding = model.padding if side > kernel else "same"
            stack += _activated(layers, model, layers.Conv2D, filters, kernel_size=kernel, padding=padding)
            side -= kernel - 1 if padding == "valid" else 0
            kernel = model.kernel
        if side >= 2 and (number < len(model.blocks) or model.ending == "pool"):
            stack.append(layers.MaxPooling2D())
            side //= 2
        stack += _dropped(layers, model.block_dropout)
    stack.append(layers.GlobalMaxPooling2D() if model.ending == "maximum" else layers.Flatten())
    if model.dense is not None:
        stack += _activated(layers, model, layers.Dense, model.dense)
    return [*stack, *_dropped(layers, model.dense_dropout), _output(layers, classes, "softmax")]


def _fold(layers: Any, image_shape: tuple[int, int]) -> list[Any]:
    """2 x 2 pixels become the 4 channels of one place."""
    height, width = (side // 2 for side in image_shape)
    parts = layers.Reshape((height, 2, width, 2)), layers.Permute((1, 3, 2, 4)), layers.Reshape((height, width, 4))
    return list(parts)


def _activated(layers: Any, model: Convolutional, kind: Any, units: int, **options: Any) -> list[Any]:
    """A layer with ReLU. What no batch normalisation scales must begin at the right scale: K. He et al., 2015."""
    if model.batch_normalization:
        return [kind(units, activation="relu", **options), layers.BatchNormalization()]
    return [kind(units, activation="relu", kernel_initializer="he_uniform", **options)]


def _dropped(layers: Any, share: float) -> list[Any]:
    return [layers.Dropout(share)] if share else []


def _output(layers: Any, units: int, activation: str) -> Any:
    return layers.Dense(units, activation=activation, dtype="float32", name="probabilities")

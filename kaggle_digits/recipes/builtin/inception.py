"""A small Inception: convolutions of three sizes side by side.

Source: C. Szegedy et al., Going Deeper with Convolutions, 2014.
"""

from typing import Any

import keras
from keras import layers

from kaggle_digits.recipes import Distortions, Fit

fit = Fit(
    epochs=8,
    batch_size=128,
    learning_rate=2e-3,
    distortions=Distortions(rotation=8, shift=1.5, zoom=0.08, shear=0.08, elastic=0.7),
    precision="auto",
)


def build(image_shape: tuple[int, int], classes: int, width: int = 32, dropout: float = 0.4) -> keras.Model:
    inputs = keras.Input((*image_shape, 1))
    x = _convolution(inputs, width, 3)
    x = layers.MaxPooling2D(padding="same")(_convolution(x, width, 3))
    x = _module(_module(x, width), width)
    x = layers.MaxPooling2D(padding="same")(x)
    x = _module(_module(x, 2 * width), 2 * width)
    x = layers.Dropout(dropout)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def _module(x: Any, width: int) -> Any:
    """Four ways to look at the same places; 1 x 1 convolutions before the larger ones keep them cheap."""
    pooled = layers.MaxPooling2D(3, strides=1, padding="same")(x)
    return layers.Concatenate()(
        [
            _convolution(x, width, 1),
            _convolution(_convolution(x, width // 2, 1), width, 3),
            _convolution(_convolution(x, width // 4, 1), width // 2, 5),
            _convolution(pooled, width // 2, 1),
        ]
    )


def _convolution(x: Any, filters: int, side: int) -> Any:
    return layers.Conv2D(filters, side, padding="same", activation="relu", kernel_initializer="he_uniform")(x)


search = {"width": (16, 48), "dropout": (0.2, 0.6), "learning_rate": (5e-4, 5e-3)}

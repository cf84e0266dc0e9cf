"""Residual blocks of 128, 256 and 512 filters: a member of grand.

Source: github.com/ttdoucet/mnist, whose ten networks get 99.738 % of MNIST's own test images, trained from 60,000. Its
rates fall in steps of their own; here they go through one cycle. Its images are cut to 25 x 25 pixels and scaled back;
here digits are zoomed instead.
"""

from typing import Any

import keras
from keras import layers

from kaggle_digits.recipes import Distortions, Fit

fit = Fit(
    epochs=12,
    batch_size=100,
    learning_rate=1e-3,
    betas=(0.9, 0.99),
    distortions=Distortions(rotation=10, shift=1.5, zoom=0.12, shear=0.1, elastic=1.0),
    precision="auto",
)


def build(image_shape: tuple[int, int], classes: int, width: int = 128) -> keras.Model:
    inputs = keras.Input((*image_shape, 1))
    x = _block(_convolution(inputs, width, 5))
    x = _block(layers.MaxPooling2D(padding="same")(x))
    x = layers.MaxPooling2D(padding="same")(_convolution(x, 2 * width, 3))
    x = _convolution(_block(x), 4 * width, 3)
    x = _block(layers.MaxPooling2D(padding="same")(x))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def _convolution(x: Any, filters: int, side: int, activation: str | None = "relu") -> Any:
    x = layers.Conv2D(filters, side, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    return layers.Activation(activation)(x) if activation else x


def _block(x: Any) -> Any:
    """Two convolutions, and the way around them."""
    filters = x.shape[-1]
    inside = _convolution(_convolution(x, filters, 3), filters, 3, None)
    return layers.ReLU()(layers.Add()([x, inside]))


search = {"width": (32, 160), "learning_rate": (3e-4, 3e-3)}

"""A small ResNet: residual blocks with batch normalisation.

Source: K. He, X. Zhang, S. Ren, J. Sun, Deep Residual Learning for Image Recognition, 2015.
"""

from typing import Any

import keras
from keras import layers

from kaggle_digits.recipes import Distortions, Fit

fit = Fit(
    epochs=8,
    batch_size=128,
    learning_rate=5e-3,
    distortions=Distortions(rotation=8, shift=1.5, zoom=0.08, shear=0.08, elastic=0.7),
    precision="auto",
)


def build(image_shape: tuple[int, int], classes: int, width: int = 32, blocks: int = 2) -> keras.Model:
    inputs = keras.Input((*image_shape, 1))
    x = layers.Conv2D(width, 3, strides=2, padding="same", use_bias=False)(inputs)
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    for filters in (width, 2 * width):
        for number in range(blocks):
            x = _block(x, filters, strides=2 if filters > width and number == 0 else 1)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def _block(x: Any, filters: int, strides: int) -> Any:
    """Two convolutions, and the way around them."""
    around = x
    if strides > 1 or x.shape[-1] != filters:
        around = layers.Conv2D(filters, 1, strides=strides, use_bias=False)(x)
        around = layers.BatchNormalization(momentum=0.9)(around)
    x = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    return layers.ReLU()(layers.Add()([x, around]))


search = {"width": (16, 48), "blocks": (1, 3), "learning_rate": (1e-3, 1e-2)}

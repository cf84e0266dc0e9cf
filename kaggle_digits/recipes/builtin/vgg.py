"""A small VGG: pairs of 3 x 3 convolutions, then a dense layer.

Source: K. Simonyan, A. Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition, 2014.
"""

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


def build(
    image_shape: tuple[int, int], classes: int, width: int = 32, units: int = 256, dropout: float = 0.5
) -> keras.Model:
    model, side = keras.Sequential([keras.Input((*image_shape, 1))]), min(image_shape)
    for filters in (width, 2 * width, 4 * width):
        for _ in range(2):
            model.add(layers.Conv2D(filters, 3, padding="same", activation="relu", kernel_initializer="he_uniform"))
        if side >= 2:
            model.add(layers.MaxPooling2D())
            side //= 2
    model.add(layers.Flatten())
    model.add(layers.Dense(units, activation="relu", kernel_initializer="he_uniform"))
    model.add(layers.Dropout(dropout))
    model.add(layers.Dense(classes, activation="softmax"))
    return model


search = {"width": (16, 48), "dropout": (0.2, 0.6), "learning_rate": (5e-4, 5e-3)}

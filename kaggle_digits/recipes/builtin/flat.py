"""One dense layer of 128 units."""

import keras
from keras import layers

from kaggle_digits.recipes import Fit

fit = Fit(epochs=10, batch_size=128, learning_rate=8e-3, jit=True)


def build(image_shape: tuple[int, int], classes: int, units: int = 128) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((*image_shape, 1)),
            layers.Flatten(),
            layers.Dense(units, activation="relu"),
            layers.Dense(classes, activation="softmax"),
        ]
    )


search = {"units": (32, 512), "learning_rate": (1e-3, 2e-2)}

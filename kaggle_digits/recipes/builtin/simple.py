"""Two dense layers of 256 and 128 units with dropout."""

import keras
from keras import layers

from kaggle_digits.recipes import Fit

fit = Fit(epochs=12, batch_size=128, learning_rate=3e-3)


def build(image_shape: tuple[int, int], classes: int, dropout: float = 0.2) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((*image_shape, 1)),
            layers.Flatten(),
            layers.Dense(256, activation="relu"),
            layers.Dropout(dropout),
            layers.Dense(128, activation="relu"),
            layers.Dropout(dropout),
            layers.Dense(classes, activation="softmax"),
        ]
    )


search = {"dropout": (0.0, 0.5), "learning_rate": (1e-3, 1e-2)}

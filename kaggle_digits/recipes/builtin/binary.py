"""Zeros against ones: 20 x 20 pixels, sigmoid 25, 15, 1."""

import keras
from keras import layers

from kaggle_digits.recipes import Fit

fit = Fit(epochs=20, batch_size=32, learning_rate=1e-2, jit=True)
labels = 2


def build(image_shape: tuple[int, int], classes: int, side: int = 20) -> keras.Model:
    model = keras.Sequential([keras.Input((*image_shape, 1))])
    if image_shape != (side, side):
        model.add(layers.Resizing(side, side))
    model.add(layers.Flatten())
    model.add(layers.Dense(25, activation="sigmoid"))
    model.add(layers.Dense(15, activation="sigmoid"))
    model.add(layers.Dense(1, activation="sigmoid"))
    return model

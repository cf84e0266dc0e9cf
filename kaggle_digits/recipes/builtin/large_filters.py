"""Convolutions of 5 x 5, then dense: a member of champion."""

import keras
from keras import layers

from kaggle_digits.recipes import Distortions, Fit

fit = Fit(
    epochs=26,
    batch_size=128,
    learning_rate=3e-3,
    label_smoothing=0.1,
    distortions=Distortions(rotation=10, shift=2, zoom=0.1, shear=0.1, elastic=0.7),
    precision="auto",
)


def build(image_shape: tuple[int, int], classes: int, dropout: float = 0.4) -> keras.Model:
    model, side = keras.Sequential([keras.Input((*image_shape, 1))]), min(image_shape)
    for filters, pooled in ((32, False), (48, True), (96, False)):
        padding = "valid" if side > 5 else "same"
        model.add(layers.Conv2D(filters, 5, padding=padding, activation="relu", kernel_initializer="he_uniform"))
        side -= 4 if padding == "valid" else 0
        if side >= 2 and (pooled or filters == 96):
            model.add(layers.MaxPooling2D())
            side //= 2
    model.add(layers.Flatten())
    model.add(layers.Dense(256, activation="relu", kernel_initializer="he_uniform"))
    model.add(layers.Dropout(dropout))
    model.add(layers.Dense(classes, activation="softmax"))
    return model

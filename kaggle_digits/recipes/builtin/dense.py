"""Dense 1024, 512 and 256 with batch normalisation and dropout."""

import keras
from keras import layers

from kaggle_digits.recipes import Distortions, Fit

fit = Fit(
    epochs=20,
    batch_size=128,
    learning_rate=3e-3,
    distortions=Distortions(rotation=8, shift=1.5, zoom=0.08, shear=0.08, elastic=0.7),
)


def build(
    image_shape: tuple[int, int], classes: int, hidden: tuple[int, ...] = (1024, 512, 256), dropout: float = 0.2
) -> keras.Model:
    model = keras.Sequential([keras.Input((*image_shape, 1)), layers.Flatten()])
    for units in hidden:
        model.add(layers.Dense(units, activation="relu"))
        model.add(layers.BatchNormalization())
        model.add(layers.Dropout(dropout))
    model.add(layers.Dense(classes, activation="softmax"))
    return model


search = {"dropout": (0.0, 0.5), "learning_rate": (1e-3, 1e-2)}

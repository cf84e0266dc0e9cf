"""Dense ReLU layers of 784, 256 and 128 units."""

import keras
from keras import layers

from kaggle_digits.recipes import Distortions, Fit

fit = Fit(
    epochs=6,
    batch_size=256,
    learning_rate=3e-3,
    weight_decay=0.1,
    distortions=Distortions(rotation=6, shift=1, zoom=0.05, shear=0.05, elastic=0.5),
    precision="auto",
)


def build(
    image_shape: tuple[int, int], classes: int, hidden: tuple[int, ...] = (784, 256, 128), dropout: float = 0.0
) -> keras.Model:
    model = keras.Sequential([keras.Input((*image_shape, 1)), layers.Flatten()])
    for units in hidden:
        model.add(layers.Dense(units, activation="relu"))
        if dropout:
            model.add(layers.Dropout(dropout))
    model.add(layers.Dense(classes, activation="softmax"))
    return model


search = {"dropout": (0.0, 0.5), "learning_rate": (1e-3, 1e-2), "weight_decay": (0.0, 0.3)}

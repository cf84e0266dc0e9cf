"""Three blocks of convolutions with dropout, then dense 512."""

import keras
from keras import layers

from kaggle_digits.recipes import Fit

fit = Fit(epochs=10, batch_size=128, learning_rate=3e-3, precision="auto")


def build(
    image_shape: tuple[int, int], classes: int, width: int = 32, dropout: float = 0.25, units: int = 512
) -> keras.Model:
    model, side = keras.Sequential([keras.Input((*image_shape, 1))]), min(image_shape)
    for filters in ((width, width), (2 * width, 2 * width), (4 * width,)):
        for count in filters:
            model.add(layers.Conv2D(count, 3, padding="same", activation="relu"))
            # With Keras's 0.99, the averages of six layers would not have settled after the few steps of small data.
            model.add(layers.BatchNormalization(momentum=0.9))
        if side >= 2:  # small images are used up before the last block
            model.add(layers.MaxPooling2D())
            side //= 2
        model.add(layers.Dropout(dropout))
    model.add(layers.Flatten())
    model.add(layers.Dense(units, activation="relu"))
    model.add(layers.BatchNormalization(momentum=0.9))
    model.add(layers.Dropout(0.5))
    model.add(layers.Dense(classes, activation="softmax"))
    return model


search = {"width": (16, 48), "dropout": (0.0, 0.5), "learning_rate": (5e-4, 1e-2)}

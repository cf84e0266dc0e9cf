"""The Keras script that anyone would write, to hold the package against: it imports nothing of it.

    python benchmarks/plain.py cnn|mlp SEED TRAIN.csv HELD_OUT.csv TEST.csv

Reads with pandas, trains 10 epochs at most with Adam's defaults and batches of 128, holds out 20 % to see when to stop,
writes a submission, and prints one line of JSON. HELD_OUT.csv, labelled, is only looked at after the training.
"""

import json
import os
import sys
import time

BEGAN = time.perf_counter()

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pandas as pd
from keras import layers
from sklearn.model_selection import train_test_split

GOAL = 0.99


def mlp() -> keras.Model:
    """784, 256, 128 ReLU, softmax 10."""
    return keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(784, activation="relu"),
            layers.Dense(256, activation="relu"),
            layers.Dense(128, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def cnn() -> keras.Model:
    """Three blocks of convolutions with batch normalisation and dropout, dense 512."""
    model = keras.Sequential([keras.Input((784,)), layers.Reshape((28, 28, 1))])
    for filters in ((32, 32), (64, 64), (128,)):
        for number in filters:
            model.add(layers.Conv2D(number, 3, padding="same", activation="relu"))
            model.add(layers.BatchNormalization())
        model.add(layers.MaxPooling2D())
        model.add(layers.Dropout(0.25))
    model.add(layers.Flatten())
    model.add(layers.Dense(512, activation="relu"))
    model.add(layers.BatchNormalization())
    model.add(layers.Dropout(0.5))
    model.add(layers.Dense(10, activation="softmax"))
    return model


def main() -> None:
    """Trains, predicts, and tells."""
    kind, seed, train_csv, held_out_csv, test_csv = sys.argv[1:]
    keras.utils.set_random_seed(int(seed))
    train, test = pd.read_csv(train_csv), pd.read_csv(test_csv)
    x = train.drop(columns="label").to_numpy("float32") / 255
    x_train, x_val, y_train, y_val = train_test_split(x, train["label"], test_size=0.2, random_state=int(seed))
    model = {"mlp": mlp, "cnn": cnn}[kind]()
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])

    began, passed = time.perf_counter(), []

    class Clock(keras.callbacks.Callback):
        """Notes when each epoch was over, and how it validated."""

        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:  # noqa: ARG002
            passed.append((time.perf_counter() - began, logs["val_accuracy"]))
            if kind == "cnn" and logs["val_accuracy"] >= GOAL:
                self.model.stop_training = True

    model.fit(
        x_train, y_train, batch_size=128, epochs=10, validation_data=(x_val, y_val), callbacks=[Clock()], verbose=0
    )
    answers = model.predict(test.to_numpy("float32") / 255, verbose=0).argmax(axis=1)
    table = pd.DataFrame({"ImageId": np.arange(1, len(answers) + 1), "Label": answers})
    table.to_csv(os.devnull, index=False)
    seconds = time.perf_counter() - BEGAN
    unseen = pd.read_csv(held_out_csv)
    right = model.predict(unseen.drop(columns="label").to_numpy("float32") / 255, verbose=0).argmax(axis=1)
    print(
        json.dumps(
            {
                "accuracy": float((right == unseen["label"]).mean()),
                "train_seconds": round(passed[-1][0], 2),
                "seconds": round(seconds, 2),
                "epochs": len(passed),
                "curve": [(round(when, 2), round(accuracy, 4)) for when, accuracy in passed],
            }
        )
    )


if __name__ == "__main__":
    main()

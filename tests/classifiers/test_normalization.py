"""Fused or not, batch normalization learns the same."""

import numpy as np
import pytest

from kaggle_digits.backend import load_keras
from kaggle_digits.classifiers import normalization

keras = load_keras()
pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="only TensorFlow's is fused")


def trained(fused: bool) -> list[np.ndarray]:
    keras.utils.set_random_seed(0)
    layers = keras.layers
    inner = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
        ]
    )
    inputs = keras.Input((8, 8, 1))
    x = layers.Flatten()(layers.BatchNormalization(scale=False)(inner(inputs)))
    model = keras.Model(inputs, layers.Dense(3, activation="softmax")(layers.BatchNormalization()(x)))
    if fused:
        normalization.fuse(keras, model)
    names = [type(layer).__name__ for layer in (*inner.layers, *model.layers)]
    assert names.count("FusedBatchNormalization") == fused  # dense and unscaled ones stay as they are
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    rng = np.random.default_rng(0)
    for _ in range(5):
        model.train_on_batch(rng.random((16, 8, 8, 1), np.float32), rng.integers(0, 3, 16))
    return [*model.get_weights(), model.predict_on_batch(rng.random((4, 8, 8, 1), np.float32))]


def test_the_weights_and_moving_averages_are_the_same() -> None:
    for plain, fused in zip(trained(False), trained(True), strict=True):
        assert fused == pytest.approx(plain, abs=1e-5)

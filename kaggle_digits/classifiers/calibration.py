"""Probabilities that mean what they say: a network is surer than it is right, and one number puts that right.

Source: C. Guo et al., On Calibration of Modern Neural Networks, 2017: the temperature.
"""

import math

import numpy as np
from numpy.typing import NDArray

_LEAST_PROBABILITY = 1e-7  # of float32 probabilities; smaller ones are noise
_COLDEST, _HOTTEST = 0.05, 20.0
_HALVINGS = 16  # of what lies between the two: to a ten-thousandth
_PARTS = 5


def fit_temperature(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The temperature that makes a model's probabilities likeliest to be right on rows that it has not learned.

    A temperature of 1 is taken to be as likely beforehand as one more row would make it: so a few rows that are all
    right do not make every answer certain.

    Args:
        probabilities: float32 `(n, classes)`, each row sums to 1.
        labels: int64 `(n,)`, the truth.

    Returns:
        From 0.05 to 20: above 1 where the model is too sure of itself, 1 where there are no rows.
    """
    logits = _logits(probabilities)
    of_truth = np.take_along_axis(logits, labels[:, None], axis=1).sum()
    coldest, hottest = math.log(_COLDEST), math.log(_HOTTEST)
    for _ in range(_HALVINGS):
        middle = (coldest + hottest) / 2
        temperature = math.exp(middle)
        # The cross-entropy is convex in 1 / temperature, so its slope there tells which half has the lowest point.
        slope = (_softmax(logits / temperature) * logits).sum() - of_truth + (1 - temperature)
        coldest, hottest = (middle, hottest) if slope > 0 else (coldest, middle)
    return math.exp((coldest + hottest) / 2) if len(labels) else 1.0


def apply(probabilities: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Probabilities, float32 `(..., classes)`, at a temperature above 0; the order of the labels stays."""
    if temperature == 1:
        return probabilities
    return _softmax(_logits(probabilities) / temperature).astype(np.float32)


def cross_fitted(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """Each row at a temperature fitted on other rows, so that these rows can say what the temperature is worth.

    Both probabilities are float32 `(n, classes)`, of rows that the model has not learned.
    """
    part_of = np.arange(len(labels)) % _PARTS
    calibrated = probabilities.copy()
    for part in range(_PARTS):
        inside = part_of == part
        temperature = fit_temperature(probabilities[~inside], labels[~inside])
        calibrated[inside] = apply(probabilities[inside], temperature)
    return calibrated


def _logits(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.log(np.maximum(probabilities.astype(np.float64), _LEAST_PROBABILITY))


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))

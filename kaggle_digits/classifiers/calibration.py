"""Probabilities that mean what they say: a network is surer than it is right, and one number puts that right.

Source: C. Guo et al., On Calibration of Modern Neural Networks, 2017: the temperature.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LEAST_PROBABILITY = 1e-7  # of float32 probabilities; smaller ones are noise
_COLDEST, _HOTTEST = 0.05, 20.0
_STEPS = 30  # each shrinks the interval by the golden section: to less than a ten-thousandth


def fit_temperature(probabilities: "NDArray[np.float32]", labels: "NDArray[np.int64]") -> float:
    """The temperature that makes a model's probabilities likeliest to be right on rows that it has not learned.

    Args:
        probabilities: float32 `(n, classes)`, each row sums to 1.
        labels: int64 `(n,)`, the truth.

    Returns:
        From 0.05 to 20: above 1 where the model is too sure of itself, 1 where there are no rows.
    """
    import math

    if len(labels) == 0:
        return 1.0
    logs = _logarithms(probabilities)
    low, high = math.log(_COLDEST), math.log(_HOTTEST)
    share = (math.sqrt(5) - 1) / 2
    for _ in range(_STEPS):
        one, other = high - share * (high - low), low + share * (high - low)
        if _loss(logs, labels, math.exp(one)) <= _loss(logs, labels, math.exp(other)):
            high = other
        else:
            low = one
    return math.exp((low + high) / 2)


def apply(probabilities: "NDArray[np.float32]", temperature: float) -> "NDArray[np.float32]":
    """Probabilities at a temperature; the order of the labels stays.

    Args:
        probabilities: float32 `(..., classes)`, each row sums to 1.
        temperature: above 0; 1 changes nothing.

    Returns:
        float32 of the same shape, each row sums to 1.
    """
    import numpy as np

    if temperature == 1:
        return probabilities
    scaled = _logarithms(probabilities) / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)


def _logarithms(probabilities: "NDArray[np.float32]") -> "NDArray[np.float64]":
    import numpy as np

    return np.log(np.maximum(probabilities.astype(np.float64), _LEAST_PROBABILITY))


def _loss(logs: "NDArray[np.float64]", labels: "NDArray[np.int64]", temperature: float) -> float:
    """The mean cross-entropy in nats."""
    import numpy as np

    scaled = logs / temperature
    highest = scaled.max(axis=1)
    totals = highest + np.log(np.exp(scaled - highest[:, None]).sum(axis=1))
    return float((totals - scaled[np.arange(len(labels)), labels]).mean())

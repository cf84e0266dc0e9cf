"""A personal touch: what looks like a digit that its user has put right is read as that.

Nearest neighbours, by pixels, so that any kind of model can have it. A correction raises its label for what is near, by
the log odds that the model lacked for it. So digits of which the model is sure stay what they are, unless they are very
near; and those that look like no correction are answered as before, to the last bit.

benchmarks/personal.py measures it. The constants were chosen on scikit-learn's digits and on hands that it draws.
"""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kaggle_digits import photos

_REACH = 0.8  # up to which a correction counts: a distance of shapes, between 0 and the square root of 2
_BLUR = 1.0  # pixels, so that a stroke may move a little
_WANTED = math.log(0.9 / 0.1)  # log odds that a corrected image has of its label afterwards, at least
_USUAL = 6.0  # nats; who was further from the right label was sure of another, which only the very near can change
_LEAST = 1e-7  # of float32 probabilities; smaller ones are noise


@dataclass(frozen=True, eq=False)
class Touch:
    """Corrected digits, which raise their labels for those that look like them.

    Attributes:
        shapes: float32 `(m, height * width)`, blurred and of length 1: the same digit in paler ink is near.
        labels: int64 `(m,)`, the right ones.
        lacking: float32 `(m,)`, log odds that the model lacked for them, from 0.
    """

    shapes: NDArray[np.float32]
    labels: NDArray[np.int64]
    lacking: NDArray[np.float32]

    @classmethod
    def of(cls, images: NDArray[np.uint8], labels: NDArray[np.int64], probabilities: NDArray[np.float32]) -> Self:
        """That of corrected digits.

        Args:
            images: uint8 `(m, height, width)`, as the model saw them; 0 is paper, 255 is ink.
            labels: int64 `(m,)`, the right ones.
            probabilities: float32 `(m, classes)`, the answers to them; of several, the least likely.
        """
        share = probabilities[np.arange(len(labels)), labels].clip(_LEAST, 1 - _LEAST)
        return cls(_shapes(images), labels, np.maximum(_WANTED - np.log(share / (1 - share)), 0))

    def adapted(self, images: NDArray[np.uint8], probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
        """A model's answers, with what the corrections change in them.

        Args:
            images: uint8 `(n, height, width)`, what the model was asked about.
            probabilities: float32 `(n, classes)`, its answers.

        Returns:
            float32 `(n, classes)`; each row sums to 1.
        """
        squares = 2 - 2 * _shapes(images) @ self.shapes.T
        near = np.maximum(1 - squares / _REACH**2, 0) ** 2
        lifts = near * np.minimum(self.lacking, _USUAL) + near**4 * np.maximum(self.lacking - _USUAL, 0)
        highest = np.zeros_like(probabilities)
        for label in np.unique(self.labels):
            highest[:, label] = lifts[:, self.labels == label].max(axis=1)
        raised = np.maximum(probabilities, _LEAST) * np.exp(highest)
        is_near = highest.any(axis=1, keepdims=True)
        return np.where(is_near, raised / raised.sum(axis=1, keepdims=True), probabilities)


def _shapes(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    soft = photos.gaussian(images.astype(np.float32), _BLUR).reshape(len(images), -1)
    return np.asarray(soft / np.maximum(np.linalg.norm(soft, axis=1, keepdims=True), 1e-6), np.float32)

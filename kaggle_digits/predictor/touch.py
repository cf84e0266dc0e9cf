"""A personal touch: what looks like a digit that its user has put right is read as that.

Nearest neighbours, by what the network of marks sees in them, so that any kind of model can have it. A correction makes
its label likelier for what is near: against other digits, and against no digit at all, each by the log odds that were
lacking for it. So what is surely another digit stays that, unless it is very near; and what looks like no correction is
answered as before, to the last bit.

benchmarks/personal.py measures it. The constants were chosen on hands that it draws.
"""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.photos import MARK

_REACH = 0.8  # up to which a correction counts: a distance of features, between 0 and the square root of 2
_WANTED = math.log(0.9 / 0.1)  # log odds that a corrected image has of its label afterwards, at least
_USUAL = 10.0  # nats; who was further from the right label was sure of another, which only the very near can change
_LEAST = 1e-7  # of float32 probabilities; smaller ones are noise


@dataclass(frozen=True, eq=False)
class Touch:
    """Corrected digits, which raise their labels for those that look like them.

    Attributes:
        features: float32 `(m, features)`, from `photos.mark_features`.
        labels: int64 `(m,)`, the right ones.
        lacking: float32 `(m,)`, log odds that were lacking for them, from 0.
    """

    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    lacking: NDArray[np.float32]

    @classmethod
    def of(
        cls,
        features: NDArray[np.float32],
        labels: NDArray[np.int64],
        probabilities: NDArray[np.float32],
        marks: NDArray[np.float32],
    ) -> Self:
        """That of corrected digits.

        Args:
            features: float32 `(m, features)`, from `photos.mark_features`.
            labels: int64 `(m,)`, the right ones, 0 to 9.
            probabilities: float32 `(m,)`, of the right label, if it is a digit; of several answers, the least likely.
            marks: float32 `(m, 11)`, from `photos.mark_probabilities`.
        """
        share = probabilities.clip(_LEAST, 1 - _LEAST)
        marks = np.maximum(marks, _LEAST)
        as_digit = marks[np.arange(len(labels)), labels]
        odds = np.minimum(np.log(share / (1 - share)), np.log(as_digit / marks[:, MARK]))
        return cls(features, labels, np.maximum(_WANTED - odds, 0))

    def lifts(self, features: NDArray[np.float32], classes: int) -> NDArray[np.float32]:
        """By how many nats each label is likelier for what looks like that: float32 `(n, classes)`, from 0.

        Args:
            features: float32 `(n, features)`, from `photos.mark_features`.
            classes: how many labels there are.
        """
        squares = 2 - 2 * features @ self.features.T
        near = np.maximum(1 - squares / _REACH**2, 0) ** 2
        lifts = near * np.minimum(self.lacking, _USUAL) + near**4 * np.maximum(self.lacking - _USUAL, 0)
        highest = np.zeros((len(features), classes), np.float32)
        for label in np.unique(self.labels):
            highest[:, label] = lifts[:, self.labels == label].max(axis=1)
        return highest

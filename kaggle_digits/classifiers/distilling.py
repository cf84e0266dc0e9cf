"""Learning from a teacher: what another network says of the same distorted images, in place of their labels.

G. Hinton et al., Distilling the Knowledge in a Neural Network, 2015.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.classifiers.feeding import Teach

# A teacher's answers take several times as long as the pupil's step does, so that they are kept, 1.5 MB an epoch, and
# the distortions begin again after so many epochs. That costs a pupil nothing that could be measured.
_EPOCHS = 40

# How much the teacher's answers are softened, so that the pupil also learns what an image nearly is. 2 and 4 were as
# good as each other, 8 was worse.
_TEMPERATURE = 4.0


@dataclass(frozen=True)
class Teacher:
    """What a teacher says, asked once for every distorted image, and remembered.

    Attributes:
        ask: gives probabilities, float32 `(n, classes)`, for uint8 images `(n, height, width)`.
        seconds: that the teacher's own training took.
    """

    ask: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
    seconds: float = 0.0
    _answers: dict[tuple[int, int], NDArray[np.float32]] = field(default_factory=dict, repr=False)

    def epoch(self, epoch: int) -> int:
        """The number, from 1, by which an epoch's order and distortions are drawn."""
        return (epoch - 1) % _EPOCHS + 1

    def targets(self, epoch: int) -> Teach:
        """What the teacher says of the images of an epoch: of those from a place on in its order."""
        return partial(self._answer, self.epoch(epoch))

    def _answer(self, number: int, images: NDArray[np.uint8], start: int) -> NDArray[np.float32]:
        if (number, start) not in self._answers:
            self._answers[number, start] = self.ask(images)
        return self._answers[number, start]


def loss(ops: Any) -> Callable[[Any, Any], Any]:
    """How far what a pupil says is from what its teacher says, both softened: the Kullback-Leibler divergence.

    It is cross-entropy, and teaches as much, less what even the teacher itself would be charged; so it falls to 0. With
    `keras.ops`, it is a function of two tensors of probabilities `(n, classes)` that gives nats `(n,)`.
    """

    def softened(probabilities: Any) -> Any:
        logarithms = ops.log(ops.clip(probabilities, 1e-7, 1.0)) / _TEMPERATURE
        return logarithms - ops.logsumexp(logarithms, axis=-1, keepdims=True)

    def divergence(told: Any, said: Any) -> Any:
        told = softened(told)
        return ops.sum(ops.exp(told) * (told - softened(said)), axis=-1)

    return divergence

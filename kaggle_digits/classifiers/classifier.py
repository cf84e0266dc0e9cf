"""What a classifier is."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.runs import Epoch, LayerRecord


class Classifier(Protocol):
    """Answers the one question that evaluation, prediction and submission ask."""

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The probability of every label for every image.

        Args:
            images: uint8 `(n, height, width)`, 0 is paper and 255 is ink.

        Returns:
            float32 `(n, classes)`; each row sums to 1.
        """
        ...


class TrainedClassifier(Classifier, Protocol):
    """What a training ends with: it answers, tells what it is made of, and can be saved."""

    def layers(self) -> list[LayerRecord]:
        """What it is made of, from the pixels to the probabilities."""
        ...

    def save(self, folder: Path) -> list[str]:
        """Writes the model into a run folder, and returns the names of the files written."""
        ...


@dataclass(frozen=True)
class Fitted:
    """What fitting gives.

    Attributes:
        classifier: ready to answer.
        history: its epochs; none for a model that is fitted in one go.
        kept: the number of the epoch whose weights it has, from 1; 0 where there are no epochs.
        interrupted: whether the listener ended it before its time.
        precision: what was computed in, `float32` or `bfloat16`.
        teacher_seconds: that the network's teacher took; 0 where it has none.
        validation: float32 `(n, classes)`, what a network says of the validation rows.
    """

    classifier: TrainedClassifier
    history: list[Epoch]
    kept: int = 0
    interrupted: bool = False
    precision: str = "float32"
    teacher_seconds: float = 0.0
    validation: NDArray[np.float32] | None = None

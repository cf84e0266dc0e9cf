"""What a classifier is: something that gives every image a probability for each label."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Layer:
    """A part of a classifier.

    Attributes:
        name: its own name.
        kind: its class, `Dense` say.
        output_shape: of what it hands on for one image; empty where that is not known.
        parameters: how many numbers it has learned.
    """

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int

    @classmethod
    def from_json(cls, record: "Mapping[str, Any]") -> "Layer":
        """What run.json tells of a layer."""
        shape = tuple(record["output_shape"])
        return cls(record["name"], record["kind"], shape, record["parameters"])


class Answers(Protocol):
    """Answers the one question that evaluation, prediction and submission ask."""

    def probabilities(self, images: "NDArray[np.uint8]") -> "NDArray[np.float32]":
        """The probability of every label for every image.

        Args:
            images: uint8 `(n, height, width)`, 0 is paper and 255 is ink.

        Returns:
            float32 `(n, classes)`; each row sums to 1.
        """
        ...


class Classifier(Answers, Protocol):
    """What a training ends with: it answers, tells what it is made of, and can be saved."""

    def layers(self) -> "list[Layer]":
        """What it is made of, from the pixels to the probabilities."""
        ...

    def save(self, folder: Path) -> list[str]:
        """Writes the model into a run folder, and returns the names of the files written."""
        ...


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training rows brought; one line of history.csv.

    Attributes:
        epoch: from 1.
        loss: mean cross-entropy over the training rows while they were learned, in nats.
        accuracy: share of the training rows labelled rightly meanwhile.
        val_loss: mean cross-entropy over the validation rows after the epoch, in nats.
        val_accuracy: share of the validation rows labelled rightly after the epoch.
        learning_rate: at the end of the epoch.
        seconds: how long it took, validation included.
    """

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    learning_rate: float
    seconds: float


class Listener(Protocol):
    """Hears how a training goes, and may end it early."""

    def note(self, text: str) -> None:
        """Something to tell, in a line: which of many trainings is next, say."""
        ...

    def begins(self, epochs: int | None, steps: int) -> None:
        """Training begins: so many epochs (None: until time is up) of so many steps each."""
        ...

    def step(self, epoch: int, step: int, loss: float, accuracy: float) -> None:
        """A step is done; epoch and step count from 1, loss and accuracy are means over the epoch so far."""
        ...

    def epoch(self, epoch: Epoch) -> None:
        """An epoch is done."""
        ...

    def wants_stop(self) -> bool:
        """Asked after each step: whether to validate now and end the training there."""
        ...

    def ends(self) -> None:
        """No more steps will come."""
        ...


class Silence:
    """A listener that says nothing and lets the training run to its end."""

    def note(self, text: str) -> None: ...

    def begins(self, epochs: int | None, steps: int) -> None: ...

    def step(self, epoch: int, step: int, loss: float, accuracy: float) -> None: ...

    def epoch(self, epoch: Epoch) -> None: ...

    def wants_stop(self) -> bool:
        return False

    def ends(self) -> None: ...


@dataclass(frozen=True)
class Fitted:
    """What fitting gives.

    Attributes:
        classifier: ready to answer.
        history: its epochs; none for a model that is fitted in one go.
        interrupted: whether the listener ended it before its time.
        precision: what was computed in, `float32` or `bfloat16`.
        teacher_seconds: that the network's teacher took; 0 where it has none.
    """

    classifier: Classifier
    history: list[Epoch]
    interrupted: bool = False
    precision: str = "float32"
    teacher_seconds: float = 0.0

"""Several classifiers that answer as one: the weighted mean of what each says."""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from kaggle_digits.classifiers.protocol import Answers, Layer
from kaggle_digits.classifiers.shifts import Shifted
from kaggle_digits.errors import RunError
from kaggle_digits.files import storage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

FILE = "ensemble.json"

_MOST_BYTES = 1 << 20

Mean = Literal["probabilities", "logits"]
"""What is averaged: probabilities, or their logarithms, so that one member's certainty weighs more."""


class Ensemble:
    """Members and what each weighs.

    Attributes:
        members: by their names, which are their folders' in the run folder; with `shifts`, as `Shifted`.
        weights: above 0, by the same names.
        mean: what is averaged.
        shifts: whether every member looks at five views of an image.
    """

    def __init__(
        self, members: dict[str, Answers], weights: dict[str, float], mean: Mean, *, shifts: bool = False
    ) -> None:
        self.members = {name: Shifted(member) for name, member in members.items()} if shifts else members
        self.weights = weights
        self.mean = mean
        self.shifts = shifts

    def probabilities(self, images: "NDArray[np.uint8]") -> "NDArray[np.float32]":
        """See `Classifier.probabilities`."""
        return self.together([member.probabilities(images) for member in self.members.values()])

    def together(self, answers: "Sequence[NDArray[np.float32]]") -> "NDArray[np.float32]":
        """What the members' answers come to, float32 `(n, classes)` each, in the order of the members."""
        return mean(answers, [self.weights[name] for name in self.members], self.mean)

    def layers(self) -> list[Layer]:
        """See `Classifier.layers`: an ensemble is made of its members, whose own runs tell of their layers."""
        return [Layer(name, type(member).__name__, (), 0) for name, member in self.members.items()]

    def save(self, folder: Path) -> list[str]:
        """Writes ensemble.json; the members are in their own folders already.

        Raises:
            StorageError: the folder cannot be written, or the disk is full.
        """
        text = json.dumps({"mean": self.mean, "shifts": self.shifts, "weights": self.weights}, indent=2)
        storage.write_text(folder / FILE, text + "\n")
        return [FILE]


def mean(
    answers: "Sequence[NDArray[np.float32]]", weights: "Sequence[float]", kind: Mean = "probabilities"
) -> "NDArray[np.float32]":
    """The weighted mean of several answers to the same images.

    Args:
        answers: float32 `(n, classes)` each; rows sum to 1.
        weights: one an answer, not all 0.
        kind: what is averaged.

    Returns:
        float32 `(n, classes)`; rows sum to 1.
    """
    import numpy as np

    shares = np.asarray(weights, np.float64) / sum(weights)
    if kind == "logits":
        # A probability that float32 has rounded to 0 must not overrule all others.
        answers = [np.log(np.maximum(answer, 1e-7)) for answer in answers]
    total = np.einsum("m,mnc->nc", shares, np.stack(answers))
    if kind == "logits":
        total = np.exp(total - total.max(axis=1, keepdims=True))
    together: NDArray[np.float32] = (total / total.sum(axis=1, keepdims=True)).astype(np.float32)
    return together


def load(folder: Path, load_member: "Callable[[str], Answers]") -> Ensemble:
    """Loads an ensemble from its run folder.

    Args:
        folder: the run's.
        load_member: loads a member by its name, which is that of its folder in the run folder.

    Raises:
        RunError: ensemble.json is damaged, or a member cannot be loaded.
    """
    try:
        record = json.loads(storage.read_text(folder / FILE, _MOST_BYTES))
        weights = {str(name): float(weight) for name, weight in record["weights"].items()}
        kind: Mean = record["mean"]
        shifts = record.get("shifts", False)  # older runs do not say
        sound = kind in get_args(Mean) and weights and all(0 < weight < math.inf for weight in weights.values())
        sound = sound and isinstance(shifts, bool)
        # A name is a folder in the run folder, and nothing that leads out of it.
        sound = sound and all(name == Path(name).name and name not in ("", ".", "..") for name in weights)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise RunError(f"{folder / FILE} cannot be read: {error}. Train again.") from None
    if not sound:
        raise RunError(f"{folder / FILE} is not an ensemble of this release. Train again.")
    return Ensemble({name: load_member(name) for name in weights}, weights, kind, shifts=shifts)

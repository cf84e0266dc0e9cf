"""Several answers averaged: of classifiers, each with its weight, or of one that looks at an image five times."""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kaggle_digits import runs
from kaggle_digits.classifiers.classifier import Classifier
from kaggle_digits.errors import RunError
from kaggle_digits.runs import Run

Mean = Literal["probabilities", "logits"]
"""What is averaged: probabilities, or their logarithms, so that one member's certainty weighs more."""

SHIFTS = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
"""Pixels down and to the right; the first view is the image as it is."""


class Augmented:
    """A classifier that answers with the mean of what another one says of an image's five views.

    Source: A. Krizhevsky et al., ImageNet Classification with Deep Convolutional Neural Networks, 2012, section 4.1.
    """

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See `Classifier.probabilities`; takes five times as long."""
        views = [self.classifier.probabilities(shifted(images, down, right)) for down, right in SHIFTS]
        together: NDArray[np.float32] = np.mean(views, axis=0, dtype=np.float32)
        return together


def shifted(images: NDArray[np.uint8], down: int, right: int) -> NDArray[np.uint8]:
    """Images, uint8 `(n, height, width)`, moved by whole pixels; what comes in at an edge is paper."""
    _, height, width = images.shape
    padded = np.pad(images, ((0, 0), (max(down, 0), max(-down, 0)), (max(right, 0), max(-right, 0))))
    return padded[:, max(-down, 0) :, max(-right, 0) :][:, :height, :width]


class Ensemble:
    """Members and what each weighs.

    Attributes:
        members: by their names, which are their folders' in the run folder; with `tta`, as `Augmented`.
        weights: above 0, by the same names.
        mean: what is averaged.
        tta: whether every member looks at five views of an image.
    """

    def __init__(
        self, members: dict[str, Classifier], weights: dict[str, float], mean: Mean, *, tta: bool = False
    ) -> None:
        self.members = {name: Augmented(member) for name, member in members.items()} if tta else members
        self.weights = weights
        self.mean = mean
        self.tta = tta

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See `Classifier.probabilities`."""
        return self.combine([member.probabilities(images) for member in self.members.values()])

    def combine(self, probabilities: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """The mean of the members' probabilities, float32 `(n, classes)` each, in the order of the members."""
        return mean(probabilities, [self.weights[name] for name in self.members], self.mean)


def mean(
    probabilities: Sequence[NDArray[np.float32]], weights: Sequence[float], kind: Mean = "probabilities"
) -> NDArray[np.float32]:
    """The weighted mean of several classifiers' probabilities for the same images.

    Args:
        probabilities: float32 `(n, classes)` each; rows sum to 1.
        weights: one a classifier, not all 0.
        kind: what is averaged.

    Returns:
        float32 `(n, classes)`; rows sum to 1.
    """
    shares = np.asarray(weights, np.float64) / sum(weights)
    if kind == "logits":
        # A probability that float32 has rounded to 0 must not overrule all others.
        probabilities = [np.log(np.maximum(one, 1e-7)) for one in probabilities]
    total = np.einsum("m,mnc->nc", shares, np.stack(probabilities))
    if kind == "logits":
        total = np.exp(total - total.max(axis=1, keepdims=True))
    together: NDArray[np.float32] = (total / total.sum(axis=1, keepdims=True)).astype(np.float32)
    return together


def load(run: Run, load_member: Callable[[Run], Classifier]) -> Ensemble:
    """Loads a committee from its run, and each member from its own.

    Raises:
        RunError: no member weighs anything, or one cannot be loaded.
    """
    weights = {name: weight for name, weight in (run.record.members or {}).items() if weight > 0}
    if not weights:
        raise RunError(f"{run.path} names no member that answers. Train again.")
    members = {name: load_member(member) for name, member in runs.members(run).items() if name in weights}
    return Ensemble(members, weights, run.record.mean, tta=run.record.tta)

"""Which kinds of members a committee keeps, how much each weighs, and an estimate that this choice has not flattered.

Beside the kinds it is chosen whether test-time augmentation is used, and what is averaged.

Source: R. Caruana et al., Ensemble Selection from Libraries of Models, 2004: greedy, with replacement.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.classifiers import ensemble

Candidate = Sequence[NDArray[np.float32]]
"""A way to ask the members: the out-of-fold probabilities of each kind, float32 `(n, classes)`."""

_ROUNDS = 12  # more only follow the noise


@dataclass(frozen=True)
class Choice:
    """What was chosen.

    Attributes:
        weights: one a kind, from 0 to 1; they sum to 1.
        mean: what is averaged.
        candidate: the number of the candidate.
        probabilities: float32 `(n, classes)`: each row answered by the choice that was made without its fold, so
            that the choice cannot flatter itself.
    """

    weights: list[float]
    mean: ensemble.Mean
    candidate: int
    probabilities: NDArray[np.float32]


def choose(candidates: Sequence[Candidate], labels: NDArray[np.int64], fold_of: NDArray[np.intp]) -> Choice:
    """Chooses by the out-of-fold rows, of labels and folds `(n,)`, between candidates, of equals the first.

    A single fold leaves no other to choose by: then kinds weigh the same, and the last candidate, of more views, is it.
    """
    parts = np.unique(fold_of)
    if len(parts) == 1 or len(candidates) == len(candidates[0]) == 1:
        answers = candidates[-1]
        alike = [1 / len(answers)] * len(answers)
        return Choice(alike, "probabilities", len(candidates) - 1, ensemble.mean(answers, alike, "probabilities"))
    nested = np.zeros_like(candidates[0][0])
    for fold in parts:
        out = fold_of == fold
        weights, kind, number = _best([[answer[~out] for answer in answers] for answers in candidates], labels[~out])
        nested[out] = ensemble.mean([answer[out] for answer in candidates[number]], weights, kind)
    weights, kind, number = _best(candidates, labels)
    return Choice(weights, kind, number, nested)


def _best(candidates: Sequence[Candidate], labels: NDArray[np.int64]) -> tuple[list[float], ensemble.Mean, int]:
    # Out of fold, one kind is one answer, which tells nothing of how to average several.
    means: tuple[ensemble.Mean, ...] = get_args(ensemble.Mean) if len(candidates[0]) > 1 else ("probabilities",)
    found = [
        (_greedy(answers, labels, kind), kind, number) for number, answers in enumerate(candidates) for kind in means
    ]
    return max(found, key=lambda one: _score(ensemble.mean(candidates[one[2]], *one[:2]), labels))


def _greedy(answers: Candidate, labels: NDArray[np.int64], kind: ensemble.Mean) -> list[float]:
    """Begins with all kinds alike; then adds a kind once more, or drops one, whichever helps most, until none does."""
    counts = [1] * len(answers)
    best = _score(ensemble.mean(answers, counts, kind), labels)
    for _ in range(_ROUNDS):
        tries = [[count + (place == more) for place, count in enumerate(counts)] for more in range(len(answers))]
        tries += [[count * (place != less) for place, count in enumerate(counts)] for less in range(len(answers))]
        scores = [(_score(ensemble.mean(answers, one, kind), labels) if any(one) else (0.0, 0.0)) for one in tries]
        if max(scores) <= best:
            break
        best = max(scores)
        counts = tries[scores.index(best)]
    return [count / sum(counts) for count in counts]


def _score(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> tuple[float, float]:
    """Accuracy; and between equals, the likelihood of the truth."""
    of_truth = np.take_along_axis(probabilities, labels[:, None], axis=1)
    return float((probabilities.argmax(axis=1) == labels).mean()), float(np.log(of_truth.clip(1e-7)).mean())

"""What a set of probabilities is worth against the labels: pure arithmetic, no models and no files."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from kaggle_digits.evaluation.intervals import wilson_interval

BINS = 15  # for the calibration error, as in C. Guo et al., On Calibration of Modern Neural Networks, 2017
_LEAST_PROBABILITY = 1e-7  # as Keras has it; float32 knows no logarithm of a probability that was rounded to 0


class Scores(msgspec.Struct, frozen=True):
    """Precision, recall and F1 as scikit-learn defines them, each from 0 to 1 (0 where it would be 0 / 0)."""

    precision: float
    recall: float
    f1: float
    support: int


class Report(msgspec.Struct, frozen=True):
    """Every number of an evaluation.

    Attributes:
        rows: how many images were judged.
        accuracy: share of them labelled rightly, 0 to 1.
        interval: the 95 % Wilson score interval of the accuracy.
        loss: mean cross-entropy in nats.
        top_2_accuracy: share of images whose label was the first or second guess, by the order of `top_k`.
        calibration_error: expected calibration error over 15 equal bins of confidence, 0 to 1.
        labels: scores by label.
        macro: their plain mean.
        weighted: their mean weighted by support.
        confusion: `confusion[actual][predicted]`, counts.
        confused: the most frequent mistakes: (actual, predicted, count).
    """

    rows: int
    accuracy: float
    interval: tuple[float, float]
    loss: float
    top_2_accuracy: float
    calibration_error: float
    labels: dict[int, Scores]
    macro: Scores
    weighted: Scores
    confusion: list[list[int]]
    confused: list[tuple[int, int, int]]

    def as_json(self) -> dict[str, Any]:
        """The same as plain dictionaries and lists, for report.json."""
        plain: dict[str, Any] = msgspec.to_builtins(self, str_keys=True)
        return plain


def evaluate(labels: NDArray[np.int64], probabilities: NDArray[np.float32]) -> Report:
    """Judges probabilities, float32 `(n, classes)`, each row of which sums to 1, by the labels, int64 `(n,)`."""
    rows, classes = probabilities.shape
    predicted = probabilities.argmax(axis=1)
    right = predicted == labels
    confusion = np.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes)
    of_truth = probabilities[np.arange(rows), labels].astype(np.float64)
    hits, said, support = confusion.diagonal(), confusion.sum(axis=0), confusion.sum(axis=1)
    scores = np.column_stack(
        [hits / np.maximum(said, 1), hits / np.maximum(support, 1), 2 * hits / np.maximum(said + support, 1)]
    )
    return Report(
        rows=rows,
        accuracy=float(right.mean()),
        interval=wilson_interval(int(right.sum()), rows),
        loss=float(-np.log(np.maximum(of_truth, _LEAST_PROBABILITY)).mean()),
        top_2_accuracy=float((top_k(probabilities, 2) == labels[:, None]).any(axis=1).mean()),
        calibration_error=calibration_error(probabilities.max(axis=1), right),
        labels={label: _scores(scores[label], int(support[label])) for label in range(classes)},
        macro=_scores(scores.mean(axis=0), rows),
        weighted=_scores(np.average(scores, axis=0, weights=support), rows),
        confusion=confusion.tolist(),
        confused=_most_confused(confusion),
    )


def _scores(values: NDArray[np.float64], support: int) -> Scores:
    precision, recall, f1 = map(float, values)
    return Scores(precision, recall, f1, support)


def _most_confused(confusion: NDArray[np.intp], most: int = 10) -> list[tuple[int, int, int]]:
    wrong = [(int(a), int(p), int(confusion[a, p])) for a, p in np.argwhere(confusion) if a != p]
    return sorted(wrong, key=lambda pair: -pair[2])[:most]


def top_k(probabilities: NDArray[np.float32], k: int) -> NDArray[np.intp]:
    """The k likeliest labels, best first: int `(n, min(k, classes))`, from float32 `(n, classes)`.

    Of equally likely ones the smaller comes first, as for `argmax`.
    """
    return np.argsort(-probabilities, axis=1, kind="stable")[:, :k]


def calibration_error(confidence: NDArray[np.float32], right: NDArray[np.bool_]) -> float:
    """Expected calibration error: how far, on average, confidence lies from the share that is right.

    Args:
        confidence: float32 `(n,)`, the probability of the predicted label.
        right: bool `(n,)`, whether it was the true one.

    Returns:
        From 0 (says 90 % and is right 9 times in 10) to 1.
    """
    gap = np.bincount(confidence_bins(confidence), weights=right.astype(np.float64) - confidence, minlength=BINS)
    return float(np.abs(gap).sum() / len(confidence))


def confidence_bins(confidence: NDArray[np.float32]) -> NDArray[np.intp]:
    """int `(n,)`, 0 to 14: the bin of the calibration error for each probability of a prediction, float32 `(n,)`."""
    return np.minimum((confidence * BINS).astype(np.intp), BINS - 1)

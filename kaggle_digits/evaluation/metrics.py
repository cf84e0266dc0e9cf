"""What a set of probabilities is worth against the labels: pure arithmetic, no models and no files."""

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

_Z_95 = 1.959963984540054  # the standard normal's 97.5 % point
BINS = 15  # for the calibration error, as in C. Guo et al., On Calibration of Modern Neural Networks, 2017


@dataclass(frozen=True)
class Scores:
    """Precision, recall and F1 as scikit-learn defines them, each from 0 to 1 (0 where it would be 0 / 0)."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Report:
    """Every number of an evaluation.

    Attributes:
        rows: how many images were judged.
        accuracy: share of them labelled rightly, 0 to 1.
        interval: the 95 % Wilson score interval of the accuracy.
        loss: mean cross-entropy in nats.
        top_2_accuracy: share of images whose label was the first or second guess, by the order of `ranked`.
        calibration_error: expected calibration error over 15 equal bins of confidence, 0 to 1.
        labels: scores per label, by its number.
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
    labels: list[Scores]
    macro: Scores
    weighted: Scores
    confusion: list[list[int]]
    confused: list[tuple[int, int, int]]

    def as_json(self) -> dict[str, Any]:
        """The same as plain dictionaries and lists, for report.json."""
        return asdict(self)


def evaluate(labels: "NDArray[np.int64]", probabilities: "NDArray[np.float32]") -> Report:
    """Judges probabilities.

    Args:
        labels: int64 `(n,)`, the truth.
        probabilities: float32 `(n, classes)`, each row sums to 1.
    """
    import numpy as np

    rows, classes = probabilities.shape
    predicted = probabilities.argmax(axis=1)
    right = predicted == labels
    confusion = np.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes)
    of_truth = probabilities[np.arange(rows), labels].astype(np.float64)
    scores = [_scores(confusion, label) for label in range(classes)]
    return Report(
        rows=rows,
        accuracy=float(right.mean()),
        interval=wilson_interval(int(right.sum()), rows),
        loss=float(-np.log(np.maximum(of_truth, 1e-7)).mean()),
        top_2_accuracy=float((ranked(probabilities, 2) == labels[:, None]).any(axis=1).mean()),
        calibration_error=calibration_error(probabilities.max(axis=1), right),
        labels=scores,
        macro=_mean(scores, [1] * classes),
        weighted=_mean(scores, [score.support for score in scores]),
        confusion=confusion.tolist(),
        confused=_most_confused(confusion),
    )


def ranked(probabilities: "NDArray[np.float32]", most: int) -> "NDArray[np.intp]":
    """The likeliest labels, best first; of equally likely ones the smaller, so that the first is `argmax`'s.

    Args:
        probabilities: float32 `(n, classes)`.
        most: how many labels at most.

    Returns:
        int `(n, min(most, classes))`.
    """
    import numpy as np

    return np.argsort(-probabilities, axis=1, kind="stable")[:, :most]


@dataclass(frozen=True)
class Comparison:
    """Two classifiers on the same rows, by McNemar's exact test.

    Attributes:
        rows: how many rows both have answered.
        accuracies: of the first and of the second, 0 to 1.
        only_first_right: rows that only the first has right.
        only_second_right: rows that only the second has right.
        p_value: how often two equally good classifiers would differ at least this much, 0 to 1.
    """

    rows: int
    accuracies: tuple[float, float]
    only_first_right: int
    only_second_right: int
    p_value: float


def compare(first_right: "NDArray[np.bool_]", second_right: "NDArray[np.bool_]") -> Comparison:
    """Says whether one classifier is better than another, or only luckier.

    Args:
        first_right: bool `(n,)`, whether the first has each row right.
        second_right: bool `(n,)`, whether the second has the same row right.

    Source: Q. McNemar, Note on the sampling error of the difference between correlated proportions, 1947; the exact
        form is a sign test on the rows where the two differ.
    """
    only_first = int((first_right & ~second_right).sum())
    only_second = int((second_right & ~first_right).sum())
    p_value = min(1.0, 2 * _heads_at_most(min(only_first, only_second), only_first + only_second))
    accuracies = float(first_right.mean()), float(second_right.mean())
    return Comparison(len(first_right), accuracies, only_first, only_second, p_value)


def _heads_at_most(most: int, tosses: int) -> float:
    """The probability of at most so many heads in so many tosses; by logarithms, since 2**-tosses underflows."""
    logarithms = (
        math.lgamma(tosses + 1) - math.lgamma(heads + 1) - math.lgamma(tosses - heads + 1) - tosses * math.log(2)
        for heads in range(most + 1)
    )
    return math.fsum(map(math.exp, logarithms))


def wilson_interval(right: int, rows: int) -> tuple[float, float]:
    """The 95 % interval of a share, which stays inside [0, 1] and is honest near its ends.

    Args:
        right: how many successes.
        rows: out of how many, at least 1.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, 1927.
    """
    share = right / rows
    spread = _Z_95**2 / rows
    middle = (share + spread / 2) / (1 + spread)
    half = _Z_95 * math.sqrt(share * (1 - share) / rows + spread / (4 * rows)) / (1 + spread)
    # At the ends the formula gives exactly 0 and 1, which rounding would miss by a hair.
    return (middle - half if right else 0.0), (middle + half if right < rows else 1.0)


def expected_range(right: int, rows: int, due: int, gain: float = 0.0) -> tuple[float, float]:
    """Where the accuracy on other rows of the same kind will fall, 95 times in 100.

    Both samples are small: the rows judged, and the rows to come. What is not known of the first is a beta
    distribution (H. Jeffreys' prior), so the second's hits are beta-binomial.

    Args:
        right: rows labelled rightly.
        rows: out of how many.
        due: how many rows are to come.
        gain: by how much the accuracy on those may be higher than on the rows judged, because more members answer
            them. The range goes from no gain at all to all of it.

    Returns:
        The lowest and the highest share, 0 to 1.
    """
    low = _beta_binomial_quantile(0.025, right + 0.5, rows - right + 0.5, due)
    better = min(float(rows), right + gain * rows)
    high = _beta_binomial_quantile(0.975, better + 0.5, rows - better + 0.5, due)
    return low / due, high / due


def _beta_binomial_quantile(level: float, alpha: float, beta: float, trials: int) -> int:
    """The smallest number of hits that is reached or fallen short of with at least this probability."""

    def logarithm(hits: int) -> float:
        choose = math.lgamma(trials + 1) - math.lgamma(hits + 1) - math.lgamma(trials - hits + 1)
        with_hits = math.lgamma(hits + alpha) + math.lgamma(trials - hits + beta) - math.lgamma(trials + alpha + beta)
        return choose + with_hits - math.lgamma(alpha) - math.lgamma(beta) + math.lgamma(alpha + beta)

    total = 0.0
    for hits in range(trials + 1):
        total += math.exp(logarithm(hits))
        if total >= level:
            return hits
    return trials


def gain_of_averaging(
    likely: "NDArray[np.float32]", together: "NDArray[np.intp]", apart: "Sequence[NDArray[np.intp]]"
) -> float:
    """How much more often several answers together are right than each alone, as far as can be told without labels.

    Where all agree there is nothing to gain; where they differ, their calibrated mean says how likely each answer is.

    Args:
        likely: float32 `(n, classes)`, calibrated probabilities.
        together: int `(n,)`, the labels that all predict together.
        apart: int `(n,)` each, the labels that each predicts alone.

    Returns:
        A share of rows, 0 or more.
    """
    import numpy as np

    def expected(labels: "NDArray[np.intp]") -> float:
        return float(np.take_along_axis(likely, labels[:, None], axis=1).mean())

    return max(0.0, expected(together) - sum(map(expected, apart)) / len(apart))


def calibration_error(confidence: "NDArray[np.float32]", right: "NDArray[np.bool_]") -> float:
    """Expected calibration error: how far, on average, confidence lies from the share that is right.

    Args:
        confidence: float32 `(n,)`, the probability of the predicted label.
        right: bool `(n,)`, whether it was the true one.

    Returns:
        From 0 (says 90 % and is right 9 times in 10) to 1.
    """
    import numpy as np

    gap = np.bincount(confidence_bins(confidence), weights=right.astype(np.float64) - confidence, minlength=BINS)
    return float(np.abs(gap).sum() / len(confidence))


def confidence_bins(confidence: "NDArray[np.float32]") -> "NDArray[np.intp]":
    """int `(n,)`, 0 to 14: which of the equal bins of the calibration error each row falls into.

    Args:
        confidence: float32 `(n,)`, the probability of the predicted label, 0 to 1.
    """
    import numpy as np

    return np.minimum((confidence * BINS).astype(np.intp), BINS - 1)


def _scores(confusion: "NDArray[np.intp]", label: int) -> Scores:
    hits = int(confusion[label, label])
    predicted, support = int(confusion[:, label].sum()), int(confusion[label].sum())
    precision, recall = hits / max(predicted, 1), hits / max(support, 1)
    return Scores(precision, recall, 2 * hits / max(predicted + support, 1), support)


def _mean(scores: list[Scores], weights: list[int]) -> Scores:
    total = sum(weights)

    def mean(name: str) -> float:
        values = (float(getattr(one, name)) for one in scores)
        return sum(value * weight for value, weight in zip(values, weights, strict=True)) / total

    return Scores(mean("precision"), mean("recall"), mean("f1"), sum(score.support for score in scores))


def _most_confused(confusion: "NDArray[np.intp]", most: int = 10) -> list[tuple[int, int, int]]:
    pairs = [
        (actual, predicted, int(count))
        for (actual, predicted), count in _entries(confusion)
        if actual != predicted and count
    ]
    return sorted(pairs, key=lambda pair: (-pair[2], pair[:2]))[:most]


def _entries(matrix: "NDArray[np.intp]") -> "list[tuple[tuple[int, int], int]]":
    return [((row, column), count) for row, counts in enumerate(matrix.tolist()) for column, count in enumerate(counts)]

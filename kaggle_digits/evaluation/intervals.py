"""What chance allows: intervals of an accuracy, the range of a score to come, and whether a difference is luck."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_Z_95 = 1.959963984540054  # the standard normal's 97.5 % point


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


def mcnemar(first_right: NDArray[np.bool_], second_right: NDArray[np.bool_]) -> Comparison:
    """Says whether one classifier is better than another, or only luckier, from which rows each has right: bool `(n,)`.

    Source: Q. McNemar, Note on the sampling error of the difference between correlated proportions, 1947; the exact
        form is a sign test on the rows where the two differ.
    """
    from scipy.stats import binomtest

    only_first = int((first_right & ~second_right).sum())
    only_second = int((second_right & ~first_right).sum())
    differing = only_first + only_second
    return Comparison(
        rows=len(first_right),
        accuracies=(float(first_right.mean()), float(second_right.mean())),
        only_first_right=only_first,
        only_second_right=only_second,
        p_value=float(binomtest(only_first, differing).pvalue) if differing else 1.0,
    )


def wilson_interval(right: int, rows: int) -> tuple[float, float]:
    """The 95 % interval of a share, so many right of so many rows (1 or more); it is honest near 0 and 1, too.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, 1927.
    """
    share = right / rows
    spread = _Z_95**2 / rows
    middle = (share + spread / 2) / (1 + spread)
    half = _Z_95 * math.sqrt(share * (1 - share) / rows + spread / (4 * rows)) / (1 + spread)
    # At the ends the formula gives exactly 0 and 1, which rounding would miss by a hair.
    return (middle - half if right else 0.0), (middle + half if right < rows else 1.0)


def expected_range(right: int, rows: int, rows_to_come: int, gain: float = 0.0) -> tuple[float, float]:
    """Where the accuracy on other rows of the same kind will fall, 95 times in 100.

    Both samples are small: the rows judged, and the rows to come. What is not known of the first is a beta
    distribution (H. Jeffreys' prior), so the second's hits are beta-binomial.

    Args:
        right: rows labelled rightly.
        rows: out of how many.
        rows_to_come: how many other rows there will be.
        gain: by how much the accuracy on those may be higher than on the rows judged, because more members answer
            them. The range goes from no gain at all to all of it.

    Returns:
        The lowest and the highest share, 0 to 1.
    """
    better = min(float(rows), right + gain * rows)
    low = _beta_binomial_quantile(0.025, right + 0.5, rows - right + 0.5, rows_to_come)
    high = _beta_binomial_quantile(0.975, better + 0.5, rows - better + 0.5, rows_to_come)
    return low / rows_to_come, high / rows_to_come


def _beta_binomial_quantile(level: float, alpha: float, beta: float, trials: int) -> int:
    """The smallest number of hits that is reached or fallen short of with at least this probability."""
    # scipy.stats.betabinom.ppf says the same, but every training would wait 0.5 s for its import.
    from scipy.special import betaln

    hits = np.arange(trials + 1)
    choose = -np.log(trials + 1) - betaln(hits + 1, trials - hits + 1)
    likely = np.exp(choose + betaln(hits + alpha, trials - hits + beta) - betaln(alpha, beta))
    return min(int(np.searchsorted(likely.cumsum(), level)), trials)


def gain_of_averaging(
    likely: NDArray[np.float32], together: NDArray[np.intp], apart: Sequence[NDArray[np.intp]]
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

    def expected(labels: NDArray[np.intp]) -> float:
        return float(np.take_along_axis(likely, labels[:, None], axis=1).mean())

    return max(0.0, expected(together) - sum(map(expected, apart)) / len(apart))

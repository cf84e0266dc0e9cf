"""Labels and probabilities become numbers with intervals, a report, and pictures."""

from kaggle_digits.evaluation.intervals import Comparison, expected_range, gain_of_averaging, mcnemar, wilson_interval
from kaggle_digits.evaluation.metrics import Report, Scores, evaluate, top_k
from kaggle_digits.evaluation.report import draw_inside, draw_learning, draw_report, write_report

__all__ = [
    "Comparison",
    "Report",
    "Scores",
    "draw_inside",
    "draw_learning",
    "draw_report",
    "evaluate",
    "expected_range",
    "gain_of_averaging",
    "inside",
    "mcnemar",
    "plots",
    "top_k",
    "wilson_interval",
    "write_report",
]

"""Labels and probabilities become numbers with intervals, a report, and pictures."""

from kaggle_digits.evaluation.metrics import (
    BINS,
    Comparison,
    Report,
    Scores,
    calibration_error,
    compare,
    confidence_bins,
    evaluate,
    expected_range,
    gain_of_averaging,
    ranked,
    wilson_interval,
)

__all__ = [
    "BINS",
    "Comparison",
    "Report",
    "Scores",
    "calibration_error",
    "compare",
    "confidence_bins",
    "evaluate",
    "expected_range",
    "gain_of_averaging",
    "plots",
    "ranked",
    "reporting",
    "wilson_interval",
]

"""Few rows need smaller batches and more passes over them than the competition's 42,000."""

import math
from collections.abc import Collection

import msgspec

from kaggle_digits.recipes import Fit

FEW_ROWS = 10_000
"""Training rows, below which a fit is adapted to their number."""

# On 809 rows of scikit-learn's digits, two seeds each: `mlp` gave 0.90 after its 18 steps, 0.97 after 240 of batches of
# 64, and no more after 480 or 1,000; `sprint` 0.99 after 240.
_LEAST_STEPS = 300
_BATCHES, _SMALLEST_BATCH = 12, 16  # so many batches an epoch at least, and no smaller ones


def adapted(fit: Fit, rows: int, asked: Collection[str] = ()) -> Fit:
    """A fit for so many training rows: where they are few, with batches and epochs that let a network learn.

    Args:
        fit: for the competition's rows.
        rows: to learn.
        asked: names of values that the user has set, which stay.
    """
    if rows >= FEW_ROWS:
        return fit
    batch, epochs = fit.batch_size, fit.epochs
    if "batch_size" not in asked:
        largest = 2 ** int(math.log2(max(rows // _BATCHES, 1)))
        batch = min(batch, max(_SMALLEST_BATCH, largest))
    if "epochs" not in asked:
        epochs = max(epochs, math.ceil(_LEAST_STEPS / max(1, rows // batch)))
    return msgspec.structs.replace(fit, batch_size=batch, epochs=epochs)

"""The 6,000 labelled rows that no training, validation or tuning of this project may touch.

Every figure that the README quotes is an accuracy on these rows of the competition's train.csv. Recipes are tuned on
the other 36,000, which are all that a benchmark trains on.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kaggle_digits import sources
from kaggle_digits.digits import Digits
from kaggle_digits.sources import Source

_SEED = 20261121
_SHARE = 1 / 7


def load(data: Path) -> tuple[Source, Digits]:
    """What a benchmark trains on, and what it is judged on.

    Args:
        data: the folder of the competition's files.

    Returns:
        The competition's data with 36,000 training rows, and the 6,000 others, labelled.
    """
    source = sources.load(data)
    held_out = _is_held_out(source.train.known_labels)
    kept, others = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    return replace(source, train=source.train.take(kept)), source.train.take(others)


def _is_held_out(labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The same share of every label. The package splits otherwise by now, but these rows must never be others."""
    by_label = np.lexsort((np.random.default_rng(_SEED).random(len(labels)), labels))
    passed = np.floor(np.arange(1, len(labels) + 1) * _SHARE + 0.5)
    chosen = np.zeros(len(labels), np.bool_)
    chosen[by_label[np.diff(passed, prepend=0.0) > 0]] = True
    return chosen

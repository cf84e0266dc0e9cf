"""Digits to write into files."""

import numpy as np
import pytest

from kaggle_digits.sources import bundled


@pytest.fixture(scope="session")
def digits():
    """40 of scikit-learn's digits as uint8 `(40, 28, 28)` and their labels, four of each."""
    train = bundled.load().train
    rows = np.concatenate([np.flatnonzero(train.labels == label)[:4] for label in range(10)])
    return train.images[rows], train.labels[rows]

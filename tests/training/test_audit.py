import csv

import numpy as np

from kaggle_digits.digits import Digits
from kaggle_digits.training import audit


def test_doubtful_labels_come_in_the_order_of_the_probability_that_is_shown(tmp_path):
    rng = np.random.default_rng(0)
    digits = Digits(rng.integers(0, 256, (30, 8, 8)).astype(np.uint8), np.arange(30) % 10, np.arange(100, 130))
    probabilities = rng.dirichlet(np.full(10, 0.3), 30).astype(np.float32)
    audit.write(tmp_path, digits, probabilities)
    with (tmp_path / audit.FILE).open(newline="") as file:
        rows = list(csv.DictReader(file))
    shown = [float(row["probability of predicted"]) for row in rows]
    assert shown == sorted(shown, reverse=True)
    assert len(shown) == (probabilities.argmax(axis=1) != digits.labels).sum()
    assert (tmp_path / audit.PICTURE).stat().st_size > 1_000

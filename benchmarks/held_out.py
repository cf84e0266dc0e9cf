"""The 6,000 labelled rows that no training, validation or tuning of this project may touch.

Every figure that the README quotes is an accuracy on these rows of the competition's train.csv. Recipes are tuned on
the other 36,000, which are all that a benchmark trains on.
"""

from pathlib import Path

from kaggle_digits import sources
from kaggle_digits.digits import Digits, split
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
    kept, held_out = split(source.train, _SHARE, _SEED)
    return Source(source.name, source.train.take(kept), source.test, source.sha256), source.train.take(held_out)

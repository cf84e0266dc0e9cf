"""Training data that gives the test labels away, or is more than the competition gives."""

import numpy as np

from kaggle_digits.digits import Digits
from kaggle_digits.files import digit_recognizer
from kaggle_digits.sources.source import Source

NEXT_STEP = (
    "A score from such data says nothing. Take the competition's own files: kaggle-digits fetch --force; or train "
    "anyway with --allow-leak, and the run and its submission will say so."
)

_EXAMPLES = 3


def find(source: Source) -> str | None:
    """What is wrong with a source's training data, in a sentence; None where nothing is, or there is no test."""
    if source.test is None:
        return None
    train, test = source.train.hashes, source.test.hashes
    both = np.flatnonzero(np.isin(train, test) & (source.train.images.reshape(len(train), -1).any(axis=1)))
    if len(both):
        ids = ", ".join(map(str, source.train.ids[both[:_EXAMPLES]].tolist()))
        more = "" if len(both) <= _EXAMPLES else f" and {len(both) - _EXAMPLES:,} more"
        return f"{len(both):,} labelled images of {source.name} are among its test images (id {ids}{more})."
    rows, test_rows = digit_recognizer.ROWS
    if len(test) == test_rows and len(train) > rows:
        return f"{source.name} has {len(train):,} labelled rows, more than the {rows:,} that the competition gives."
    return None


def repeated(digits: Digits) -> int:
    """How many images are the same, pixel by pixel, as an earlier one. Folds keep them together; train.csv has none."""
    return len(digits) - len(np.unique(digits.hashes))

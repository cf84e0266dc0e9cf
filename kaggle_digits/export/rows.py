"""The rows that a run has learned, and some that it has not, found again in the data that it was trained on."""

import numpy as np
from numpy.typing import NDArray

from kaggle_digits import sources
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DataError
from kaggle_digits.runs import Run, rows

_MOST = 1000


def training_digits(run: Run, where: str | None) -> Digits:
    """All labelled digits of a run's data, which lies at `where`, or where it was.

    Raises:
        DataError: the data is gone, or not what it was.
    """
    record, where = run.record, where or run.record.data.path
    try:
        source = sources.load(where, image_shape=record.image_shape, skip_broken=record.plan.skip_broken)
    except DataError as error:
        raise DataError(
            f"the file is checked on the rows that {run.name} was validated on, and {error} "
            "Say where they are: --data WHERE."
        ) from None
    if source.train_sha256 != record.data.train_sha256:
        raise DataError(f"{where} is not the data that {run.name} was trained on. Name that: --data WHERE.")
    return source.train


def validation(run: Run, digits: Digits) -> Digits:
    """Rows that the run was validated on: 1,000 spread evenly over them, or all where there are fewer.

    Raises:
        RunError: the run's list of them is damaged.
    """
    ids, _, _ = rows.validation(run.path)
    places = np.flatnonzero(np.isin(digits.ids, ids))
    return digits.take(places[np.linspace(0, len(places) - 1, min(_MOST, len(places))).astype(np.intp)])


def learned(run: Run, digits: Digits) -> NDArray[np.uint8]:
    """uint8 `(n, height, width)`, the images that the run was trained on.

    Raises:
        RunError: the run's list of them is damaged.
    """
    return digits.images[np.isin(digits.hashes, rows.learned(run.path))]

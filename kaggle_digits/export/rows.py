"""The rows that a run has learned, and some that it has not, found again in the data that it was trained on."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kaggle_digits import sources
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DataError
from kaggle_digits.runs import Run, rows

_MOST = 1000


@dataclass
class Rows:
    """The data of a run.

    Args:
        run: the run.
        where: where the data lies; None is where it was.

    Raises:
        DataError: the data is gone, or not what it was.
    """

    run: Run
    where: str | None = None
    _digits: Digits = field(init=False, repr=False)

    def __post_init__(self) -> None:
        record = self.run.record
        where = self.where or record.data.path
        try:
            source = sources.load(where, image_shape=record.image_shape, skip_broken=record.plan.skip_broken)
        except DataError as error:
            raise DataError(
                f"the file is checked on the rows that {self.run.name} was validated on, and {error} "
                "Say where they are: --data WHERE."
            ) from None
        if source.train_sha256 != record.data.train_sha256:
            raise DataError(f"{where} is not the data that {self.run.name} was trained on. Name that: --data WHERE.")
        self._digits = source.train

    @cached_property
    def validation(self) -> Digits:
        """Rows that the run was validated on: 1,000 spread evenly over them, or all where there are fewer.

        Raises:
            RunError: the run's list of them is damaged.
        """
        ids, _, _ = rows.validation(self.run.path)
        places = np.flatnonzero(np.isin(self._digits.ids, ids))
        spread = np.linspace(0, len(places) - 1, min(_MOST, len(places))).astype(np.intp)
        return self._digits.take(places[spread])

    @property
    def learned(self) -> NDArray[np.uint8]:
        """uint8 `(n, height, width)`, the images that the run was trained on.

        Raises:
            RunError: the run's list of them is damaged.
        """
        return self._digits.images[np.isin(self._digits.hashes, rows.learned(self.run.path))]

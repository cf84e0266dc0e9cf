"""Whether two forms of a model say the same, on rows of the data that it was trained on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kaggle_digits import predictor, sources
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DataError, ExportError
from kaggle_digits.runs import READER, Run, rows

_LARGEST = 1e-4  # of float32's rounding, in another order of the same sums
_MOST_LOST = 0.001  # of accuracy, where weights are rounded on purpose
_MOST_ROWS = 1000


@dataclass(frozen=True)
class Agreement:
    """A file's answers beside its run's.

    Attributes:
        rows: how many were compared.
        same: to how many both give the same label.
        largest: the largest difference of a probability, 0 to 1.
        accuracy_before: the run's, 0 to 1.
        accuracy: the file's.
    """

    rows: int
    same: int
    largest: float
    accuracy_before: float
    accuracy: float

    def check(self, file: str, run: str, *, exact: bool) -> None:
        """Raises ExportError where the file, by its name, is not as good as the run.

        What is exact must answer the same; else 0.1 point of accuracy may be lost, or one row where that is more.
        """
        lost = round((self.accuracy_before - self.accuracy) * self.rows)
        allowed = max(1, int(_MOST_LOST * self.rows))
        if (self.largest > _LARGEST or self.same < self.rows) if exact else lost > allowed:
            raise ExportError(
                f"{file} would not answer as {run} does, and was not written: the same label on {self.same:,} of "
                f"{self.rows:,} validation rows, accuracy {self.accuracy:.4f} instead of {self.accuracy_before:.4f}, "
                f"largest difference {self.largest:.2g}. Try another form."
            )


def compare(labels: NDArray[np.int64], before: NDArray[np.float32], after: NDArray[np.float32]) -> Agreement:
    """Holds two answers to rows of these labels, float32 `(n, classes)`, against each other: a run's and a file's."""
    first, second = before.argmax(axis=1), after.argmax(axis=1)
    return Agreement(
        rows=len(labels),
        same=int((first == second).sum()),
        largest=float(np.abs(before - after).max()),
        accuracy_before=float((first == labels).mean()),
        accuracy=float((second == labels).mean()),
    )


def training_digits(run: Run, where: str | None) -> Digits:
    """All labelled digits of a run's data, at `where`, or where it was; raises DataError where it is not the same.

    The reader that comes with the package comes without its data: any others do for it, else scikit-learn's.
    """
    if run.path == READER:
        return sources.load(where or sources.BUNDLED, image_shape=run.record.image_shape).train
    try:
        return predictor.data_of(run, where)
    except DataError as error:
        raise DataError(
            f"the file is checked on the rows that {run.name} was validated on, and {error} "
            "Say where they are: --data WHERE."
        ) from None


def validation(run: Run, digits: Digits) -> Digits:
    """Rows that the run was validated on: 1,000 spread evenly over them, or all where there are fewer."""
    ids = digits.ids if run.path == READER else rows.validation(run.path)[0]
    places = np.flatnonzero(np.isin(digits.ids, ids))
    return digits.take(places[np.linspace(0, len(places) - 1, min(_MOST_ROWS, len(places))).astype(np.intp)])


def learned(run: Run, digits: Digits) -> NDArray[np.uint8]:
    """uint8 `(n, height, width)`, the images that the run was trained on."""
    return digits.images if run.path == READER else digits.images[np.isin(digits.hashes, rows.learned(run.path))]

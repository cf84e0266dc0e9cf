"""Whether two forms of a model say the same."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.errors import ExportError

_LARGEST = 1e-4  # of float32's rounding, in another order of the same sums
_MOST_LOST = 0.001  # of accuracy, where weights are rounded on purpose


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
        """Lets pass what is as good as the run.

        Args:
            file: its name.
            run: its name.
            exact: whether nothing was rounded; else 0.1 point of accuracy may be lost, or one row where that is more.

        Raises:
            ExportError: it is not.
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

"""Training rows whose labels the models doubt: each was judged by models that had not learned it."""

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.digits import Digits
from kaggle_digits.errors import DataError
from kaggle_digits.files import storage

FILE = "doubtful.csv"
PICTURE = "doubtful.png"

_MOST = 200
_MOST_BYTES = 1 << 26
_DRAWN = 64
_DIGITS = 19  # from which on a number is no id any more


def write(folder: Path, digits: Digits, probabilities: NDArray[np.float32]) -> None:
    """Writes doubtful.csv and doubtful.png into a run's folder: what was labelled otherwise, the surest first.

    Args:
        folder: the run's.
        digits: labelled digits.
        probabilities: out-of-fold, float32 `(n, classes)`.
    """
    from kaggle_digits.evaluation import plots

    labels, predicted, sure = digits.known_labels, probabilities.argmax(axis=1), probabilities.max(axis=1)
    of_label = np.take_along_axis(probabilities, labels[:, None], axis=1)[:, 0]
    doubtful = np.flatnonzero(predicted != labels)
    doubtful = doubtful[np.argsort(-sure[doubtful], kind="stable")][:_MOST]
    storage.write_csv(
        folder / FILE,
        ["id", "label", "probability of label", "predicted", "probability of predicted"],
        (
            [digits.ids[row], labels[row], f"{of_label[row]:.6f}", predicted[row], f"{sure[row]:.6f}"]
            for row in doubtful.tolist()
        ),
    )
    title = "Labels that the models doubt, the surest first: id, actual, predicted and its probability"
    figure = plots.gallery(digits, probabilities, doubtful[:_DRAWN], title, with_ids=True)
    plots.save(figure, folder / PICTURE, folder.name)


def read_ids(path: Path) -> tuple[int | str, ...]:
    """The ids to leave out: the first column, under a header, of a CSV such as doubtful.csv.

    Raises:
        DataError: the file cannot be read.
    """
    try:
        storage.check_regular(path, _MOST_BYTES)
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"{path} cannot be read: {error}. Name a CSV with a column of ids.") from None
    if not rows or not rows[0] or rows[0][0].strip().lower() != "id":
        raise DataError(f"{path}, row 1 (the header) must begin with the column 'id', as doubtful.csv does.")
    ids = [row[0].strip() for row in rows[1:] if row]
    return tuple(int(one) if one.isdecimal() and len(one) < _DIGITS else one for one in ids)

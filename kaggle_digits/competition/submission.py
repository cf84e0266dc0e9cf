"""A submission: the CSV that Kaggle accepts, and the check that a file is one before it is sent."""

import csv
from collections.abc import Sequence
from pathlib import Path

from kaggle_digits.errors import SubmissionError
from kaggle_digits.files import storage

FOLDER = Path("submissions")
HEADER = ("ImageId", "Label")
CLASSES = 10

_MOST_BYTES = 1 << 26  # 28,000 lines take 200 thousand


def write(path: Path, ids: Sequence[int | str], labels: Sequence[int]) -> None:
    """Writes one line per test image, whole or not at all: its id, 1 to n for Kaggle, and the digit predicted for it.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    storage.write_csv(path, HEADER, ((name, int(label)) for name, label in zip(ids, labels, strict=True)))


def check(path: Path, rows: int) -> list[int]:
    """Makes sure that Kaggle will take a file, before one of the day's submissions is spent on it.

    The file has as many rows as test.csv has images, 28,000 in the competition, and labels from 0 to 9,
    which are returned in order.

    Raises:
        SubmissionError: the file is not a submission; the sentence names the line.
    """
    labels = read(path)
    if len(labels) != rows:
        raise SubmissionError(
            f"{path} has {len(labels):,} predictions, but test.csv has {rows:,} images. "
            "Write it again from a complete run: kaggle-digits train."
        )
    if len(set(labels)) == 1:
        raise SubmissionError(
            f"{path} labels every image {labels[0]}: it would score about 0.1. "
            "Submit the predictions of a trained model instead."
        )
    return labels


def read(path: Path) -> list[int]:
    """The labels of a file whose form is right, whatever its number of rows; its ids run from 1 without a gap.

    Raises:
        SubmissionError: the header, an id or a label is wrong; the sentence names the line.
    """
    try:
        storage.check_regular(path, _MOST_BYTES)
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file)
            header = next(lines, [])
            if header != list(HEADER):
                raise SubmissionError(f"{path} must begin with the line {','.join(HEADER)}. Received: {header}.")
            return [_label(path, number, line) for number, line in enumerate(lines, start=1)]
    except FileNotFoundError:
        raise SubmissionError(f"there is no file {path}. Name a submission CSV, or train first.") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise SubmissionError(f"{path} cannot be read as a CSV: {reason}. Write it again from a run.") from None


def _label(path: Path, number: int, line: list[str]) -> int:
    place = f"{path}, line {number + 1}"
    if len(line) != 2:
        raise SubmissionError(f"{place}: an id and a label are needed. Received: {','.join(line)!r}.")
    if line[0] != str(number):
        raise SubmissionError(f"{place}: the ids must be 1, 2, 3 and so on; here {number}. Received: {line[0]!r}.")
    if line[1] not in map(str, range(CLASSES)):
        raise SubmissionError(
            f"{place}: a label must be a whole number from 0 to {CLASSES - 1}. Received: {line[1]!r}."
        )
    return int(line[1])

"""Where digits come from: anything that one can name after `--data`, as `Digits`."""

import os
from dataclasses import dataclass
from pathlib import Path

from kaggle_digits import storage
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DataError

BUNDLED = "sklearn"
"""The word that stands for the digits bundled with scikit-learn."""

DEFAULT_FOLDER = Path("data")
_KAGGLE_INPUT = Path("/kaggle/input")


@dataclass(frozen=True)
class Source:
    """Digits to learn from, and perhaps digits to label.

    Attributes:
        name: the folder they came from, or `sklearn`.
        train: labelled digits.
        test: digits to label, in the order of a submission, or None.
        sha256: the SHA-256 of each file that was read, by file name; empty for bundled digits.
    """

    name: str
    train: Digits
    test: Digits | None
    sha256: dict[str, str]


def load(where: str | Path = DEFAULT_FOLDER) -> Source:
    """Reads the digits that a name stands for.

    Args:
        where: the word `sklearn`, or a folder with train.csv and perhaps test.csv.

    Raises:
        DataError: there is no such folder, or what is in it is not right.
    """
    if str(where) == BUNDLED:
        from kaggle_digits.sources import bundled

        train, test = bundled.load()
        return Source(BUNDLED, train, test, {})
    return _load_csvs(Path(where))


def find(kaggle_input: Path = _KAGGLE_INPUT) -> str:
    """The best data at hand: `data/`, else a Kaggle notebook's own copy, else scikit-learn's digits.

    Kaggle mounts a competition's files in one of two places, by the age of the notebook; where it is neither, any
    folder below its input will do that holds a train.csv with the right header.

    Args:
        kaggle_input: the folder below which a Kaggle notebook finds its inputs.

    Returns:
        A name that `load` understands.
    """
    likely = [DEFAULT_FOLDER, kaggle_input / "competitions/digit-recognizer", kaggle_input / "digit-recognizer"]
    others = sorted(path.parent for path in kaggle_input.glob("**/train.csv"))
    for folder in likely + others:
        if _looks_right(folder / "train.csv"):
            return os.fspath(folder)
    return BUNDLED


def _looks_right(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(20).startswith(b"label,pixel0,pixel1,")
    except OSError:
        return False


def _load_csvs(folder: Path) -> Source:
    from kaggle_digits.sources import kaggle_csv

    train_path, test_path = folder / "train.csv", folder / "test.csv"
    if not train_path.exists():
        raise DataError(
            f"there is no {train_path}. Bring the competition's files with: kaggle-digits fetch, "
            f"or try the digits that come with scikit-learn: --data {BUNDLED}."
        )
    train = kaggle_csv.read(train_path, labelled=True)
    test = kaggle_csv.read(test_path, labelled=False) if test_path.exists() else None
    read = [train_path] + ([test_path] if test is not None else [])
    return Source(str(folder), train, test, {path.name: storage.sha256(path) for path in read})

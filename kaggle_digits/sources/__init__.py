"""Where digits come from: anything that one can name after `--data`, as `Digits`."""

import os
from pathlib import Path

from kaggle_digits.errors import DataError
from kaggle_digits.sources import bundled, image_folder, kaggle_csv, npy_pair
from kaggle_digits.sources.source import Source

__all__ = ["BUNDLED", "DEFAULT_FOLDER", "Source", "find", "load"]

BUNDLED = "sklearn"
"""The word that stands for the digits bundled with scikit-learn."""

DEFAULT_FOLDER = Path("data")
_KAGGLE_INPUT = "/kaggle/input"


def load(
    where: str | Path = DEFAULT_FOLDER, *, image_shape: tuple[int, int] = (28, 28), skip_broken: bool = False
) -> Source:
    """Reads the digits that a name stands for.

    Args:
        where: the word `sklearn`, or a folder: with train.csv and perhaps test.csv, or with X.npy, y.npy and
            perhaps X_test.npy, or with one sub-folder of images per digit. The first of these that fits is taken.
        image_shape: the height and width in pixels to which image files are brought. Arrays and CSVs have a shape
            of their own, which they keep.
        skip_broken: whether image files that cannot be read are left out, and named in the notes, or refused.

    Raises:
        DataError: there is no such folder, or what is in it is not right.
    """
    if str(where) == BUNDLED:
        return Source(BUNDLED, *bundled.load(), {})
    folder = Path(where)
    try:
        if kaggle_csv.recognises(folder):
            return kaggle_csv.load(folder)
        if npy_pair.recognises(folder):
            return npy_pair.load(folder)
        if image_folder.recognises(folder):
            return image_folder.load(folder, image_shape, skip_broken=skip_broken)
    except OSError as error:
        raise DataError(
            f"{error.filename or folder} cannot be read: {error.strerror}. Check its name and permissions."
        ) from None
    raise DataError(
        f"there is nothing to learn from in {folder}. Name a folder with train.csv (it comes by: kaggle-digits fetch), "
        "with X.npy and y.npy, or with a sub-folder of images for each digit, 0 to 9; or try the digits that come with "
        f"scikit-learn: --data {BUNDLED}."
    )


def find(kaggle_input: Path | None = None) -> str:
    """The best data at hand: `data/`, else a Kaggle notebook's own copy, else scikit-learn's digits.

    Kaggle mounts a competition's files in one of two places, by the age of the notebook; where it is neither, any
    folder below its input will do that holds a train.csv with the right header.

    Args:
        kaggle_input: the folder below which a Kaggle notebook finds its inputs; by default what the environment
            variable KDIGITS_KAGGLE_INPUT names, else /kaggle/input.

    Returns:
        A name that `load` understands.
    """
    kaggle_input = kaggle_input or Path(os.environ.get("KDIGITS_KAGGLE_INPUT", _KAGGLE_INPUT))
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

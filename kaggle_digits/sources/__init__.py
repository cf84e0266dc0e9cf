"""Where digits come from: anything that one can name after `--data`, as `Digits`."""

import os
from pathlib import Path

from kaggle_digits.digits import Digits
from kaggle_digits.errors import DataError
from kaggle_digits.files import digit_recognizer, disk
from kaggle_digits.sources import bundled, image_folder, kaggle_csv, npy_pair
from kaggle_digits.sources.source import Source, SourceKind

__all__ = [
    "BUNDLED",
    "SOURCES",
    "Source",
    "SourceKind",
    "find",
    "holds_rows",
    "image_file",
    "image_folder",
    "kaggle_csv",
    "leaks",
    "load",
    "read_rows",
]

# The first that recognises a path reads it. A folder of images is recognised by any image below it, so it comes last.
SOURCES: tuple[SourceKind, ...] = (bundled.SOURCE, kaggle_csv.SOURCE, npy_pair.SOURCE, image_folder.SOURCE)
"""Every form in which digits may come. A new one is a file with a `SOURCE`, and its place here."""

BUNDLED = bundled.SOURCE.name
"""The word that stands for the digits bundled with scikit-learn."""

_KAGGLE_INPUT = "/kaggle/input"


def load(
    where: str | Path = digit_recognizer.FOLDER,
    *,
    image_shape: tuple[int, int] = (digit_recognizer.SIDE, digit_recognizer.SIDE),
    skip_broken: bool = False,
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
    path = Path(where)
    with disk.reading(path):
        for kind in SOURCES:
            if kind.recognises(path):
                return kind.load(path, image_shape, skip_broken)
    raise DataError(f"there is no training data in {path}. {_next_step(path)}")


def _next_step(path: Path) -> str:
    if path.is_file() and _is_likely(path.parent):
        return f"It is a file: name its folder, --data {path.parent}."
    if not path.exists() and Path.cwd().name == path.name and _is_likely(Path()):
        return "The current folder is that one: cd .. first."
    if not path.exists() and _is_likely(Path()):
        return "But there are digits in the current folder: --data ."
    *others, last = (kind.words for kind in (*SOURCES[1:], SOURCES[0]))
    return f"Name {', '.join(others)}, or {last}."


def _is_likely(folder: Path) -> bool:
    """Whether there are digits in a folder; any folder may have pictures somewhere below it."""
    return any(kind.recognises(folder) for kind in SOURCES if kind is not image_folder.SOURCE)


def holds_rows(path: Path) -> bool:
    """Whether a file holds many images in rows, by its suffix: test.csv or X.npy, say."""
    return any(kind.suffix == path.suffix.lower() for kind in SOURCES) and not path.is_dir()


def read_rows(path: Path) -> tuple[Digits, tuple[str, ...]]:
    """Reads the images of a file that `holds_rows`; labels that may be in it are ignored.

    Returns digits without labels, whose ids are 1 to n; and what was put right, a sentence each.

    Raises:
        DataError: the file is missing, or not of its form; the sentence names file and row.
    """
    for kind in SOURCES:
        if kind.read_images is not None and kind.suffix == path.suffix.lower():
            return kind.read_images(path)
    suffixes = ", ".join(kind.suffix for kind in SOURCES if kind.suffix)
    raise DataError(f"{path} holds no rows of images. Files of these suffixes do: {suffixes}.")


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
    likely = [
        digit_recognizer.FOLDER,
        kaggle_input / "competitions/digit-recognizer",
        kaggle_input / "digit-recognizer",
    ]
    others = sorted(path.parent for path in kaggle_input.glob(f"**/{digit_recognizer.TRAIN}"))
    for folder in likely + others:
        if _looks_right(folder / digit_recognizer.TRAIN):
            return os.fspath(folder)
    return BUNDLED


def _looks_right(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(20).startswith(b"label,pixel0,pixel1,")
    except OSError:
        return False

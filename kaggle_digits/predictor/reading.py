"""From pictures, folders of pictures, or a CSV or .npy file of pixels to labels with probabilities."""

import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from kaggle_digits import classifiers, sources
from kaggle_digits.errors import DataError
from kaggle_digits.machine import SETTING, usable_cores
from kaggle_digits.predictor.model import Model
from kaggle_digits.predictor.prediction import Prediction
from kaggle_digits.predictor.reader import Reader, predicted_digit
from kaggle_digits.sources import image_file, image_folder

_NAMED = 5  # files that are no pictures
_AT_ONCE = 16  # pictures whose digits a model is asked about at once
_MANY = 64  # pictures, for which processes of their own pay


def predict(
    model: Model,
    paths: Sequence[Path | str],
    *,
    skip_broken: bool = False,
    keep_stages: bool = False,
    on_skip: Callable[[Path, str], None] = lambda _path, _reason: None,
    on_note: Callable[[str], None] = lambda _note: None,
    on_progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> list[Prediction]:
    """Labels every picture that the paths name, in their order.

    A picture may be a photo, a scan or a drawing, of one digit or several. One that already has the form of the
    images that the model learned from is asked about as it is, and so are all pictures where the model learned from
    a folder of images.

    Args:
        model: what answers.
        paths: pictures, folders of pictures, CSVs of the form of test.csv or train.csv (whose labels are ignored), and
            .npy files of the form of X.npy, in any mixture.
        skip_broken: leave out pictures that cannot be read, instead of stopping.
        keep_stages: keep how each picture was read, which takes memory.
        on_skip: is told which picture is left out, and why.
        on_note: is told what was found in an array and put right, and what was not read.
        on_progress: is told how many pictures are done, of how many.

    Raises:
        DataError: there is nothing there, or something cannot be read.
    """
    asked = [Path(path) for path in paths]
    named = {
        path: image_folder.find_images(path) if path.is_dir() else [path]
        for path in asked
        if not sources.holds_rows(path)
    }
    pictures = list(dict.fromkeys(picture for listed in named.values() for picture in listed))
    answered: dict[Path, Prediction] = {}
    broken: dict[Path, str] = {}
    with _libraries().limit(limits=1, user_api="blas"):
        for some, faults in _read(Reader(model, keep_stages), pictures):
            answered |= some
            broken |= faults
            on_progress(len(answered) + len(broken), len(pictures))
    if broken and (not skip_broken or not answered):
        # All pictures are read first, so that one sentence counts the broken ones of all folders.
        raise DataError(image_folder.refusal(len(answered), broken))
    for path, reason in broken.items():
        on_skip(path, reason)
    for each in answered.values():
        if each.first_of_several:
            on_note(f"{each.image} holds several pictures; only the first was read")
    for folder in named:
        if folder.is_dir() and (note := _what_else(folder)):
            on_note(note)
    predictions: list[Prediction] = []
    for path in asked:
        if path in named:
            predictions += [answered[picture] for picture in named[path] if picture in answered]
        else:
            predictions += _ask_rows(model, path, on_note)
    if not predictions:
        raise DataError(
            f"there is no picture in {', '.join(map(str, paths))}. PNG, JPEG, BMP, WebP, GIF, TIFF and HEIC are read, "
            "and CSV and .npy files of pixels where they are named themselves."
        )
    return predictions


@lru_cache(maxsize=1)
def _libraries() -> Any:
    """What multiplies matrices: of numbers as few as a picture's, its threads wait longer than they compute."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _read(reader: Reader, pictures: list[Path]) -> Iterator[tuple[dict[Path, Prediction], dict[Path, str]]]:
    """What comes of some pictures at a time, in their order: see `Reader.read`."""
    several = [pictures[start : start + _AT_ONCE] for start in range(0, len(pictures), _AT_ONCE)]
    cores = usable_cores()
    # A copy of this process begins at once; but a server cannot be copied, nor what TensorFlow keeps running.
    is_alone = threading.current_thread() is threading.main_thread() and "tensorflow" not in sys.modules
    if len(pictures) < _MANY or cores == 1 or not is_alone or sys.platform != "linux":
        yield from map(reader.read, several)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    pool = ProcessPoolExecutor(cores, get_context("fork"), _begin, (reader,))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of threads: those of libraries are at rest
            found = pool.map(_continue, several)
        yield from found
    finally:
        pool.shutdown(cancel_futures=True)


_copied: list[Reader] = []


def _begin(reader: Reader) -> None:
    """Makes a copy of this process ready to read: with one core, and a network of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process it is a copy of tells it to end
    os.environ[SETTING] = "1"
    model = reader.model
    _copied.append(replace(reader, model=replace(model, classifier=classifiers.load(model.run))))


def _continue(pictures: list[Path]) -> tuple[dict[Path, Prediction], dict[Path, str]]:
    return _copied[0].read(pictures)


def _what_else(folder: Path) -> str:
    """A sentence on the files of a folder that are no pictures; empty where there are none."""
    others = [
        path.name
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".") and path.suffix.lower() not in image_file.SUFFIXES
    ]
    if not others:
        return ""
    named = ", ".join(map(image_folder.printable, others[:_NAMED])) + (", ..." if len(others) > _NAMED else "")
    return f"{folder}: {len(others):,} {'file is' if len(others) == 1 else 'files are'} no picture: {named}"


def _ask_rows(model: Model, path: Path, on_note: Callable[[str], None]) -> list[Prediction]:
    digits, notes = sources.read_rows(path)
    for note in notes:
        on_note(note)
    height, width = digits.image_shape
    box = (0, 0, width, height)
    name = image_folder.printable(str(path))
    return [
        Prediction(f"{name}:{number}", [[predicted_digit(probabilities, box)]], (width, height))
        for number, probabilities in zip(digits.ids, model.probabilities(digits.images), strict=True)
    ]

"""What a model misread, put right by its user: kept as a folder of images, to which answers adapt at once."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kaggle_digits import photos
from kaggle_digits.errors import DataError
from kaggle_digits.files import disk, storage
from kaggle_digits.predictor.model import Model
from kaggle_digits.predictor.prediction import Prediction
from kaggle_digits.predictor.touch import Touch
from kaggle_digits.sources import image_file, image_folder

CORRECTIONS = Path("corrections")
"""Where corrections are kept: a folder for each label, as `train --also` takes them."""

_LABELS = set("0123456789?")
_SIGNS = dict.fromkeys(map(ord, " /.,:+-"))  # of dates, times, prices and sums, and spaces
_MOST = 20_000  # images; nobody corrects more by hand
_FEWEST, _NEWEST = 5, 200  # corrections that answers adapt to


def correct(prediction: Prediction, labels: str, folder: Path = CORRECTIONS) -> list[Path]:
    """Keeps what is in a picture with the labels that it should have had.

    Args:
        prediction: what was said of it, with what the model saw: from `predict` with `keep_stages`.
        labels: the right label of each digit, or of each digit and each mark that was left out, in reading order;
            `?` for what is no digit. Spaces do not count, nor do signs, as in 25/11/2026 or 3,50.
        folder: of all corrections.

    Returns:
        The files written, as `keep_corrections`.

    Raises:
        DataError: there are more labels, or fewer, or something that is no label.
        StorageError: the folder cannot be written.
    """
    digits, marks = list(prediction.seen), list(prediction.seen_marks)
    fitting = {len(digits), len(digits) + len(marks)} - {0}
    given = labels.translate(_SIGNS)
    if not digits and not marks:
        raise DataError("no digit was found in this picture, so there is none to correct.")
    if not set(given) <= _LABELS or len(given) not in fitting:
        found = f"{len(digits)} {'digit was' if len(digits) == 1 else 'digits were'} found"
        left = f" and {len(marks)} {'mark' if len(marks) == 1 else 'marks'} left out" if marks else ""
        wanted = " or ".join(map(str, sorted(fitting))) + (" label" if fitting == {1} else " labels")
        raise DataError(
            f"{found}{left}: give {wanted}, in reading order, with ? for what is no digit. Received: {labels!r}."
        )
    # A mark after two digits comes behind the second: sorting keeps the order of what has the same place.
    both = [
        *((place, digit.image) for place, digit in enumerate(digits, 1)),
        *((one.after, one.image) for one in marks),
    ]
    shown = sorted(both, key=lambda one: one[0]) if len(given) > len(digits) else both[: len(digits)]
    return keep_corrections([image for _, image in shown], given, folder)


def keep_corrections(images: Sequence[NDArray[np.uint8]], labels: str, folder: Path = CORRECTIONS) -> list[Path]:
    """Keeps digits with the labels that they should have had.

    Args:
        images: of each digit uint8 `(height, width)`, as the model saw it, in reading order; 0 is paper, 255 is ink.
        labels: the right label of each; `?` for what is no digit, which is not kept.
        folder: of all corrections.

    Returns:
        The files written. An image is kept once, with the label that it was given last.

    Raises:
        DataError: the folder is full.
        StorageError: it cannot be written.
    """
    from PIL import Image

    if sum(1 for _ in folder.glob("[0-9]/*.png")) + len(images) > _MOST:
        raise DataError(f"{folder} holds {_MOST:,} images, the most that are kept. Move some elsewhere.")
    written = []
    for image, label in zip(images, labels, strict=True):
        if label == "?" or not image.any():
            continue
        name = f"{hashlib.sha256(image.tobytes()).hexdigest()[:16]}.png"
        for other in folder.glob(f"[0-9]/{name}"):
            other.unlink()
        with storage.replacing(folder / label / name) as temporary:
            Image.fromarray(image).save(temporary, "PNG")
        written.append(folder / label / name)
    return written


def personal(model: Model, folder: Path = CORRECTIONS) -> Model:
    """The model with a personal touch, for `predict`: pictures like those corrected are read as their user reads them.

    Five corrections are the fewest that answers adapt to, and the newest 200 the most. Whatever else the model is asked
    (`probabilities`, `evaluate`, a submission) it answers as before.

    Args:
        model: what answers.
        folder: of all corrections.

    Raises:
        DataError: one of them cannot be read.
    """
    label_of = _kept(model, folder)
    with disk.reading(folder):
        kept = sorted(label_of, key=lambda path: path.stat().st_mtime_ns)[-_NEWEST:]
    if len(kept) < _FEWEST:
        return model
    images = np.stack([image_file.as_digit(image_file.read(path), model.image_shape) for path in kept])
    labels = np.array([label_of[path] for path in kept])
    answers = model.probabilities(photos.leaning(images))
    views = np.stack([photos.in_line(image) for image in images])
    marks = photos.mark_probabilities(views)
    # Wherever an image is seen, as a picture of its own, in a line or alone, its right label is likely enough then.
    whole = answers[: len(images)]
    heard = [whole, photos.heard(whole, marks), photos.heard(photos.counted(answers), marks)]
    least = np.min(heard, axis=0)[np.arange(len(images)), labels]
    return replace(model, touch=Touch.of(photos.mark_features(views), labels, least, marks))


def corrections_needed(model: Model, folder: Path = CORRECTIONS) -> int:
    """How many more there must be before the answers of `personal` adapt to them; 0 where they do."""
    return max(0, _FEWEST - len(_kept(model, folder)))


def _kept(model: Model, folder: Path) -> dict[Path, int]:
    """The images of all labels that the model knows, with their labels."""
    folders = {label: folder / str(label) for label in range(model.classes) if (folder / str(label)).is_dir()}
    return {path: label for label, own in folders.items() for path in image_folder.find_images(own)}

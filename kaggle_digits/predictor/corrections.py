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
from kaggle_digits.predictor.touch import Touch
from kaggle_digits.sources import image_file, image_folder

CORRECTIONS = Path("corrections")
"""Where corrections are kept: a folder for each label, as `train --also` takes them."""

_MOST = 20_000  # images; nobody corrects more by hand
_FEWEST, _NEWEST = 5, 200  # corrections that answers adapt to


def keep_corrections(images: Sequence[NDArray[np.uint8]], labels: str, folder: Path = CORRECTIONS) -> list[Path]:
    """Keeps digits with the labels that they should have had.

    Args:
        images: of each digit uint8 `(height, width)`, as the model saw it, in reading order; 0 is paper, 255 is ink.
        labels: the right label of each, spaces aside; `?` for what is no digit, which is not kept.
        folder: of all corrections.

    Returns:
        The files written. An image is kept once, with the label that it was given last.

    Raises:
        DataError: there are more labels than digits, or fewer, or something that is no label.
        StorageError: the folder cannot be written.
    """
    from PIL import Image

    if not images:
        raise DataError("no digit was found in this picture, so there is none to correct.")
    given = labels.replace(" ", "")
    if len(given) != len(images) or not set(given) <= set("0123456789?"):
        raise DataError(
            f"{len(images)} {'digit was' if len(images) == 1 else 'digits were'} found: give the right label of each, "
            f"and ? for a mark that is none. Received: {labels!r}."
        )
    if sum(1 for _ in folder.glob("[0-9]/*.png")) + len(images) > _MOST:
        raise DataError(f"{folder} holds {_MOST:,} images, the most that are kept. Move some elsewhere.")
    written = []
    for image, label in zip(images, given, strict=True):
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
    folders = {label: folder / str(label) for label in range(model.classes) if (folder / str(label)).is_dir()}
    label_of = {path: label for label, own in folders.items() for path in image_folder.find_images(own)}
    with disk.reading(folder):
        kept = sorted(label_of, key=lambda path: path.stat().st_mtime_ns)[-_NEWEST:]
    if len(kept) < _FEWEST:
        return model
    images = np.stack([image_file.as_digit(image_file.read(path), model.image_shape) for path in kept])
    answers = model.probabilities(photos.leaning(images))
    voted = photos.counted(answers)
    # Wherever an image is seen, and whatever is heard beside the model, its right label is likely enough then.
    marks = photos.mark_probabilities(np.stack([photos.in_line(image, 1.0, 0.0) for image in images]))
    least = np.minimum(np.minimum(answers[: len(images)], voted), photos.heard(voted, marks))
    return replace(model, touch=Touch.of(images, np.array([label_of[path] for path in kept]), least))

"""What a model misread, put right by its user: kept as a folder of images, from which can be learned."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.errors import DataError
from kaggle_digits.files import storage

CORRECTIONS = Path("corrections")
"""Where corrections are kept: a folder for each label, as `train --also` takes them."""

_MOST = 20_000  # images; nobody corrects more by hand


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

    given = labels.replace(" ", "")
    if len(given) != len(images) or not set(given) <= set("0123456789?"):
        raise DataError(
            f"name the right label of each of the {len(images)} digits found, and ? for what is none. "
            f"Received: {labels!r}."
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

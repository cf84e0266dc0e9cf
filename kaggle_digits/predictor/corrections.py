"""What a model misread, put right by its user: kept as a folder of images, from which can be learned."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kaggle_digits import sources
from kaggle_digits.errors import DataError
from kaggle_digits.files import storage
from kaggle_digits.predictor.model import Model

FOLDER = Path("corrections")
"""Where corrections are kept, and nowhere else: a sub-folder for each label, as `train --data` takes them."""

FEWEST = 5
"""So few corrections say nothing of a hand yet."""

_NEAR = 1.6  # times the usual distance between two drawings of one digit by one hand, up to which they are alike
_MOST_TRUST = 0.9  # that a correction can have beside the model


def keep(images: Sequence[NDArray[np.uint8]], text: str, folder: Path = FOLDER) -> list[Path]:
    """Keeps digits with the labels that they should have had.

    Args:
        images: of each digit uint8 `(height, width)`, as the model saw it, in reading order.
        text: the right label of each, spaces aside; `?` or `-` leaves one out.
        folder: of all corrections.

    Returns:
        The files written. The same digit is kept once, with the label given last.

    Raises:
        DataError: there are more labels than digits, or fewer, or something that is no label.
        StorageError: the folder cannot be written.
    """
    from PIL import Image

    labels = text.replace(" ", "")
    if len(labels) != len(images) or set(labels) - set("0123456789?-"):
        raise DataError(
            f"a correction has a label for each digit, {len(images)} here, and ? where there is none. Received: {text}."
        )
    written = []
    for image, label in zip(images, labels, strict=True):
        if label in "?-":
            continue
        name = f"{hashlib.sha256(image.tobytes()).hexdigest()[:16]}.png"
        for other in folder.glob(f"[0-9]/{name}"):
            other.unlink()
        path = folder / label / name
        with storage.replacing(path) as temporary:
            Image.fromarray(image).save(temporary, "PNG")
        written.append(path)
    return written


@dataclass(frozen=True, eq=False)
class Personal:
    """A classifier that answers as another one, and minds what its user has put right.

    An image that is nearly one of the corrections is mostly answered with its label, the more the nearer it is; any
    other one as before. Distances are those between images blurred by a pixel, so that a stroke may move a little.

    Attributes:
        model: whose answers are put right.
        corrections: float32 `(m, height * width)`, blurred, each of length 1.
        labels: int64 `(m,)`.
        reach: the distance up to which a correction counts.
    """

    model: Model
    corrections: NDArray[np.float32]
    labels: NDArray[np.int64]
    reach: float

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """As `Model.probabilities`."""
        said = self.model.probabilities(images)
        likeness = _blurred(images) @ self.corrections.T
        distances = np.sqrt(np.maximum(2 - 2 * likeness, 0))
        nearest = distances.argmin(axis=1)
        near = 1 - distances[np.arange(len(images)), nearest] / self.reach
        trust = (_MOST_TRUST * np.clip(2 * near, 0, 1)).astype(np.float32)[:, None]
        wanted = np.eye(said.shape[1], dtype=np.float32)[self.labels[nearest]]
        return np.asarray((1 - trust) * said + trust * wanted, np.float32)


def personal(model: Model, folder: Path = FOLDER) -> Model:
    """The model, with a personal touch where there are corrections enough; it takes a fraction of a second.

    Args:
        model: what answers.
        folder: of all corrections.

    Raises:
        DataError: the folder holds something else.
    """
    if not folder.is_dir() or sum(1 for _ in folder.glob("[0-9]/*.png")) < FEWEST:
        return model
    digits = sources.load(str(folder), image_shape=model.image_shape).train
    known = digits.known_labels < model.classes
    blurred, labels = _blurred(digits.images[known]), digits.known_labels[known]
    return Model(model.run, Personal(model, blurred, labels, _reach(blurred, labels)))


def _blurred(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """float32 `(n, height * width)`, each blurred and of length 1."""
    from scipy import ndimage

    soft = ndimage.gaussian_filter(images.astype(np.float32), (0, 1, 1)).reshape(len(images), -1)
    return np.asarray(soft / np.maximum(np.linalg.norm(soft, axis=1, keepdims=True), 1e-6), np.float32)


def _reach(blurred: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """How far corrections reach: not beyond what is usual for one label, and never as far as another label."""
    distances = np.sqrt(np.maximum(2 - 2 * blurred @ blurred.T, 0))
    same = labels[:, None] == labels[None]
    others = distances[~same]
    np.fill_diagonal(same, False)
    usual = float(np.median(distances[same])) if same.any() else 0.5
    return min(_NEAR * usual, float(others.min()) * 0.8 if others.size else usual, 0.7)

"""Uploads become answers, one at a time: a model is asked by one thread only."""

import asyncio
import dataclasses
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from kaggle_digits import predictor
from kaggle_digits.errors import DataError
from kaggle_digits.predictor import Model, Prediction
from kaggle_digits.sources import image_file

MOST_PIXELS = 25_000_000
"""Of one picture; decoding takes a second at most."""

_MOST_WAITING = 64

Result = TypeVar("Result")


class QueueFullError(Exception):
    """Too many are waiting already."""


class TooLargeError(DataError):
    """A picture with more pixels than are looked at."""


class ModelQueue:
    """Where questions wait for the one model.

    Args:
        model: what answers.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="model")
        self._waiting = 0

    async def ask(self, question: Callable[[], Result]) -> Result:
        """The answer to a question, once it is its turn.

        Raises:
            QueueFullError: 64 questions are waiting already.
        """
        if self._waiting >= _MOST_WAITING:
            raise QueueFullError
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, question)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Lets the question at hand be answered, and no other one."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def read(self, content: bytes, name: str) -> Prediction:
        """What a picture says.

        Args:
            content: of a PNG, JPEG, BMP or WebP file.
            name: by which the answer calls it.

        Raises:
            TooLargeError: it has more than `MOST_PIXELS`.
            DataError: it is no such picture, or damaged.
        """
        with tempfile.TemporaryDirectory(prefix="kaggle-digits-") as folder:
            path = Path(folder) / "upload"
            path.write_bytes(content)
            try:
                _check_pixels(path)
                (prediction,) = predictor.predict(self.model, [path], keep_stages=True)
            except DataError as error:
                raise type(error)(str(error).replace(str(path), name)) from None
        return dataclasses.replace(prediction, image=name)

    def label(self, rows: list[list[float]]) -> NDArray[np.float32]:
        """float32 `(n, classes)`, the calibrated probabilities of rows of whole numbers, 0 is paper and 255 is ink."""
        images = np.array(rows, np.uint8).reshape(-1, *self.model.image_shape)
        return self.model.probabilities(images)


def _check_pixels(path: Path) -> None:
    """Looks at a picture's size before anything is decoded; whether it is one at all, its reader finds out."""
    from PIL import Image

    try:
        with Image.open(path, formats=image_file.FORMATS) as image:
            width, height = image.size
    except Image.DecompressionBombError:
        width = height = MOST_PIXELS
    except Exception:  # decoders meet broken files with errors of every kind
        return
    if width * height > MOST_PIXELS:
        raise TooLargeError(f"{path} is too large: a picture may have {MOST_PIXELS:,} pixels at most.")

"""What arrives as bytes, made into questions: pictures, and rows of pixels."""

import io
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kaggle_digits import predictor
from kaggle_digits.errors import DataError, first_line
from kaggle_digits.predictor import Model, Prediction
from kaggle_digits.sources import image_file

# Of one picture. JPEG's decoder leaves out detail while it reads; the others need up to 40 bytes a pixel.
_MOST_PIXELS, _MOST_PIXELS_OF_JPEG = 9_000_000, 25_000_000
_LONGEST = 20_000  # pixels of a picture's longer side
MOST_ROWS = 1000  # in one request
_BYTES_OF_PIXEL = 8  # in JSON, at most: "255.0, "


class TooLargeError(DataError):
    """More than is looked at."""


def pixels_of(content: bytes, name: str) -> int:
    """How many pixels a picture has, found before anything is decoded; 0 where it is none, which its reader will tell.

    Raises TooLargeError where they are too many, or all in a line.
    """
    try:
        with Image.open(io.BytesIO(content), formats=image_file.known_formats()) as image:
            (width, height), kind = image.size, image.format
    except Image.DecompressionBombError:
        width = height = _LONGEST
        kind = None
    except Exception:  # decoders meet broken files with errors of every kind
        return 0
    most = _MOST_PIXELS_OF_JPEG if kind == "JPEG" else _MOST_PIXELS
    if width * height > most or max(width, height) > _LONGEST:
        raise TooLargeError(
            f"{name} is too large: a JPEG may have {_MOST_PIXELS_OF_JPEG:,} pixels, any other picture "
            f"{_MOST_PIXELS:,}, and no side more than {_LONGEST:,}."
        )
    return width * height


def read(model: Model, content: bytes, name: str) -> Prediction:
    """What a model says of a picture, a file's content, which the answer calls by that name; raises DataError."""
    with tempfile.TemporaryDirectory(prefix="kaggle-digits-") as folder:
        path = Path(folder) / "upload"
        path.write_bytes(content)
        try:
            (prediction,) = predictor.predict(model, [path], keep_stages=True)
        except DataError as error:
            raise DataError(str(error).replace(str(path), name)) from None
    return replace(prediction, image=name)


def label_of(content: bytes, classes: int) -> int:
    """The `label` of a JSON object, below `classes` and 10; raises DataError where there is none."""
    label = Annotated[int, msgspec.Meta(ge=0, lt=min(classes, 10))]
    try:
        decoded: Any = msgspec.json.decode(content, type=msgspec.defstruct("Labelled", [("label", label)]))
    except (msgspec.MsgspecError, RecursionError) as error:
        raise DataError(f"{first_line(error)}.") from None
    return int(decoded.label)


class RowDecoder:
    """Reads rows of pixels from JSON, and stops at the first thing that is wrong; see `images`."""

    def __init__(self, image_shape: tuple[int, int]) -> None:
        size = image_shape[0] * image_shape[1]
        limits = msgspec.Meta(ge=0, le=255)
        row = Annotated[
            list[Annotated[int, limits] | Annotated[float, limits]],  # to JSON, 7.0 is an integer
            msgspec.Meta(min_length=size, max_length=size),
        ]
        rows = Annotated[list[row], msgspec.Meta(min_length=1, max_length=MOST_ROWS)]
        self._decoder = msgspec.json.Decoder(msgspec.defstruct("Pixels", [("rows", rows)]))
        self._image_shape = image_shape
        self._most_bytes = _BYTES_OF_PIXEL * MOST_ROWS * size

    def images(self, content: bytes) -> NDArray[np.uint8]:
        """uint8 `(n, height, width)`, 0 is paper and 255 is ink; raises DataError where it is anything else."""
        if len(content) > self._most_bytes:
            raise TooLargeError(f"rows of pixels may have {self._most_bytes:,} bytes at most.")
        try:
            decoded: Any = self._decoder.decode(content)
            numbers = np.array(decoded.rows, np.float32)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise DataError(f"{first_line(error)}.") from None
        if (numbers % 1).any():
            raise DataError("pixels are whole numbers from 0 to 255.")
        return numbers.astype(np.uint8).reshape(-1, *self._image_shape)

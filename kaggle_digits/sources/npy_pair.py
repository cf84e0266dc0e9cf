"""A folder with X.npy and y.npy: images as rows of numbers, as in many a machine learning course."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.digits import Digits, classes_of
from kaggle_digits.errors import DataError
from kaggle_digits.files import storage
from kaggle_digits.sources import npy_file
from kaggle_digits.sources.source import Source, SourceKind

KIND = "npy-pair"
_IMAGES, _LABELS, _TEST_IMAGES = "X.npy", "y.npy", "X_test.npy"

# The course digits run from -0.13 to 1.13: they were made smaller by an interpolation that swings.
_MOST_OVERSHOOT = 0.25
_LEAST_OVERSHOOT = 0.01
_COURSE_SHAPE = (20, 20)
# How much longer than wide a heap of ones must be to tell which way up it lies; MNIST's is 2.3 times.
_CLEARLY = 1.2
_FAINT = 64
_NUMBERS_AT_ONCE = 1 << 22


def recognises(path: Path) -> bool:
    """Whether a folder holds such arrays, by their names alone."""
    return any((path / name).exists() for name in (_IMAGES, _LABELS))


def load(path: Path, _image_shape: tuple[int, int] = (28, 28), _skip_broken: bool = False) -> Source:
    """Reads X.npy and y.npy, and X_test.npy where it is there.

    `X` has the shape `(n, pixels)` with a square number of pixels, `(n, height, width)` or `(n, height, width, 1)`.
    Its numbers are greys from 0 to 1, or from 0 to 255; those from 0 to 1 may overshoot a little, which is clipped.
    `y` has the shape `(n,)` or `(n, 1)` and holds whole numbers from 0 to 9, or from 1 to 10 where 10 is the digit 0.

    Two more things are put right, and told in the notes. Images whose border is mostly light are inverted. Rows of
    pixels that were stored column by column, as Octave and MATLAB do, are turned: the ones among them, heaped up,
    lie on their side instead of standing. Where the ones do not tell (there are none, or their heap is about as long
    as wide), rows of 400 pixels that overshoot [0, 1] are the course digits, and known to be stored so.

    Returns:
        Digits of 2 classes where all labels are 0 or 1, else of 10; ids are 1 to n.

    Raises:
        DataError: a file is missing, or not of this form; the sentence names the file, and the row.
    """
    images_path, labels_path, test_path = (path / name for name in (_IMAGES, _LABELS, _TEST_IMAGES))
    train = _read_images(images_path)
    labels, label_notes = _read_labels(labels_path, len(train.greys))
    sha256 = {one.name: storage.sha256(one) for one in (images_path, labels_path)}
    test = _read_images(test_path) if test_path.exists() else None
    is_inverted = _is_dark_on_light(train.greys)
    is_turned = train.is_flat and _lies(train, labels, is_inverted)
    images = _put_right(train.greys, is_inverted, is_turned)
    notes = [*train.notes, *label_notes, *_corrections(_IMAGES, is_inverted, is_turned)]
    digits = Digits.numbered(images, labels, classes_of(labels))
    if test is None:
        return Source(KIND, path, digits, None, sha256, notes=tuple(notes))
    if test.greys.shape[1:] != train.greys.shape[1:]:
        raise DataError(
            f"the images of {test_path} must have the shape of those of {images_path}, {train.greys.shape[1:]}. "
            f"Received: {test.greys.shape[1:]}."
        )
    to_label = Digits.numbered(_put_right(test.greys, is_inverted, is_turned), classes=digits.classes)
    test_sha256 = {test_path.name: storage.sha256(test_path)}
    return Source(KIND, path, digits, to_label, sha256, test_sha256, (*notes, *test.notes))


def read_images(path: Path) -> tuple[Digits, tuple[str, ...]]:
    """Reads the images of one array alone, in any of the forms of `X` in `load`.

    With no labels there is no telling which of them are ones. So only rows that are known to be the course digits,
    by their 400 pixels and their overshoot, are turned.

    Returns digits without labels, and what was put right, a sentence each; raises as `load` does.
    """
    stored = _read_images(path)
    is_inverted, is_turned = _is_dark_on_light(stored.greys), stored.is_the_course
    images = _put_right(stored.greys, is_inverted, is_turned)
    notes = (*stored.notes, *_corrections(path.name, is_inverted, is_turned))
    return Digits.numbered(images), notes


@dataclass(frozen=True, eq=False)
class _Stored:
    """Images as they were stored: perhaps dark on light, perhaps lying on their side.

    Attributes:
        greys: uint8 `(n, height, width)`.
        is_flat: whether they were rows of pixels, in whatever order.
        overshoots: whether greys lay clearly outside [0, 1], and were clipped.
        notes: what was clipped, and what looks odd.
    """

    greys: NDArray[np.uint8]
    is_flat: bool
    overshoots: bool
    notes: tuple[str, ...]

    @property
    def is_the_course(self) -> bool:
        return self.is_flat and self.overshoots and self.greys.shape[1:] == _COURSE_SHAPE


def _read_images(path: Path) -> _Stored:
    numbers = npy_file.open_array(path)
    height, width = _image_shape(path, numbers.shape)
    low, high = _range(path, numbers)
    if low >= -_MOST_OVERSHOOT and high <= 1 + _MOST_OVERSHOOT:
        white = 1
    elif low >= 0 and high <= 255:
        white = 255
    else:
        raise DataError(f"{path} must hold greys from 0 to 1, or from 0 to 255. Received: {low:g} to {high:g}.")
    greys = np.empty(numbers.shape, np.uint8)
    for start, part in _parts(numbers):
        greys[start : start + len(part)] = ((part / np.float64(white)).clip(0, 1) * 255).round()
    overshoots = white == 1 and (low < -_LEAST_OVERSHOOT or high > 1 + _LEAST_OVERSHOOT)
    notes = (f"{path.name}: values from {low:.3g} to {high:.3g} were clipped to 0..1",) if overshoots else ()
    if white == 255 and high < _FAINT:
        notes = (f"{path.name}: values reach only {high:g} of 255, so the ink is faint",)
    return _Stored(greys.reshape(-1, height, width), numbers.ndim == 2, overshoots, notes)


def _image_shape(path: Path, shape: tuple[int, ...]) -> tuple[int, int]:
    if len(shape) == 2:
        side = math.isqrt(shape[1])
        if side * side == shape[1]:
            return side, side
    elif len(shape) == 3 or (len(shape) == 4 and shape[3] == 1):
        return shape[1], shape[2]
    raise DataError(
        f"{path} must have the shape (n, pixels) with a square number of pixels, such as 400 or 784, "
        f"or (n, height, width). Received: {shape}."
    )


def _parts(numbers: NDArray[Any]) -> Iterator[tuple[int, NDArray[Any]]]:
    """The rows, some at a time, each time with the number of the first: a file may be larger than the memory."""
    rows = max(1, _NUMBERS_AT_ONCE // numbers[0].size)
    for start in range(0, len(numbers), rows):
        yield start, numbers[start : start + rows]


def _range(path: Path, numbers: NDArray[Any]) -> tuple[float, float]:
    low, high = math.inf, -math.inf
    for start, part in _parts(numbers):
        wrong = ~np.isfinite(part)
        if wrong.any():
            row = start + int(np.nonzero(wrong)[0][0])
            raise DataError(f"{path}, row {row} (counted from 0) must hold numbers. Received: {part[wrong][0]}.")
        low, high = min(low, float(part.min())), max(high, float(part.max()))
    return low, high


def _read_labels(path: Path, count: int) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """The labels, int64 `(count,)`, and what was done to them."""
    numbers = npy_file.open_array(path)
    if numbers.shape not in ((count,), (count, 1)):
        raise DataError(
            f"{path} must have a label for each of the {count:,} images of {_IMAGES}, as ({count},) or ({count}, 1). "
            f"Received: {numbers.shape}."
        )
    values = numbers.reshape(-1)
    wrong = ~((values >= 0) & (values <= 10) & (values == np.floor(values)))
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(
            f"{path}, row {row} (counted from 0): a whole number from 0 to 9 is expected. Received: {values[row]}."
        )
    labels = values.astype(np.int64)
    if labels.max() < 10:
        return labels, ()
    if labels.min() == 0:
        raise DataError(f"{path} has both labels 0 and 10, so 10 cannot stand for the digit 0. Use 0 to 9.")
    return labels % 10, (f"{path.name}: the label 10 stands for the digit 0",)


def _is_dark_on_light(greys: NDArray[np.uint8]) -> bool:
    border = (greys[:, 0], greys[:, -1], greys[:, :, 0], greys[:, :, -1])
    return float(np.median(np.concatenate([edge.ravel() for edge in border]))) > 127


def _lies(stored: _Stored, labels: NDArray[np.int64], is_inverted: bool) -> bool:
    ones = _put_right(stored.greys[labels == 1], is_inverted, is_turned=False)
    heap = ones.sum(axis=0, dtype=np.float64)
    height, width = _spread(heap.sum(axis=1)), _spread(heap.sum(axis=0))
    if max(height, width) > _CLEARLY * min(height, width):
        return width > height
    return stored.is_the_course


def _spread(ink: NDArray[np.float64]) -> float:
    """The standard deviation, in pixels, of where ink lies: `ink` is `(pixels,)`, its amount at each."""
    if not ink.any():
        return 0.0
    place = np.arange(len(ink))
    mean = np.average(place, weights=ink)
    return math.sqrt(np.average((place - mean) ** 2, weights=ink))


def _put_right(greys: NDArray[np.uint8], is_inverted: bool, is_turned: bool) -> NDArray[np.uint8]:
    inked = 255 - greys if is_inverted else greys
    return np.ascontiguousarray(inked.transpose(0, 2, 1)) if is_turned else inked


def _corrections(name: str, is_inverted: bool, is_turned: bool) -> Iterator[str]:
    if is_inverted:
        yield f"{name}: dark ink on light paper, so inverted"
    if is_turned:
        yield f"{name}: the pixels were stored column by column, so the images were turned"


SOURCE = SourceKind(KIND, f"with {_IMAGES} and {_LABELS}", recognises, load, ".npy", read_images)

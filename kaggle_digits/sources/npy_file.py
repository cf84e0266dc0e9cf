"""One .npy file of numbers, opened with suspicion: nothing is unpickled, and nothing that is not there is read."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.errors import DataError
from kaggle_digits.files import disk

_MAGIC = b"\x93NUMPY"
_TAKEN_FOR = {b"PK": "a zip, perhaps of several arrays (.npz)", b"\x80": "a Python pickle, which is never loaded"}
_NUMPYS_WORDS = {
    "Python objects": "holds Python objects, which are never loaded",
    "greater than file size": "is cut short: it holds fewer numbers than it says",
}


def open_array(path: Path) -> NDArray[Any]:
    """Opens an array without reading it: the file is mapped into memory, and must be as long as it says.

    Returns:
        Booleans, integers or floats of any shape with at least one number; read-only, and read where it is touched.

    Raises:
        DataError: the file is missing, damaged, or not an array of numbers.
    """
    _check_start(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what NumPy repairs in the headers of old versions
            numbers = np.load(path, mmap_mode="r", allow_pickle=False)
    # A header is a Python literal; a broken one makes the parser raise almost anything.
    except Exception as error:
        known = (told for numpys, told in _NUMPYS_WORDS.items() if numpys in str(error))
        fault = next(known, "is damaged: its header makes no sense")
        raise DataError(f"{path} {fault}. Save it again with numpy.save.") from error
    if numbers.dtype.kind not in "biuf":
        raise DataError(f"{path} must hold whole numbers or floats. Received: {numbers.dtype}.")
    if numbers.size == 0:
        raise DataError(f"{path} is an array without a number in it. Received: shape {numbers.shape}.")
    return np.asarray(numbers)


def _check_start(path: Path) -> None:
    if not path.is_file():  # a pipe would be waited for
        raise DataError(f"{path} is not a file." if path.exists() else f"there is no {path}.")
    with disk.reading(path), path.open("rb") as file:
        start = file.read(len(_MAGIC))
    if start != _MAGIC:
        other = next((words for first, words in _TAKEN_FOR.items() if start.startswith(first)), "something else")
        what = other if start else "empty"
        raise DataError(f"{path} is not a .npy file but {what}. Save the array with numpy.save.")

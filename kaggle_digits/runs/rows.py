"""The rows of a run: those that it learned, as hashes, and those that it was validated on, with its answers."""

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.errors import RunError
from kaggle_digits.files import storage

VALIDATION = "validation.npz"
LEARNED = "learned.npy"

_MOST_BYTES = 1 << 28  # unpacked; the competition's 42,000 rows take 2.4 million
# NumPy's and zipfile's words for a damaged file; a crafted one may ask for more memory than there is.
_DAMAGED = (
    OSError,
    ValueError,
    KeyError,
    EOFError,
    MemoryError,
    NotImplementedError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)


def validation(folder: Path) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.float32]]:
    """Ids, labels and probabilities `(n, classes)` of the rows that a run was validated on.

    Args:
        folder: the run's.

    Raises:
        RunError: the file is missing or damaged.
    """
    path = folder / VALIDATION
    try:
        arrays = _arrays(path)
        ids, labels, probabilities = (arrays[name] for name in ("ids", "labels", "probabilities"))
        _check(ids, labels, probabilities)
    except _DAMAGED as error:
        raise RunError(f"{path} cannot be read: {error}. Train again.") from error
    return ids, labels, probabilities


def learned(folder: Path) -> NDArray[np.uint64]:
    """uint64 `(n,)`, the hashes of the rows that a run was trained on; see `Digits.hashes`.

    Args:
        folder: the run's.

    Raises:
        RunError: the file is missing or damaged.
    """
    path = folder / LEARNED
    try:
        storage.check_regular(path, _MOST_BYTES)
        with path.open("rb") as file:
            hashes = np.lib.format.read_array(file, allow_pickle=False)
        if hashes.ndim != 1 or hashes.dtype != np.uint64:
            raise ValueError(f"hashes must be uint64 (n,), not {hashes.dtype} {hashes.shape}")
    except _DAMAGED as error:
        raise RunError(f"{path} cannot be read: {error}. Train again.") from error
    return np.asarray(hashes, np.uint64)


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    storage.check_regular(path, _MOST_BYTES)
    with zipfile.ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
        if size > _MOST_BYTES:
            raise ValueError(f"it would take {size:,} bytes in memory, of at most {_MOST_BYTES:,}")
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _check(ids: NDArray[Any], labels: NDArray[Any], probabilities: NDArray[Any]) -> None:
    if (ids.ndim, labels.ndim, probabilities.ndim) != (1, 1, 2) or labels.dtype != np.int64:
        raise ValueError("its arrays have another form than a training's")
    if not 0 < len(ids) == len(labels) == len(probabilities) or probabilities.dtype != np.float32:
        raise ValueError("its arrays do not belong together")
    if not (ids.dtype.kind in "iuU" and labels.min() >= 0 and labels.max() < probabilities.shape[1]):
        raise ValueError("its ids or labels are not valid")
    if not (np.isfinite(probabilities).all() and probabilities.min() >= 0 and probabilities.max() <= 1.001):
        raise ValueError("its probabilities are not valid")


def write_validation(
    folder: Path, ids: NDArray[Any], labels: NDArray[np.int64], probabilities: NDArray[np.float32]
) -> None:
    """Writes validation.npz; nothing in it is pickled.

    Args:
        folder: the run's.
        ids: int64 or str `(n,)`.
        labels: int64 `(n,)`.
        probabilities: float32 `(n, classes)`.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    with storage.replacing(folder / VALIDATION) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, ids=ids, labels=labels, probabilities=probabilities)


def write_learned(folder: Path, hashes: NDArray[np.uint64]) -> None:
    """Writes learned.npy.

    Args:
        folder: the run's.
        hashes: uint64 `(n,)` of the rows that were trained on, see `Digits.hashes`.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    with storage.replacing(folder / LEARNED) as temporary, temporary.open("wb") as file:
        np.save(file, np.unique(hashes))

"""The rows of a run: those that it learned, as hashes, and those that it was validated on, with its answers."""

import contextlib
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.errors import RunError
from kaggle_digits.files import storage

VALIDATION = "validation.npz"
_LEARNED = "learned.npy"

_MOST_BYTES = 1 << 28  # unpacked; the competition's 42,000 rows take 2.4 million
# NumPy's and zipfile's words for a damaged file; a crafted one may ask for more memory than there is.
_DAMAGED = (OSError, ValueError, LookupError, EOFError, MemoryError, RuntimeError, zipfile.BadZipFile, zlib.error)


def validation(folder: Path) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.float32]]:
    """Ids `(n,)`, labels `(n,)` and probabilities `(n, classes)` of the rows that the run in a folder was validated on.

    Raises:
        RunError: the file is missing or damaged.
    """
    with _reading(folder / VALIDATION) as file, zipfile.ZipFile(file) as archive:
        size = sum(member.file_size for member in archive.infolist())
        if size > _MOST_BYTES:
            raise ValueError(f"it would take {size:,} bytes in memory, of at most {_MOST_BYTES:,}")
        file.seek(0)
        with np.load(file, allow_pickle=False) as arrays:
            ids, labels, probabilities = (arrays[name] for name in ("ids", "labels", "probabilities"))
        _check(ids, labels, probabilities)
    return ids, labels, probabilities


def learned(folder: Path) -> NDArray[np.uint64]:
    """uint64 `(n,)`, the hashes of the rows that the run in a folder was trained on; see `Digits.hashes`.

    Raises:
        RunError: the file is missing or damaged.
    """
    with _reading(folder / _LEARNED) as file:
        hashes = np.lib.format.read_array(file, allow_pickle=False)
        if hashes.ndim != 1 or hashes.dtype != np.uint64:
            raise ValueError(f"hashes must be uint64 (n,), not {hashes.dtype} {hashes.shape}")
    return np.asarray(hashes, np.uint64)


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[IO[bytes]]:
    try:
        storage.check_regular(path, _MOST_BYTES)
        with path.open("rb") as file:
            yield file
    except _DAMAGED as error:
        raise RunError(f"{path} cannot be read: {error}. Train again.") from error


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
    """Writes validation.npz into a run's folder; ids are int64 or str `(n,)`, probabilities `(n, classes)`.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    with storage.replacing(folder / VALIDATION) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, ids=ids, labels=labels, probabilities=probabilities)


def write_learned(folder: Path, hashes: NDArray[np.uint64]) -> None:
    """Writes learned.npy into a run's folder: uint64 `(n,)`, the hashes of the rows that were trained on.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    with storage.replacing(folder / _LEARNED) as temporary, temporary.open("wb") as file:
        np.save(file, np.unique(hashes))

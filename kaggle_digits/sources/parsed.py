"""CSVs parsed once: their pixels kept beside them, and read back in a fraction of the time.

A kept file is believed only if it says that it was made from this very CSV, unchanged since; the archive's own CRC
tells whether it is whole. Whatever else it is, it is thrown away and made anew.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.errors import StorageError
from kaggle_digits.files import storage


@dataclass(frozen=True, eq=False)
class Parsed:
    """What a CSV says.

    Attributes:
        labels: uint8 `(rows,)`, or None.
        pixels: uint8 `(rows, pixels)`.
        sha256: of the CSV.
    """

    labels: NDArray[np.uint8] | None
    pixels: NDArray[np.uint8]
    sha256: str


def path_of(csv: Path) -> Path:
    """Where the values of a CSV are kept: beside it, hidden."""
    return csv.with_name(f".{csv.name}.parsed")


def load(csv: Path, labelled: bool) -> Parsed | None:
    """What a CSV, with or without labels, says now, if that was kept and can be believed; else None."""
    with suppress(Exception):  # a damaged archive makes NumPy raise almost anything
        storage.check_regular(path_of(csv))
        with path_of(csv).open("rb") as file, np.load(file, allow_pickle=False) as kept:
            if (kept["status"].tolist(), "labels" in kept) == (_status(csv.stat()), labelled):
                return Parsed(kept["labels"] if labelled else None, kept["pixels"], str(kept["sha256"]))
    return None


def keep(csv: Path, parsed: Parsed, before: os.stat_result) -> None:
    """Keeps what a CSV says, where its folder can be written: that of a Kaggle notebook's data cannot.

    The file's status is that from before it was read, so that a change meanwhile is noticed.
    """
    arrays = {"status": _status(before), **{name: value for name, value in vars(parsed).items() if value is not None}}
    with suppress(StorageError), storage.replacing(path_of(csv)) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def _status(status: os.stat_result) -> list[int]:
    """Changes with every change of a file; its time of modification alone can be set back, as `cp -p` does."""
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]

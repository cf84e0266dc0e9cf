"""CSVs parsed once: their pixels kept beside them, and read back in a fraction of the time.

A kept file is believed only if it says that it was made from this very CSV, unchanged since, and if its own
bytes have the checksum that it names. Whatever else it is, it is thrown away and made anew.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.errors import StorageError
from kaggle_digits.files import storage

_FORMAT = 1
_HEADER_BYTES = 512


@dataclass(frozen=True)
class _Header:
    """The beginning of a kept file; what follows are the labels, if there are any, and then the pixels."""

    format: int
    status: list[int]
    sha256: str
    rows: int
    labelled: bool
    checksum: str


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
    """What a CSV says, if it was kept and can be believed; else None.

    Args:
        csv: the file as it is now.
        labelled: whether it has labels.
    """
    try:
        storage.check_regular(path_of(csv))
        now = csv.stat()
        content = path_of(csv).read_bytes()
        header = _Header(**json.loads(content[:_HEADER_BYTES]))
        payload = memoryview(content)[_HEADER_BYTES:]
        if (header.format, header.status, header.labelled) != (_FORMAT, _status(now), labelled):
            return None
        if hashlib.sha256(payload).hexdigest() != header.checksum:
            return None
        values = np.frombuffer(payload, np.uint8)
        labels = values[: header.rows] if labelled else None
        pixels = values[header.rows if labelled else 0 :].reshape(header.rows, -1)
        return Parsed(labels, pixels, header.sha256)
    except (OSError, ValueError, TypeError):
        return None


def keep(csv: Path, parsed: Parsed, before: os.stat_result) -> None:
    """Keeps what a CSV says, where its folder can be written.

    Args:
        csv: the file that was read.
        parsed: what it says.
        before: the file's status before it was read, so that a change meanwhile is noticed.
    """
    labelled = parsed.labels is not None
    payload = (parsed.labels.tobytes() if parsed.labels is not None else b"") + parsed.pixels.tobytes()
    checksum = hashlib.sha256(payload).hexdigest()
    rows = len(parsed.pixels)
    header = _Header(_FORMAT, _status(before), parsed.sha256, rows, labelled, checksum)
    try:
        with storage.replacing(path_of(csv)) as temporary:
            temporary.write_bytes(json.dumps(asdict(header)).encode().ljust(_HEADER_BYTES) + payload)
    except StorageError:
        return  # a read-only folder, as in a Kaggle notebook: the next training reads the CSV again


def _status(status: os.stat_result) -> list[int]:
    """Changes with every change of a file; its time of modification alone can be set back, as `cp -p` does."""
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]

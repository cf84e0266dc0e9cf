"""history.csv: how a network learned, an epoch a line."""

import csv
import io
from pathlib import Path

import msgspec

from kaggle_digits.errors import RunError
from kaggle_digits.files import storage

FILE = "history.csv"
_MOST_BYTES = 1 << 24


class Epoch(msgspec.Struct, frozen=True):
    """What one pass over the training rows brought.

    Attributes:
        epoch: from 1.
        loss: mean cross-entropy over the training rows while they were learned, in nats.
        accuracy: share of the training rows labelled rightly meanwhile.
        val_loss: mean cross-entropy over the validation rows after the epoch, in nats.
        val_accuracy: share of the validation rows labelled rightly after the epoch.
        learning_rate: at the end of the epoch.
        seconds: how long it took, validation included.
    """

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    learning_rate: float
    seconds: float


def write(folder: Path, epochs: list[Epoch]) -> None:
    """Writes history.csv into a run's folder.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    storage.write_csv(folder / FILE, Epoch.__struct_fields__, map(msgspec.structs.astuple, epochs))


def read_folds(folder: Path) -> list[list[Epoch]]:
    """The epochs of each model of a run in folds; of another run, its own alone; none where there are no epochs.

    Args:
        folder: the run's.

    Raises:
        RunError: a file is damaged.
    """
    folds = [read(path) for path in sorted(folder.glob("fold-*"))] or [read(folder)]
    return [epochs for epochs in folds if epochs]


def read(folder: Path) -> list[Epoch]:
    """The epochs of the run in a folder; none where it has no history.csv, as a run of scikit-learn's models.

    Raises:
        RunError: the file is damaged.
    """
    path = folder / FILE
    if not path.exists():
        return []
    try:
        rows = list(csv.DictReader(io.StringIO(storage.read_text(path, _MOST_BYTES))))
        return msgspec.convert(rows, list[Epoch], strict=False)
    except (OSError, ValueError, csv.Error) as error:
        raise RunError(f"{path} cannot be read: {error}. Train again.") from None

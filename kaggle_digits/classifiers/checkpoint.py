"""What an interrupted training needs to go on as if nothing had happened."""

import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from kaggle_digits.backend import load_keras
from kaggle_digits.errors import RunError
from kaggle_digits.files import disk, storage
from kaggle_digits.runs import Epoch

FILE = "checkpoint.npz"


@dataclass
class Progress:
    """How far a training has come.

    Attributes:
        history: the epochs that are done.
        kept: the number of the epoch whose weights are worth keeping, from 1.
        best: those weights, in Keras's order.
    """

    history: list[Epoch] = field(default_factory=list)
    kept: int = 0
    best: list[NDArray[np.float32]] = field(default_factory=list)

    def add(self, epoch: Epoch, weights: list[NDArray[np.float32]], *, last: bool) -> None:
        """Takes up an epoch, and its weights if it validated better than all before, or ends what was planned."""
        if last or not self.history or validation_key(epoch) > max(map(validation_key, self.history)):
            self.kept, self.best = epoch.epoch, weights
        self.history.append(epoch)


def validation_key(epoch: Epoch) -> tuple[float, float]:
    """What makes an epoch better: accuracy, and where few rows make for ties, the lower loss."""
    return epoch.val_accuracy, -epoch.val_loss


@contextmanager
def saving(folder: Path) -> Iterator[Callable[[Progress, Any], None]]:
    """Gives a function that saves how far a training has come, a progress and a compiled model, in checkpoint.npz.

    It keeps history, best weights, and every variable of the model and its optimizer. The order of the rows in an epoch
    follows from the seed and the epoch's number, and dropout's state is among the variables, so this is all that there
    is to know. The disk is waited for while the next epoch trains: at the end of the block, all is on it.

    Raises:
        StorageError: from the function, or the end of the block: the folder cannot be written, or the disk is full.
    """
    begun: list[Future[None]] = []

    def wait() -> None:
        while begun:
            begun.pop().result()

    with ThreadPoolExecutor(1) as aside:

        def save(progress: Progress, model: Any) -> None:
            wait()
            begun.append(aside.submit(_write, folder, _arrays(progress, model)))

        yield save
        wait()


def _arrays(progress: Progress, model: Any) -> dict[str, Any]:
    to_numpy = load_keras().ops.convert_to_numpy
    arrays: dict[str, Any] = {f"best_{number}": array for number, array in enumerate(progress.best)}
    # Copies, because the next epoch changes the variables.
    arrays |= {f"state_{number}": np.array(to_numpy(variable)) for number, variable in enumerate(_variables(model))}
    history = np.array(msgspec.json.encode(progress.history).decode())
    return {"history": history, "kept": progress.kept, **arrays}


def _write(folder: Path, arrays: dict[str, Any]) -> None:
    with storage.replacing(folder / FILE) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def restore(folder: Path, model: Any) -> Progress:
    """Puts a compiled model of the same architecture back where `saving` found it.

    Returns:
        How far it had come; nothing at all where no epoch was finished.

    Raises:
        RunError: the checkpoint is damaged or belongs to another model.
    """
    path = folder / FILE
    if not path.exists():
        return Progress()
    model.optimizer.build(model.trainable_variables)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            history, kept = msgspec.json.decode(str(arrays["history"]), type=list[Epoch]), int(arrays["kept"])
            best = [arrays[f"best_{number}"] for number in range(len(model.get_weights()))]
            for number, variable in enumerate(_variables(model)):
                variable.assign(arrays[f"state_{number}"])
    except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise RunError(f"{path} cannot be read: {error}. Train from the beginning.") from error
    return Progress(history, kept, best)


def remove(folder: Path) -> None:
    """Deletes the checkpoint of a training that came to its end; a power cut does not bring it back."""
    (folder / FILE).unlink(missing_ok=True)
    disk.sync_folder(folder)


def _variables(model: Any) -> list[Any]:
    """Weights, states of random generators, and the optimizer's moments and step count; not the metrics."""
    metrics = {id(variable) for variable in model.metrics_variables}
    everything = [variable for variable in model.variables if id(variable) not in metrics]
    known = {id(variable) for variable in everything}
    return everything + [variable for variable in model.optimizer.variables if id(variable) not in known]

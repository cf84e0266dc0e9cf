"""TensorBoard's view of a training."""

import importlib.util
from pathlib import Path

from kaggle_digits.classifiers.backend import load_keras
from kaggle_digits.classifiers.protocol import Epoch, Listener
from kaggle_digits.errors import DigitsError


class Logged:
    """A listener that writes every epoch's numbers to TensorBoard's logs, and passes on all that it hears.

    Args:
        listener: who hears it too.
        folder: of the logs: `tensorboard --logdir FOLDER` shows them.

    Raises:
        DigitsError: TensorBoard is not installed.
    """

    def __init__(self, listener: Listener, folder: Path) -> None:
        if importlib.util.find_spec("tensorboard") is None:
            raise DigitsError("TensorBoard is not installed. Install it: pip install 'kaggle-digits[tensorboard]'.")
        load_keras()
        import tensorflow

        self._listener = listener
        self._summary = tensorflow.summary
        self._writer = tensorflow.summary.create_file_writer(str(folder))

    def note(self, text: str) -> None:
        """See `Listener`."""
        self._listener.note(text)

    def begins(self, epochs: int | None, steps: int) -> None:
        """See `Listener`."""
        self._listener.begins(epochs, steps)

    def step(self, epoch: int, step: int, loss: float, accuracy: float) -> None:
        """See `Listener`."""
        self._listener.step(epoch, step, loss, accuracy)

    def epoch(self, epoch: Epoch) -> None:
        """See `Listener`."""
        with self._writer.as_default():
            for name in ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"):
                self._summary.scalar(name, getattr(epoch, name), step=epoch.epoch)
        self._writer.flush()
        self._listener.epoch(epoch)

    def wants_stop(self) -> bool:
        """See `Listener`."""
        return self._listener.wants_stop()

    def ends(self) -> None:
        """See `Listener`."""
        self._listener.ends()

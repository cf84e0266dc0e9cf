"""A network in the light runtime, in a process of its own: should its file end that process, this one goes on."""

import io
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.classifiers.classifier import Classifier
from kaggle_digits.errors import RunError

_MOST_BYTES = 1 << 30
_PATIENCE = 120.0  # seconds for an answer, or to start
_AT_ONCE = 1024  # images: a network that takes longer for them is of no use


class LiteProcess:
    """A network that is asked through a pipe.

    Args:
        path: of a .tflite file.
        reason: why it is not loaded here, for the sentence should it not be loaded there either.

    Raises:
        RunError: it is not a model.
    """

    def __init__(self, path: Path, reason: str) -> None:
        self._path = path
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", f"{__package__}.lite", str(path.resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        weakref.finalize(self, _end, self._process)
        with self._deadline():
            started = _receive(self._process.stdout)
        if started is None:
            raise RunError(f"{path} is not a model that can be loaded ({reason}). Train again.")

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See `Classifier.probabilities`."""
        return np.concatenate(
            [self._ask(images[start : start + _AT_ONCE]) for start in range(0, len(images), _AT_ONCE)]
        )

    def _ask(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        try:
            with self._deadline():
                _send(self._process.stdin, images)
                answers = _receive(self._process.stdout)
        except (OSError, ValueError):
            answers = None
        if answers is None:
            raise RunError(f"{self._path} ended the process that asked it, or never answered. Train again.")
        return answers.astype(np.float32)

    @contextmanager
    def _deadline(self) -> Iterator[None]:
        """Ends the process should it take too long, so that nobody waits for it any more."""
        timer = threading.Timer(_PATIENCE, self._process.kill)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


def _send(pipe: Any, array: NDArray[Any]) -> None:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    pipe.write(len(buffer.getvalue()).to_bytes(8, "little") + buffer.getvalue())
    pipe.flush()


def _receive(pipe: IO[bytes] | None) -> NDArray[Any] | None:
    """The next array; None where nobody writes any more."""
    head = pipe.read(8) if pipe is not None else b""
    size = int.from_bytes(head, "little")
    content = pipe.read(size) if pipe is not None and len(head) == 8 and size <= _MOST_BYTES else b""
    if not content or len(content) < size:
        return None
    array: NDArray[Any] = np.load(io.BytesIO(content), allow_pickle=False)
    return array


def answer(network: Classifier) -> None:
    """Answers the arrays that come on standard input, until that ends: what the other process does."""
    _send(sys.stdout.buffer, np.zeros(0))
    while (images := _receive(sys.stdin.buffer)) is not None:
        _send(sys.stdout.buffer, network.probabilities(images))

"""Keras, brought up without a word on the user's terminal."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def load_keras() -> Any:
    """Imports Keras and its backend, and lets the backend find its devices, in silence.

    TensorFlow tells of oneDNN and of missing CUDA drivers from C++ before its own logger has a level to obey, so the
    only way to keep that from the user is to close standard error meanwhile. What goes wrong still surfaces, as a
    Python exception.

    Returns:
        The module `keras`.
    """
    if "keras" in sys.modules:
        return sys.modules["keras"]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _standard_error_closed():
        import keras

        keras.ops.zeros(1)
    return keras


@contextmanager
def _standard_error_closed() -> Iterator[None]:
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)

"""Keras and the library that it computes with, brought up without a word on the user's terminal."""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kaggle_digits.machine import usable_cores


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Closes standard error for the block, for C++ libraries that write to it without asking Python."""
    sys.stderr.flush()
    kept = os.dup(2)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)


def load_keras() -> Any:
    """Imports Keras and its backend, and lets the backend find its devices, in silence.

    TensorFlow tells of oneDNN and of missing CUDA drivers from C++ before its own logger has a level to obey, so the
    only way to keep that from the user is to close standard error meanwhile.

    Returns:
        The module `keras`.
    """
    if "keras" in sys.modules:
        return sys.modules["keras"]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with silenced():
        import keras

        _limit_threads(keras)
        keras.ops.zeros(1)
    # In a notebook, TensorFlow turns its Python log up while it is imported, so it is turned down afterwards.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    return keras


def has_gpu(keras: Any) -> bool:
    """Whether Keras's backend computes on a graphics card.

    Args:
        keras: the module.
    """
    if keras.backend.backend() == "torch":  # for which keras.distribution has nothing
        import torch

        return bool(torch.cuda.is_available())
    return any("gpu" in str(device).lower() for device in keras.distribution.list_devices())


def _limit_threads(keras: Any) -> None:
    """TensorFlow counts the machine's cores; in a container with a CPU limit, threads beyond it would only wait."""
    if keras.backend.backend() == "tensorflow" and usable_cores() < (os.cpu_count() or 1):
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(usable_cores())
        tensorflow.config.threading.set_inter_op_parallelism_threads(usable_cores())

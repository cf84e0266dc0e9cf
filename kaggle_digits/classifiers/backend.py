"""Keras, brought up without a word on the user's terminal."""

import logging
import os
import sys
from typing import Any

from kaggle_digits.classifiers.silence import silenced
from kaggle_digits.machine import usable_cores


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


def _limit_threads(keras: Any) -> None:
    """TensorFlow counts the machine's cores; in a container with a CPU limit, threads beyond it would only wait."""
    if keras.backend.backend() == "tensorflow" and usable_cores() < (os.cpu_count() or 1):
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(usable_cores())
        tensorflow.config.threading.set_inter_op_parallelism_threads(usable_cores())


def has_gpu(keras: Any) -> bool:
    """Whether Keras's backend computes on a graphics card.

    Args:
        keras: the module.
    """
    return any("gpu" in str(device).lower() for device in keras.distribution.list_devices())

"""Keras, brought up without a word on the user's terminal."""

import logging
import os
import sys
from typing import Any

from kaggle_digits.classifiers.silence import silenced


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

        keras.ops.zeros(1)
    # In a notebook, TensorFlow turns its Python log up while it is imported, so it is turned down afterwards.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    return keras


def usable_cores() -> int:
    """Processor cores that this process may use, which in a container can be fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

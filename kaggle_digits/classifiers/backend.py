"""Keras, brought up without a word on the user's terminal."""

import logging
import math
import os
import sys
from pathlib import Path
from typing import Any

from kaggle_digits.classifiers.silence import silenced

_GROUPS = Path("/sys/fs/cgroup")


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


def usable_cores(groups: Path = _GROUPS) -> int:
    """Processor cores that this process may use: in a container, or under a batch system, fewer than there are.

    Args:
        groups: where Linux shows the limits of control groups, of either version.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    share = _share_of_time(groups)
    return cores if share is None else max(1, min(cores, math.ceil(share)))


def _share_of_time(groups: Path) -> float | None:
    """How many cores' time a container may use, such as 1.5 (`docker run --cpus 1.5`); None where it has no limit."""
    try:
        quota, period = (groups / "cpu.max").read_text().split()
    except (OSError, ValueError):
        try:
            quota, period = ((groups / "cpu" / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        except OSError:
            return None
    try:
        share = float(quota) / float(period)
    except (ValueError, ZeroDivisionError):  # "max" is no limit
        return None
    return share if share > 0 else None  # -1 is no limit, too

"""Keras and the library that it computes with, brought up without a word on the user's terminal."""

import atexit
import contextlib
import gc
import importlib.util
import json
import logging
import os
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kaggle_digits import extras
from kaggle_digits.errors import DigitsError
from kaggle_digits.machine import usable_cores

_SETTING = "KERAS_BACKEND"
_BACKENDS = ("tensorflow", "jax", "torch")
_SPARING = "KDIGITS_SPARE_IMPORTS"
"""Set by the command line, whose processes are ours alone: then Keras loads without what it hardly uses.

`keras.wrappers` and `keras.visualization` do not work there. It saves 1.4 of 4.1 s of CPU and 115 MB (Keras 3.15). And
Python's garbage collector then leaves alone what was imported, even at the end, where it takes a second to look at it.
"""
_UNUSED = ("sklearn", "pandas", "matplotlib", "IPython", "jax")


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Closes standard error for the block, for C++ libraries that write to it without asking Python.

    What Python itself prints there goes nowhere either: older releases of Keras tell of every file that they write.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            with contextlib.redirect_stdout(nowhere):
                yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)


@contextlib.contextmanager
def _withheld(*names: str) -> Iterator[None]:
    """Lets imports of these fail in the block, as if they were not installed; what is loaded already stays."""
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None there makes an import fail
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Imports make hundreds of thousands of objects and no garbage: looking for it is a quarter of their time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def load_keras(whole: bool = False) -> Any:
    """Imports Keras and its backend, and lets the backend find its devices, in silence.

    TensorFlow tells of oneDNN and of missing CUDA drivers from C++ before its own logger has a level to obey, so the
    only way to keep that from the user is to close standard error meanwhile.

    Args:
        whole: with all that Keras imports, whatever KDIGITS_SPARE_IMPORTS says, for a user's own code.

    Returns:
        The module `keras`.

    Raises:
        DigitsError: the environment variable KERAS_BACKEND names a library that is not installed, or cannot train.
    """
    if "keras" in sys.modules:
        return sys.modules["keras"]
    chosen = os.environ.get(_SETTING) or _configured()
    _check_backend(chosen)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    ours_alone = bool(os.environ.get(_SPARING))
    spared = [name for name in _UNUSED if name != chosen] if ours_alone and not whole else []
    with silenced(), _uncollected(), _withheld(*spared):
        import keras

        _limit_threads(keras)
        keras.ops.zeros(1)
    # In a notebook, TensorFlow turns its Python log up while it is imported, so it is turned down afterwards.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    if ours_alone:
        gc.freeze()
        atexit.register(gc.freeze)
    return keras


def _configured() -> str:
    """What Keras's own file of settings names where the environment does not."""
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        return str(json.loads((home / "keras.json").read_text(encoding="utf-8"))["backend"])
    except (OSError, ValueError, LookupError, TypeError):
        return "tensorflow"


def _check_backend(name: str) -> None:
    if name not in _BACKENDS:
        known = ", ".join(_BACKENDS)
        raise DigitsError(f"Keras cannot train with {name!r}, which {_SETTING} names. Set it to one of: {known}.")
    if importlib.util.find_spec(name) is None:
        line = extras.install_line(name)
        raise DigitsError(f"{name} is not installed, which {_SETTING} names. Set it to tensorflow, or install: {line}")


def has_gpu(keras: Any) -> bool:
    """Whether Keras's backend computes on a graphics card.

    Args:
        keras: the module.
    """
    if keras.backend.backend() == "torch":  # for which keras.distribution has nothing
        import torch

        return bool(torch.cuda.is_available())
    return any("gpu" in str(device).lower() for device in keras.distribution.list_devices())


def seed_dropout(keras: Any, *seed: int) -> None:
    """Seeds PyTorch's own random generator, which Keras's dropout uses there: no checkpoint has its state.

    Args:
        keras: the module.
        *seed: numbers, 0 or above; other backends have the state of dropout among the network's variables.
    """
    if keras.backend.backend() == "torch":
        import torch

        torch.manual_seed(zlib.crc32(repr(seed).encode()))


def _limit_threads(keras: Any) -> None:
    """TensorFlow counts the machine's cores; in a container with a CPU limit, threads beyond it would only wait."""
    if keras.backend.backend() == "tensorflow" and usable_cores() < (os.cpu_count() or 1):
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(usable_cores())
        tensorflow.config.threading.set_inter_op_parallelism_threads(usable_cores())

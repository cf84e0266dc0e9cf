"""Whether this machine multiplies faster in 16 bits."""

import time
from functools import cache
from pathlib import Path
from typing import Any

from kaggle_digits.backend import has_gpu
from kaggle_digits.recipes import Precision

# bfloat16 must win clearly: part of every step stays in float32, and converting between the two costs time as well.
_WORTH_IT = 0.8
_REPEATS = 10
_CPU_INFO = Path("/proc/cpuinfo")
_FAST = ("amx_bf16", "avx512_bf16")


def choose(keras: Any, wanted: Precision) -> Precision:
    """The precision to compute in; weights, the last layer and the loss are float32 in any case.

    Args:
        keras: the module.
        wanted: `auto` measures, which takes a few hundredths of a second; anything else is the answer already.

    Returns:
        `float32` or `bfloat16`.
    """
    if wanted != "auto":
        return wanted
    if not has_gpu(keras) and not _may_pay():
        return "float32"
    return "bfloat16" if _bfloat16_pays(keras) else "float32"


def instructions() -> list[str] | None:
    """The processor's instructions that multiply in bfloat16, by Linux's names; None where nobody tells."""
    try:
        text = _CPU_INFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return [name for name in _FAST if name in text] if "flags" in text else None


def _may_pay() -> bool:
    """False where only the processor computes and emulates bfloat16, which would make even the measurement slow."""
    return instructions() != []


@cache
def _bfloat16_pays(keras: Any) -> bool:
    """Measured once a process: all members of a committee are computed in the same way."""
    half, full = _seconds(keras, "bfloat16", "float32")
    return half < _WORTH_IT * full


def _seconds(keras: Any, *dtypes: str) -> list[float]:
    """What a convolution of usual size takes in each of them, at best; by turns, so that a noisy moment hits all."""
    ops = keras.ops
    best = [float("inf")] * len(dtypes)
    for turn in range(_REPEATS + 1):
        for place, dtype in enumerate(dtypes):
            images, kernel = ops.ones((128, 14, 14, 32), dtype), ops.ones((3, 3, 32, 64), dtype)
            began = time.perf_counter()
            # Fetching one number waits for all of them.
            ops.convert_to_numpy(ops.cast(ops.sum(ops.conv(images, kernel, padding="same")), "float32"))
            if turn > 0:  # the first one also prepares
                best[place] = min(best[place], time.perf_counter() - began)
    return best

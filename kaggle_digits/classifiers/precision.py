"""Whether this machine multiplies faster in 16 bits."""

import math
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
    """The precision to compute in, `float32` or `bfloat16`; weights, last layer and loss are float32 in any case.

    Args:
        keras: the module.
        wanted: `auto` measures, which takes a few hundredths of a second; anything else is the answer already.
    """
    if wanted != "auto":
        return wanted
    # A processor that only emulates bfloat16 would make even the measurement slow.
    may_pay = has_gpu(keras) or instructions() != []
    return "bfloat16" if may_pay and _bfloat16_pays(keras) else "float32"


def instructions() -> list[str] | None:
    """The processor's instructions that multiply in bfloat16, by Linux's names; None where nobody tells."""
    try:
        text = _CPU_INFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return [name for name in _FAST if name in text] if "flags" in text else None


@cache
def _bfloat16_pays(keras: Any) -> bool:
    """By what a convolution of usual size takes in each, at best, by turns, so that a noisy moment hits both.

    Measured once a process: all members of a committee are computed in the same way.
    """
    ops, best = keras.ops, {"bfloat16": math.inf, "float32": math.inf}
    for turn in range(_REPEATS + 1):
        for dtype in best:
            images, kernel = ops.ones((128, 14, 14, 32), dtype), ops.ones((3, 3, 32, 64), dtype)
            began = time.perf_counter()
            # Fetching one number waits for all of them.
            ops.convert_to_numpy(ops.cast(ops.sum(ops.conv(images, kernel, padding="same")), "float32"))
            if turn > 0:  # the first one also prepares
                best[dtype] = min(best[dtype], time.perf_counter() - began)
    return best["bfloat16"] < _WORTH_IT * best["float32"]

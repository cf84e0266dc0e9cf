"""What this process may use of the machine: in a container, or under a batch system, less than there is."""

import ctypes
import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

SETTING = "KDIGITS_CORES"
"""The environment variable with the most cores to use; unset, all that there are."""

_GROUPS = Path("/sys/fs/cgroup")
_MEMORY_INFO = Path("/proc/meminfo")
# Of both versions of control groups. The older one has no word for no limit, but a number larger than any memory.
_MEMORY_LIMITS = (
    ("memory.max", "memory.current"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
)


def usable_cores(groups: Path = _GROUPS) -> int:
    """Processor cores that this process may use.

    Args:
        groups: where Linux shows the limits of control groups, of either version.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    share = _share_of_time(groups)
    limits = [cores if share is None else math.ceil(share)]
    with suppress(KeyError, ValueError):
        limits.append(int(os.environ[SETTING]))
    return max(1, min(cores, *limits))


def free_memory(groups: Path = _GROUPS) -> float | None:
    """Bytes that this process may still take; None where nobody tells.

    Args:
        groups: where Linux shows the limits of control groups, of either version.
    """
    return min([*_system_memory(), *_container_memory(groups)], default=None)


def give_back() -> None:
    """Gives the system memory that was freed, but lies between smaller things in use: the C library of Linux keeps it.

    Worth its hundredths of a second after work that takes much memory in small parts, such as TensorFlow's tracing.
    """
    with suppress(OSError, AttributeError, TypeError):  # other libraries have no such function
        ctypes.CDLL(None).malloc_trim(0)


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


def _system_memory() -> Iterator[float]:
    with suppress(OSError, ValueError, IndexError):
        text = _MEMORY_INFO.read_text()
        yield 1024.0 * int(text.split("MemAvailable:")[1].split()[0])
        return
    with suppress(OSError, ValueError, AttributeError):
        yield float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def _container_memory(groups: Path) -> Iterator[float]:
    for limit, taken in _MEMORY_LIMITS:
        with suppress(OSError, ValueError):  # "max" is no limit
            yield float((groups / limit).read_text()) - float((groups / taken).read_text())

"""Memory that goes back to the system: GNU's allocator, which Linux has, keeps what large pictures took otherwise."""

import ctypes
import gc
import sys
from contextlib import suppress

_MMAP_THRESHOLD = -3  # from malloc.h
_LARGE = 1 << 18  # bytes; blocks from here on are mapped by themselves, and unmapped as soon as they are free


def keep_little() -> None:
    """Once, before anything large: large blocks go back at once. Without this, the allocator learns to keep them."""
    _call("mallopt", _MMAP_THRESHOLD, _LARGE)
    # The command line collects garbage rarely. A server's may hold pictures; what was imported is none.
    gc.freeze()
    gc.set_threshold(700, 10, 10)


def give_back() -> None:
    """Now and then: what is free goes back."""
    _call("malloc_trim", 0)


def _call(function: str, *numbers: int) -> None:
    """Calls the C library, where it is GNU's."""
    if sys.platform.startswith("linux"):
        with suppress(AttributeError):
            getattr(ctypes.CDLL(None), function)(*numbers)

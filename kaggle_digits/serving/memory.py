"""A server's memory: GNU's allocator, which Linux has, would learn to keep what large pictures took."""

import ctypes
import gc
import sys
from contextlib import suppress

_MMAP_THRESHOLD = -3  # from malloc.h
_LARGE = 1 << 18  # bytes; blocks from here on are mapped by themselves, and unmapped as soon as they are free


def keep_little() -> None:
    """Once, before anything large: large blocks go back at once. Without this, the allocator learns to keep them."""
    if sys.platform.startswith("linux"):
        with suppress(AttributeError):  # another C library
            ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE)
    # The command line collects garbage rarely. A server's may hold pictures; what was imported is none.
    gc.freeze()
    gc.set_threshold(700, 10, 10)

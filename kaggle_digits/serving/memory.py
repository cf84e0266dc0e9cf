"""Memory that goes back to the system: GNU's allocator, which Linux has, keeps what large pictures took otherwise."""

import ctypes
import sys

_MMAP_THRESHOLD = -3  # from malloc.h
_LARGE = 1 << 18  # bytes; blocks from here on are mapped by themselves, and unmapped as soon as they are free


def keep_little() -> None:
    """Once, before anything large: large blocks go back at once. Without this, the allocator learns to keep them."""
    if libc := _libc():
        libc.mallopt(_MMAP_THRESHOLD, _LARGE)


def give_back() -> None:
    """Now and then: what is free goes back."""
    if libc := _libc():
        libc.malloc_trim(0)


def _libc() -> ctypes.CDLL | None:
    """The C library, where it is GNU's."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") else None

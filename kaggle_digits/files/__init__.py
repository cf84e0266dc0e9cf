"""Files that are whole or not there, locks, checksums, and zips from strangers."""

__all__ = ["archive", "conforming", "disk", "locks", "storage"]

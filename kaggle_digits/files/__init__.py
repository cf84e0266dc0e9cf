"""Files that are whole or not there, locks, checksums, and zips from strangers."""

__all__ = ["archive", "digit_recognizer", "disk", "locks", "storage"]

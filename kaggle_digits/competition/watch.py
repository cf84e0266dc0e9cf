"""What can be seen of a call to Kaggle while it lasts."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kaggle_digits.competition import answers
from kaggle_digits.errors import CompetitionError

Progress = Callable[[int, int | None], None]
"""Is told how many bytes have arrived, and how many there will be, or None where nobody says."""

_LARGEST_DOWNLOAD = 1 << 30


def ignore_progress(_done: int, _total: int | None) -> None:
    """Shows nothing."""


class Watch:
    """A call of which nothing can be seen but the events that the child process tells.

    Attributes:
        events: those told so far, oldest first.
    """

    def __init__(self) -> None:
        self.events: list[Mapping[str, Any]] = []

    def hear(self, event: Mapping[str, Any]) -> None:
        """Is told each event."""
        self.events.append(event)

    def moved(self) -> bool:
        """Whether the call got further since this was last asked."""
        return False

    def given_up(self, seconds: float) -> CompetitionError:
        """The error to raise when nothing moved for so many seconds."""
        return answers.silence(seconds)


class Download(Watch):
    """A call that makes a file grow.

    Args:
        path: the file.
        on_progress: is told each growth.
    """

    def __init__(self, path: Path, on_progress: Progress) -> None:
        super().__init__()
        self._path = path
        self._on_progress = on_progress
        self._done = 0

    def hear(self, event: Mapping[str, Any]) -> None:
        super().hear(event)
        free = shutil.disk_usage(self._path.parent).free
        if (self._total or 0) > free:
            raise answers.no_room(self._path.parent, self._total or 0, free)
        self._on_progress(self._done, self._total)

    def moved(self) -> bool:
        size = self._path.stat().st_size if self._path.exists() else 0
        if size == self._done:
            return False
        if size > _LARGEST_DOWNLOAD:
            raise CompetitionError(
                f"Kaggle sends more than {_LARGEST_DOWNLOAD:,} bytes, which cannot be the digits. "
                "Correct KDIGITS_COMPETITION, or leave it out."
            )
        self._done = size
        self._on_progress(size, self._total)
        return True

    def given_up(self, seconds: float) -> CompetitionError:
        return answers.stall(seconds, self._done) if self._done else answers.silence(seconds)

    @property
    def _total(self) -> int | None:
        return self.events[-1]["bytes"] if self.events else None

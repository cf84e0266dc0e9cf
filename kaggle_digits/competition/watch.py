"""What can be seen of a call to Kaggle while it lasts."""

import shutil
from collections.abc import Callable
from pathlib import Path

from kaggle_digits.competition import messages
from kaggle_digits.competition.replies import Event, Size, Uploaded
from kaggle_digits.errors import CompetitionError

OnProgress = Callable[[int, int | None], None]
"""Gets how many bytes have arrived, and how many there will be, or None where nobody says."""

_LARGEST_DOWNLOAD = 1 << 30


def ignore_progress(_done: int, _total: int | None) -> None:
    """Shows nothing."""


class Watch:
    """A call of which nothing can be seen but the events that the client's process reports.

    Attributes:
        uploaded: whether the file of a submission has arrived.
    """

    uploaded = False

    def hear(self, event: Event) -> None:
        """Gets each event."""
        self.uploaded = self.uploaded or isinstance(event, Uploaded)

    def moved(self) -> bool:
        """Whether the call got further since this was last asked."""
        return False

    def given_up(self, seconds: float) -> CompetitionError:
        """The error to raise when nothing moved for so many seconds."""
        return messages.silence(seconds)


class Download(Watch):
    """A call that makes a file grow.

    Args:
        path: the file.
        on_progress: gets each growth.
    """

    def __init__(self, path: Path, on_progress: OnProgress) -> None:
        self._path = path
        self._on_progress = on_progress
        self._done = 0
        self._total: int | None = None

    def hear(self, event: Event) -> None:
        """A download begins; it may be too large."""
        if isinstance(event, Size):
            self._total = event.bytes
            free = shutil.disk_usage(self._path.parent).free
            if (self._total or 0) > free:
                raise messages.no_room(self._path.parent, self._total or 0, free)
            self._on_progress(self._done, self._total)

    def moved(self) -> bool:
        """Whether the file has grown."""
        size = self._path.stat().st_size if self._path.exists() else 0
        if size == self._done:
            return False
        if size > _LARGEST_DOWNLOAD:
            raise messages.endless(_LARGEST_DOWNLOAD)
        self._done = size
        self._on_progress(size, self._total)
        return True

    def given_up(self, seconds: float) -> CompetitionError:
        """As `Watch`, with what had arrived."""
        return messages.stall(seconds, self._done) if self._done else messages.silence(seconds)

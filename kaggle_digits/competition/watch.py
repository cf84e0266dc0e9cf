"""What can be seen of a call to Kaggle while it lasts, and whether it is getting anywhere."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from kaggle_digits.competition.replies import Event, Size, Uploaded
from kaggle_digits.errors import CompetitionError, ConnectionLostError
from kaggle_digits.files import archive

OnProgress = Callable[[int, int | None], None]
"""Gets how many bytes have arrived, and how many there will be, or None where nobody says."""

_USUAL_PATIENCE = 60.0  # seconds
_LEAST_RATE = 20_000.0  # bytes a second, with the usual patience; who has more patience needs less
_LONGEST_PATIENCE = 86_400.0
_LARGEST_DOWNLOAD = 1 << 30
_SIZE_UNKNOWN = 1 << 26
_ADVICE = "Try again later; on a slow connection, allow it more: KDIGITS_TIMEOUT=300."


def ignore_progress(_done: int, _total: int | None) -> None:
    """Shows nothing."""


def patience_in(environment: Mapping[str, str]) -> float:
    """Seconds without a sign of life after which Kaggle is given up; raises where KDIGITS_TIMEOUT makes no sense."""
    text = environment.get("KDIGITS_TIMEOUT", str(_USUAL_PATIENCE))
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST_PATIENCE:
        raise CompetitionError(
            f"KDIGITS_TIMEOUT must be a number of seconds above 0 and at most {_LONGEST_PATIENCE:.0f}. "
            f"Received: {text!r}."
        )
    return seconds


def least_rate(patience: float) -> float:
    """Bytes a second that a transfer must reach where Kaggle has so many seconds for a sign of life."""
    return _LEAST_RATE * min(1.0, _USUAL_PATIENCE / patience)


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
        return ConnectionLostError(f"Kaggle did not answer within {round(seconds, 1):g} seconds. {_ADVICE}")


class Download(Watch):
    """A call that makes a file grow: fast enough over every window of `patience` seconds, and done by a deadline."""

    def __init__(self, path: Path, on_progress: OnProgress, patience: float) -> None:
        self._path, self._on_progress, self._patience = path, on_progress, patience
        self._rate = least_rate(patience)
        self._done = 0
        self._total: int | None = None
        # When the bytes began to come, when the window at hand began, and what had arrived by then.
        self._began = self._window = time.monotonic()
        self._before: int | None = None

    def hear(self, event: Event) -> None:
        """A download begins; raises StorageError if it is too large for the disk."""
        if isinstance(event, Size):
            self._total = event.bytes
            archive.check_room(self._path.parent, self._total or 0)
            self._began = self._window = time.monotonic()
            self._before = self._done
            self._on_progress(self._done, self._total)

    def moved(self) -> bool:
        """Whether the file has grown; raises CompetitionError where it grows too slowly, or without end."""
        size = self._path.stat().st_size if self._path.exists() else 0
        if size > _LARGEST_DOWNLOAD:
            raise CompetitionError(
                f"Kaggle sends more than {_LARGEST_DOWNLOAD:,} bytes, which cannot be the digits. "
                "Correct KDIGITS_COMPETITION, or leave it out."
            )
        grown, self._done = size != self._done, size
        if grown:
            self._on_progress(size, self._total)
        self._check_rate(grown)
        return grown

    def given_up(self, seconds: float) -> CompetitionError:
        """As `Watch`, with what had arrived."""
        if not self._done:
            return super().given_up(seconds)
        return ConnectionLostError(
            f"the download stopped after {self._done / 1e6:,.1f} MB: nothing came for {round(seconds, 1):g} seconds. "
            f"{_ADVICE}"
        )

    def _check_rate(self, grown: bool) -> None:
        now = time.monotonic()
        if self._before is None or self._done == self._total:
            return
        # What has stopped altogether is the silence's business.
        is_over = grown and now - self._window >= self._patience
        is_slow = is_over and self._done - self._before < self._rate * (now - self._window)
        if is_over:
            self._window, self._before = now, self._done
        if is_slow or now - self._began > 2 * self._patience + (self._total or _SIZE_UNKNOWN) / self._rate:
            of = f" of {self._total / 1e6:,.2f}" if self._total else ""
            raise ConnectionLostError(
                f"the download is too slow: {self._done / 1e6:,.2f}{of} MB came in {now - self._began:.0f} seconds, "
                f"and less than {self._rate / 1e3:,.3g} kB a second is given up. {_ADVICE}"
            )

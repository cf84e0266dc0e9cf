"""Waiting for the end of a kernel."""

import time
from collections.abc import Callable

from kaggle_digits.competition import kernels
from kaggle_digits.competition.client import Kaggle
from kaggle_digits.competition.kernels import State
from kaggle_digits.errors import BusyError, CompetitionError, ConnectionLostError

# In minutes: pauses between two questions from 5 seconds to half a minute; an hour in the queue; 12.5 hours of running,
# of which Kaggle itself allows 12; 10 minutes without the network, or until a new kernel is known.
_FIRST_PAUSE, _LONGEST_PAUSE, _GROWTH = 1 / 12, 1 / 2, 1.3
_LONGEST = {"queued": 60.0, "running": 750.0}
_LONGEST_DARKNESS = 10.0


class NotFinishedError(CompetitionError):
    """A kernel did not come to its end while it was waited for; it may still do so."""


class FailedError(CompetitionError):
    """A kernel came to a bad end."""


def follow(
    kaggle: Kaggle,
    kernel: str,
    on_change: Callable[[State], None] = lambda _state: None,
    minute_s: float | None = None,
) -> None:
    """Asks for a kernel's state, less and less often, until it is complete.

    Trouble with the network, or Kaggle being busy, only costs time. Hours in which this machine sleeps do not count.

    Args:
        kaggle: where to ask.
        kernel: `account/name`.
        on_change: is told of every new state.
        minute_s: seconds that count as a minute of waiting; by default Kaggle's patience, which is 60.

    Raises:
        NotFinishedError: it waited in the queue, or ran, for too long, or Kaggle was silent for too long.
        FailedError: it ended in an error, or was cancelled.
        CompetitionError: Kaggle said no.
    """
    minute = kaggle.patience if minute_s is None else minute_s
    before, since, pause = State("", ""), time.monotonic(), _FIRST_PAUSE * minute
    heard = since
    while True:
        state, least, trouble = _look(kaggle, kernel)
        now = time.monotonic()
        if state is not None:
            heard = now
            if state != before:
                before, since = state, now
                on_change(state)
        if before.status == "complete":
            return
        if before.status in ("error", "cancelled"):
            raise _failed(kaggle, kernel, before)
        if now - heard > _LONGEST_DARKNESS * minute:
            raise NotFinishedError(f"nothing was heard of {kernels.address(kernel)} for long: {trouble}")
        if now - since > _LONGEST.get(before.status, _LONGEST_DARKNESS) * minute:
            raise NotFinishedError(f"{kernels.address(kernel)} is still {before.status}, after {now - since:,.0f} s.")
        time.sleep(max(pause, least))
        pause = min(pause * _GROWTH, _LONGEST_PAUSE * minute)


def _look(kaggle: Kaggle, kernel: str) -> tuple[State | None, float, str]:
    """The state, or None if it cannot be seen now; the seconds that Kaggle asks to wait; and why."""
    try:
        return kernels.state(kaggle, kernel), 0.0, "Kaggle knows of no such kernel (any more)."
    except ConnectionLostError as error:
        return None, 0.0, str(error)
    except BusyError as error:
        return None, error.retry_after or 0.0, str(error)


def _failed(kaggle: Kaggle, kernel: str, state: State) -> FailedError:
    page = kernels.address(kernel)
    if state.status == "cancelled":
        return FailedError(f"the training was stopped on Kaggle, see {page}. Begin anew: kaggle-digits train.")
    try:
        words = kernels.last_words(kaggle, kernel)
    except CompetitionError:
        words = ""
    said = words or state.message or "nothing"
    return FailedError(f"the training failed on Kaggle. Its last words: “{said}”. The whole log is at {page}.")

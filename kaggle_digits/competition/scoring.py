"""Waiting for the score of a submission."""

import time
from collections.abc import Callable

from kaggle_digits.competition import answers
from kaggle_digits.competition.client import Kaggle, Submission
from kaggle_digits.errors import BusyError, ConnectionLostError

_LONGEST_DELAY = 30.0
_GROWTH = 1.5


def wait_for_score(
    kaggle: Kaggle,
    ref: int,
    *,
    deadline_s: float = 600.0,
    first_delay_s: float = 2.0,
    on_wait: Callable[[float], None] = lambda _seconds: None,
) -> Submission:
    """Asks for a submission's score, less and less often, until it is there.

    Trouble with the network, or Kaggle being busy, only costs time.

    Args:
        kaggle: where to ask.
        ref: Kaggle's number for the submission.
        deadline_s: seconds after which this gives up.
        first_delay_s: seconds between the first two questions; each later pause is longer, up to 30 seconds.
        on_wait: is told before each pause how many seconds have passed.

    Returns:
        The submission, complete.

    Raises:
        CompetitionError: Kaggle could not score it, or not in time.
    """
    started, delay = time.monotonic(), first_delay_s
    while True:
        submission, least = _look(kaggle, ref)
        if submission is not None and submission.status == "error":
            raise answers.not_scored(kaggle.slug, submission.error)
        if submission is not None and submission.status == "complete":
            return submission
        passed, pause = time.monotonic() - started, max(delay, least)
        if passed + pause > deadline_s:
            raise answers.score_late(kaggle.slug, ref, deadline_s)
        on_wait(passed)
        time.sleep(pause)
        delay = min(delay * _GROWTH, _LONGEST_DELAY)


def _look(kaggle: Kaggle, ref: int) -> tuple[Submission | None, float]:
    """The submission, or None if it cannot be seen now, and the seconds that Kaggle asks to wait."""
    try:
        listed = kaggle.submissions()
    except ConnectionLostError:
        return None, 0.0
    except BusyError as error:
        return None, error.retry_after or 0.0
    return next((one for one in listed if one.ref == ref), None), 0.0

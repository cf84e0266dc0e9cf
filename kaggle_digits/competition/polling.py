"""Asking again and again, for what takes Kaggle minutes or hours."""

import math
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from kaggle_digits.errors import ConnectionLostError, KaggleBusyError

_GROWTH = 1.4

_Answer = TypeVar("_Answer")


def poll(
    ask: Callable[[], _Answer], first_pause: float, longest_pause: float, deadline_s: float = math.inf
) -> Iterator[tuple[_Answer | None, str]]:
    """Answers to one question that is put less and less often, each with the trouble that there was.

    Where Kaggle is busy or cannot be reached, the answer is None, and the trouble says so in a sentence. Pauses grow
    from the first to the longest, in seconds, unless Kaggle asks to wait longer; after the deadline, all is over.

    Raises:
        CompetitionError: Kaggle said no.
    """
    started, pause = time.monotonic(), first_pause
    while True:
        wish, trouble, answer = 0.0, "", None
        try:
            answer = ask()
        except ConnectionLostError as error:
            trouble = str(error)
        except KaggleBusyError as error:
            wish, trouble = error.retry_after or 0.0, str(error)
        yield answer, trouble
        if time.monotonic() - started + max(pause, wish) > deadline_s:
            return
        time.sleep(max(pause, wish))
        pause = min(pause * _GROWTH, longest_pause)

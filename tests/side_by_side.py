"""What tests of members that are trained side by side, by processes or by a cluster, have in common."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from small import answers, submission

from kaggle_digits.runs import Listener, Run


class Notes(Listener):
    """Collects what is told, and does something once: at the first line with these words."""

    def __init__(self, action: Callable[[], object] = lambda: None, at: str = "") -> None:
        self.lines: list[str] = []
        self._action, self._at, self._lock, self._done = action, at, threading.Lock(), False

    def note(self, text: str) -> None:
        with self._lock:  # processes tell of their epochs at the same time
            self.lines.append(text)
            is_time = not self._done and bool(self._at) and self._at in text
            self._done = self._done or is_time
        if is_time:
            self._action()


def children() -> list[Any]:
    """The processes below this one that train a member."""
    psutil = pytest.importorskip("psutil")

    def words(process: Any) -> list[str]:
        try:
            return list(process.cmdline())
        except psutil.Error:
            return []

    below = psutil.Process().children(recursive=True)
    return [one for one in below if one.is_running() and "kaggle_digits.training.member" in words(one)]


def same(one: Run, other: Run) -> None:
    """Two trainings have given the same, but for the last digits."""
    assert np.abs(answers(one) - answers(other)).max() < 1e-4
    assert submission(one) == submission(other)
    assert sorted(path.name for path in one.path.iterdir()) == sorted(path.name for path in other.path.iterdir())

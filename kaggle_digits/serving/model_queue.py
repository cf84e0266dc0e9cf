"""Questions wait for the one model here: the small ones first, and none whose client has left."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from kaggle_digits.serving import memory

MOST_WAITING = 64
"""Questions; more are refused."""

MOST_PIXELS_WAITING = 50_000_000
"""In all pictures that wait; more are refused."""

PATIENCE = 10.0
"""Seconds after which a large question comes before small ones."""

_MANY_PIXELS = 1_000_000  # of a question after which memory is worth giving back

Result = TypeVar("Result")


class QueueFullError(Exception):
    """Too many are waiting already."""


@dataclass(frozen=True, eq=False)
class _Question:
    ask: Callable[[], Any]
    pixels: int
    since: float
    answer: asyncio.Future[Any]


class ModelQueue:
    """A thread that asks the model, and the questions that wait for it.

    Args:
        most_waiting: questions.
        most_pixels: of all questions together.
        patience: seconds after which a large question comes before small ones.
    """

    def __init__(
        self, most_waiting: int = MOST_WAITING, most_pixels: int = MOST_PIXELS_WAITING, patience: float = PATIENCE
    ) -> None:
        self._most_waiting, self._most_pixels, self._patience = most_waiting, most_pixels, patience
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="model")
        self._waiting: list[_Question] = []  # oldest first
        self._pixels = 0
        self._worker: asyncio.Task[None] | None = None

    async def ask(self, question: Callable[[], Result], pixels: int) -> Result:
        """The answer to a question, once it is its turn.

        Who is cancelled while waiting is not asked about any more.

        Args:
            question: called in the model's thread.
            pixels: that it must look at; questions of fewer come first.

        Raises:
            QueueFullError: too many questions, or pixels, are waiting already.
        """
        if len(self._waiting) >= self._most_waiting or (self._waiting and self._pixels + pixels > self._most_pixels):
            raise QueueFullError
        loop = asyncio.get_running_loop()
        entry = _Question(question, pixels, loop.time(), loop.create_future())
        self._waiting.append(entry)
        self._pixels += pixels
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        try:
            answer: Result = await entry.answer
            return answer
        finally:
            self._pixels -= pixels
            if entry in self._waiting:
                self._waiting.remove(entry)

    async def _work(self) -> None:
        """Asks until nobody waits."""
        most = 0
        while self._waiting:
            entry = self._next()
            self._waiting.remove(entry)
            most = max(most, entry.pixels)
            try:
                result = await asyncio.get_running_loop().run_in_executor(self._thread, entry.ask)
            except Exception as error:  # whatever it is, it is the asker's
                if not entry.answer.done():
                    entry.answer.set_exception(error)
            else:
                if not entry.answer.done():
                    entry.answer.set_result(result)
            if not self._waiting and most >= _MANY_PIXELS:
                most = 0
                await asyncio.get_running_loop().run_in_executor(self._thread, memory.give_back)

    def _next(self) -> _Question:
        oldest = self._waiting[0]
        if asyncio.get_running_loop().time() - oldest.since > self._patience:
            return oldest
        return min(self._waiting, key=lambda entry: entry.pixels)

    def close(self) -> None:
        """Lets the question at hand be answered, and no other one."""
        self._thread.shutdown(wait=False, cancel_futures=True)

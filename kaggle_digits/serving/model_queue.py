"""Questions wait for the one model here: the small ones first, and none whose client has left."""

import asyncio
import heapq
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from kaggle_digits.serving import memory

MOST_WAITING = 64
"""Questions; more are refused."""

MOST_PIXELS_WAITING = 50_000_000
"""In all pictures that wait; more are refused."""

_MANY_PIXELS = 1_000_000  # of a question after which memory is worth giving back

Result = TypeVar("Result")


class QueueFullError(Exception):
    """Too many are waiting already."""


class ModelQueue:
    """A thread that asks the model, and the questions that wait for it.

    Args:
        most_waiting: questions.
        most_pixels: of all questions together.
    """

    def __init__(self, most_waiting: int = MOST_WAITING, most_pixels: int = MOST_PIXELS_WAITING) -> None:
        self._most_waiting, self._most_pixels = most_waiting, most_pixels
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="model")
        self._waiting: list[tuple[int, int, Callable[[], Any], asyncio.Future[Any]]] = []
        self._numbers = itertools.count()
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
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        entry = (pixels, next(self._numbers), question, answer)
        heapq.heappush(self._waiting, entry)
        self._pixels += pixels
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        try:
            return await answer
        finally:
            self._pixels -= pixels
            if entry in self._waiting:
                self._waiting.remove(entry)
                heapq.heapify(self._waiting)

    async def _work(self) -> None:
        """Asks until nobody waits."""
        most = 0
        while self._waiting:
            pixels, _, question, answer = heapq.heappop(self._waiting)
            most = max(most, pixels)
            try:
                result = await asyncio.get_running_loop().run_in_executor(self._thread, question)
            except Exception as error:  # whatever it is, it is the asker's
                if not answer.done():
                    answer.set_exception(error)
            else:
                if not answer.done():
                    answer.set_result(result)
        if most >= _MANY_PIXELS:
            await asyncio.get_running_loop().run_in_executor(self._thread, memory.give_back)

    def close(self) -> None:
        """Lets the question at hand be answered, and no other one."""
        self._thread.shutdown(wait=False, cancel_futures=True)

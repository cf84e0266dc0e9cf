"""From bytes to answers. Questions wait for the one model: the small ones first, and none whose client has left."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from kaggle_digits import machine, predictor
from kaggle_digits.predictor import Model, Prediction
from kaggle_digits.serving import forms, pictures

_ROWS_AT_ONCE = 128  # others are answered in between
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


@dataclass(eq=False)
class ModelQueue:
    """A thread that asks the model, and the questions that wait for it.

    Attributes:
        most_waiting: questions; more are refused.
        most_pixels: of all that wait together; more are refused.
        patience: seconds after which a large question comes before small ones.
    """

    most_waiting: int = 64
    most_pixels: int = 50_000_000
    patience: float = 10.0
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "model"), init=False)
    _waiting: list[_Question] = field(default_factory=list, init=False)  # oldest first
    _pixels: int = field(default=0, init=False)
    _worker: asyncio.Task[None] | None = field(default=None, init=False)

    async def ask(self, question: Callable[[], Result], pixels: int) -> Result:
        """The answer to a question, called in the model's thread when it is its turn: those of fewer pixels come first.

        Who is cancelled while waiting is not asked about any more.

        Raises:
            QueueFullError: too many questions, or pixels, are waiting already.
        """
        if len(self._waiting) >= self.most_waiting or (self._waiting and self._pixels + pixels > self.most_pixels):
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
            asked = asyncio.get_running_loop().run_in_executor(self._thread, entry.ask)
            await asyncio.wait({asked})
            error = asked.exception()  # whatever it is, it is the asker's
            if not entry.answer.done() and error is not None:
                entry.answer.set_exception(error)
            elif not entry.answer.done():
                entry.answer.set_result(asked.result())
            if not self._waiting and most >= _MANY_PIXELS:
                most = 0
                await asyncio.get_running_loop().run_in_executor(self._thread, machine.give_back)

    def _next(self) -> _Question:
        oldest = self._waiting[0]
        if asyncio.get_running_loop().time() - oldest.since > self.patience:
            return oldest
        return min(self._waiting, key=lambda entry: entry.pixels)

    def close(self) -> None:
        """Lets the question at hand be answered, and no other one."""
        self._thread.shutdown(wait=False, cancel_futures=True)


class Asker:
    """What the requests ask: the model in its thread, and in another one what need not wait for the model.

    Args:
        model: what answers.
        adapts: whether its answers to pictures adapt to corrections.
    """

    def __init__(self, model: Model, *, adapts: bool = True) -> None:
        self.model = model
        self._adapts = adapts
        self._adapted, self._adapted_to = model, [0]
        self._queue = ModelQueue()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="checks")
        self._rows = pictures.RowDecoder(model.image_shape)

    async def read(self, content: bytes, name: str) -> Prediction:
        """What a picture says; raises what `pictures.read` and `ModelQueue.ask` raise."""
        pixels = await self._aside(lambda: pictures.pixels_of(content, name))
        return await self._queue.ask(lambda: pictures.read(self._personal(), content, name), pixels)

    def _personal(self) -> Model:
        """The model with what is corrected by now, of which the folders' times tell; in its thread."""
        if self._adapts:
            folders = sorted(predictor.CORRECTIONS.glob("[0-9]"))
            if self._adapted_to != (state := [folder.stat().st_mtime_ns for folder in folders]):
                self._adapted, self._adapted_to = predictor.personal(self.model), state
        return self._adapted

    async def label(self, content: bytes) -> list[forms.Row]:
        """What rows of pixels in JSON say; raises what `RowDecoder.images` and `ModelQueue.ask` raise."""
        images = await self._aside(lambda: self._rows.images(content))
        answers = []
        for start in range(0, len(images), _ROWS_AT_ONCE):
            some = images[start : start + _ROWS_AT_ONCE]
            question = partial(self.model.probabilities, some)
            answers += (await self._queue.ask(question, some.size)).tolist()
        labels = [shares.index(max(shares)) for shares in answers]
        return [
            forms.Row(label=label, probability=shares[label], probabilities=shares)
            for label, shares in zip(labels, answers, strict=True)
        ]

    async def keep(self, content: bytes) -> int:
        """Keeps corrected images in JSON, and counts them; raises what `label` and `keep_corrections` raise."""
        images = await self._aside(lambda: self._rows.images(content))
        label = pictures.label_of(content, self.model.classes)
        kept = partial(predictor.keep_corrections, list(images), str(label) * len(images))
        return len(await self._queue.ask(kept, images.size))  # in the thread in which the model adapts to them

    async def _aside(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """Answers nothing more."""
        self._queue.close()
        self._thread.shutdown(wait=False, cancel_futures=True)

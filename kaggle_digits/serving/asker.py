"""From bytes to answers: each step where it holds up nobody else."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from kaggle_digits.predictor import Model, Prediction
from kaggle_digits.serving import forms, pictures
from kaggle_digits.serving.model_queue import ModelQueue
from kaggle_digits.serving.pictures import RowDecoder

_ROWS_AT_ONCE = 128  # others are answered in between

Result = TypeVar("Result")


class Asker:
    """What the requests ask: the model in its thread, and in another one what need not wait for the model."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._queue = ModelQueue()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="checks")
        self._rows = RowDecoder(model.image_shape)

    async def read(self, content: bytes, name: str) -> Prediction:
        """What a picture says; raises what `pictures.read` and `ModelQueue.ask` raise."""
        pixels = await self._aside(lambda: pictures.pixels_of(content, name))
        return await self._queue.ask(lambda: pictures.read(self.model, content, name), pixels)

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

    async def _aside(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """Answers nothing more."""
        self._queue.close()
        self._thread.shutdown(wait=False, cancel_futures=True)

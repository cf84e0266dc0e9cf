"""Whose turn it is."""

import asyncio
import threading

import pytest

from kaggle_digits.serving.model_queue import ModelQueue, QueueFullError


class Model:
    """Answers one question at a time, when it may.

    Attributes:
        answered: what was asked, in order.
    """

    def __init__(self):
        self.answered = []
        self.may_answer = threading.Event()

    def asked(self, name):
        def answer():
            self.may_answer.wait(60)
            self.answered.append(name)
            return name

        return answer


def crowded(scenario, **numbers):
    """Runs a scenario of a queue and a model that has begun with a question, `first`, of no pixels."""

    async def run():
        queue, model = ModelQueue(**numbers), Model()
        first = asyncio.ensure_future(queue.ask(model.asked("first"), 0))
        await asyncio.sleep(0.01)
        try:
            await scenario(queue, model, lambda name, size: asyncio.ensure_future(queue.ask(model.asked(name), size)))
            model.may_answer.set()
            await first
            while queue._waiting:
                await asyncio.sleep(0.01)
            await queue._worker
        finally:
            model.may_answer.set()
            queue.close()
        return model.answered

    return asyncio.run(run())


def test_small_ones_come_first():
    async def scenario(_queue, _model, ask):
        for name, pixels in (("large", 900), ("small", 100), ("next", 100)):
            ask(name, pixels)
        await asyncio.sleep(0)

    assert crowded(scenario) == ["first", "small", "next", "large"]


def test_large_ones_do_not_wait_for_ever():
    async def scenario(_queue, _model, ask):
        for name, pixels in (("large", 900), ("small", 100)):
            ask(name, pixels)
        await asyncio.sleep(0.02)

    assert crowded(scenario, patience=0.0) == ["first", "large", "small"]


def test_who_has_left_is_not_asked_about():
    async def scenario(_queue, _model, ask):
        left = [ask(f"left {number}", 5) for number in range(3)]
        ask("stays", 10)
        await asyncio.sleep(0)
        for each in left:
            each.cancel()

    assert crowded(scenario) == ["first", "stays"]


def test_too_many_questions_and_too_many_pixels_are_refused():
    async def scenario(queue, model, ask):
        ask("one", 60)
        await asyncio.sleep(0)
        with pytest.raises(QueueFullError):
            await queue.ask(model.asked("too large"), 50)
        ask("two", 40)
        await asyncio.sleep(0)
        with pytest.raises(QueueFullError):
            await queue.ask(model.asked("too many"), 0)

    assert crowded(scenario, most_waiting=2, most_pixels=100) == ["first", "two", "one"]


def test_pixels_are_free_again():
    async def scenario(_queue, model, ask):
        model.may_answer.set()
        for number in range(3):
            await ask(number, 90)

    assert crowded(scenario, most_pixels=100) == ["first", 0, 1, 2]


def test_who_asks_while_memory_is_given_back_is_answered():
    async def scenario(_queue, model, ask):
        model.may_answer.set()
        async with asyncio.timeout(60):
            for number in range(3):
                await ask(number, 5_000_000)

    assert crowded(scenario) == ["first", 0, 1, 2]


def test_an_error_is_the_askers():
    async def scenario(queue, model, _ask):
        model.may_answer.set()
        with pytest.raises(ZeroDivisionError):
            await queue.ask(lambda: 1 // 0, 5_000_000)

    assert crowded(scenario) == ["first"]

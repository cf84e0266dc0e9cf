"""The limits themselves, with small numbers."""

import asyncio

import pytest

from kaggle_digits.serving.limits import Limits


async def echo(_scope, receive, send):
    message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": message["body"]})


def asked(parts, *, host=b"localhost", only_local=True, more=(), pause=0.0, seconds=60.0):
    """Status and body of the answer to a request that arrives in parts, a list, which is left with those not read."""
    headers = [(b"host", host), *more]
    sent, waiting = [], parts

    async def receive():
        await asyncio.sleep(pause)
        part = waiting.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(waiting)}

    async def send(message):
        sent.append(message)

    limits = Limits(echo, only_local, most_bytes=10, seconds=seconds)
    asyncio.run(limits({"type": "http", "headers": headers}, receive, send))
    return sent[0]["status"], sent[1]["body"]


def test_parts_arrive_as_one():
    assert asked([b"abc", b"def"]) == (200, b"abcdef")


def test_too_many_bytes_are_not_taken():
    assert asked([b"a" * 6, b"a" * 6])[0] == 413


def test_too_large_a_request_is_read_on_before_it_is_refused():
    parts = [b"a" * 6] * 5
    assert asked(parts, more=[(b"content-length", b"30")])[0] == 413
    assert not parts


@pytest.mark.parametrize(
    "more",
    [[(b"content-length", b"101")], [(b"content-length", b"11"), (b"expect", b"100-continue")]],
    ids=["far too large", "asks first"],
)
def test_what_need_not_be_sent_is_not_waited_for(more):
    parts = [b"a" * 11]
    assert asked(parts, more=more)[0] == 413
    assert parts


def test_a_request_without_end_is_cut_off():
    parts = [b"a" * 6] * 100
    assert asked(parts)[0] == 413
    assert len(parts) > 80


def test_a_slow_request_is_not_waited_for():
    status, body = asked([b"a", b"b"], pause=600, seconds=0.2)
    assert status == 408
    assert b"0.2 seconds" in body
    assert asked([b"a", b"b"], pause=600, seconds=0.2, more=[(b"content-length", b"11")])[0] == 413


@pytest.mark.parametrize(
    ("host", "status"),
    [
        (b"localhost", 200),
        (b"LOCALHOST:8000", 200),
        (b"digits.localhost", 200),
        (b"127.0.0.1:8000", 200),
        (b"127.9.9.9", 200),
        (b"[::1]:8000", 200),
        (b"", 421),
        (b"example.com", 421),
        (b"127.0.0.1.example.com", 421),
        (b"192.168.0.7", 421),
        (b"[::2]", 421),
        (b"\xff", 421),
    ],
)
def test_only_this_machine(host, status):
    assert asked([b"a"], host=host)[0] == status
    assert asked([b"a"], host=host, only_local=False)[0] == 200

"""Who may ask, and how much, with small numbers."""

import asyncio

import pytest

from kaggle_digits.serving.bodies import Bodies
from kaggle_digits.serving.limits import Limits

LENGTH, ORIGIN, SITE, MODE = b"content-length", b"origin", b"sec-fetch-site", b"sec-fetch-mode"


async def echo(scope, receive, send):
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if not message["more_body"]:
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["method"].encode() + b" " * bool(body) + body})


class Client:
    """A request that arrives in parts, which are left with those not read, and then stays connected, or not.

    Attributes:
        sent: what was sent to it.
    """

    def __init__(self, parts=(b"",), *, pause=0.0, method="POST", host=b"localhost", headers=(), stays=True):
        self.parts, self.pause, self.stays = list(parts), pause, stays
        self.scope = {"type": "http", "method": method, "headers": [(b"host", host), *headers]}
        self.sent = []

    async def receive(self):
        if not self.parts:
            if self.stays:
                await asyncio.Event().wait()
            return {"type": "http.disconnect"}
        await asyncio.sleep(self.pause)
        part = self.parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(self.parts)}

    async def send(self, message):
        self.sent.append(message)

    async def asks(self, limits):
        await limits(self.scope, self.receive, self.send)
        return self.sent[0]["status"], self.sent[1]["body"]


def answered(client, *, only_local=True, **numbers):
    limits = Limits(echo, only_local, Bodies(**{"most_bytes": 10, **numbers}))
    return asyncio.run(client.asks(limits))


def test_parts_arrive_in_order():
    assert answered(Client([b"abc", b"def"])) == (200, b"POST abcdef")


def test_too_many_bytes_are_not_taken():
    assert answered(Client([b"a" * 6, b"a" * 6]))[0] == 413


def test_too_large_a_request_is_read_on_before_it_is_refused():
    client = Client([b"a" * 6] * 5, headers=[(LENGTH, b"30")])
    assert answered(client)[0] == 413
    assert not client.parts


@pytest.mark.parametrize(
    "headers",
    [[(LENGTH, b"101")], [(LENGTH, b"11"), (b"expect", b"100-continue")]],
    ids=["far too large", "asks first"],
)
def test_what_need_not_be_sent_is_not_waited_for(headers):
    client = Client([b"a" * 11], headers=headers)
    assert answered(client)[0] == 413
    assert client.parts


def test_a_request_without_end_is_cut_off():
    client = Client([b"a" * 6] * 100)
    assert answered(client)[0] == 413
    assert len(client.parts) > 80


def test_a_slow_request_is_not_waited_for():
    status, body = answered(Client([b"a", b"b"], pause=600), seconds=0.2)
    assert status == 408
    assert b"did not arrive in time" in body
    assert answered(Client([b"a", b"b"], pause=600, headers=[(LENGTH, b"11")]), seconds=0.2)[0] == 413


def test_a_byte_now_and_then_is_not_enough():
    client = Client([b"a"] * 9, pause=0.1)
    assert answered(client, grace=0.25)[0] == 408
    assert len(client.parts) > 4


def test_a_request_that_is_cut_off_is_not_answered():
    client = Client([b"a", b"b"], headers=[(LENGTH, b"5")], stays=False)
    client.parts[1] = b"b"
    limits = Limits(echo, True, Bodies())

    async def receive():
        if len(client.parts) == 1:
            return {"type": "http.disconnect"}
        return await client.receive()

    asyncio.run(limits(client.scope, receive, client.send))
    assert client.sent[0]["status"] == 400


def test_large_bodies_that_do_not_end_make_room():
    """The largest has to go, and what is small is answered meanwhile."""
    limits = Limits(echo, True, Bodies(most_bytes=100, most_together=120, small=20))
    endless = [Client([b"a" * 45, b"a" * 45, b"a"], pause=0.05 + 0.01 * number) for number in range(3)]

    async def crowd():
        statuses = asyncio.gather(*(client.asks(limits) for client in endless))
        await asyncio.sleep(0.08)
        return await Client([b"b" * 5, b"b"]).asks(limits), await statuses

    honest, answers = asyncio.run(crowd())
    assert honest == (200, b"POST bbbbbb")
    statuses = [status for status, _ in answers]
    assert statuses.count(200) >= 1
    assert statuses.count(503) >= 1


def test_too_many_arriving_bodies_make_room():
    """The one that has been arriving for longest has to go."""
    limits = Limits(echo, True, Bodies(most_arriving=3))

    async def crowd():
        slow = [asyncio.ensure_future(Client([b"a", b"b"], pause=0.3).asks(limits)) for _ in range(3)]
        await asyncio.sleep(0.01)
        honest = await Client([b"c", b"d"], pause=0.001).asks(limits)
        return honest, [(await each)[0] for each in slow]

    assert asyncio.run(crowd()) == ((200, b"POST cd"), [503, 200, 200])


def test_too_many_answers_at_once_are_refused():
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def slow(scope, receive, send):
        begun.set()
        await may_end.wait()
        await echo(scope, receive, send)

    limits = Limits(slow, True, most_running=1)

    async def crowd():
        first = asyncio.ensure_future(Client([b"a"]).asks(limits))
        await begun.wait()
        refused = Client([b"b"])
        status, _ = await refused.asks(limits)
        may_end.set()
        return status, dict(refused.sent[0]["headers"])[b"retry-after"], (await first)[0]

    assert asyncio.run(crowd()) == (503, b"1", 200)


def test_nobody_answers_a_client_that_has_left():
    ended = []

    async def patient(_scope, receive, _send):
        await receive()
        try:
            await asyncio.sleep(600)
        finally:
            ended.append(True)

    client = Client([b"a"], stays=False)
    asyncio.run(Limits(patient, True)(client.scope, client.receive, client.send))
    assert (ended, client.sent) == ([True], [])


def test_what_goes_wrong_inside_is_not_swallowed():
    async def broken(_scope, _receive, _send):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        answered_by = Limits(broken, True)
        asyncio.run(Client().asks(answered_by))


def test_a_head_is_asked_for_as_a_page_is():
    assert answered(Client(method="HEAD")) == (200, b"GET")


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
    assert answered(Client([b"a"], host=host))[0] == status
    assert answered(Client([b"a"], host=host), only_local=False)[0] == 200


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("POST", {ORIGIN: b"http://localhost:8000", SITE: b"same-origin"}, 200),
        ("POST", {ORIGIN: b"http://LOCALHOST:8000"}, 200),
        ("POST", {ORIGIN: b"https://evil.example"}, 403),
        ("POST", {ORIGIN: b"http://localhost:8001"}, 403),
        ("POST", {ORIGIN: b"null"}, 403),
        ("POST", {SITE: b"cross-site"}, 403),
        ("POST", {SITE: b"same-site"}, 403),
        ("POST", {SITE: b"cross-site", MODE: b"navigate"}, 403),
        ("GET", {SITE: b"none", MODE: b"navigate"}, 200),
        ("GET", {SITE: b"cross-site", MODE: b"navigate"}, 200),
        ("GET", {SITE: b"cross-site", MODE: b"no-cors"}, 403),
    ],
)
def test_other_web_pages_may_not_ask(method, headers, status):
    client = Client([b"a"], method=method, host=b"localhost:8000", headers=headers.items())
    assert answered(client)[0] == status
    assert not client.parts or status == 403  # and what they send is not read

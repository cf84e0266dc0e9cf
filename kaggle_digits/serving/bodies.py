"""The bodies of all requests under way: so many bytes of one, so many of all together, and nobody may dawdle."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

_SLOWEST = 50_000  # bytes that a body must bring for each second after its grace
_READ_ON = 10  # times the most bytes: how far too large a body is read before its client is cut off

Receive = Callable[[], Awaitable[Any]]


class RefusedError(Exception):
    """A request that is not answered.

    Attributes:
        status: of HTTP.
    """

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(eq=False)
class _Body:
    """One that arrives, or has arrived and is in use."""

    deadline: asyncio.Timeout
    parts: list[bytes] = field(default_factory=list)
    held: int = 0
    arrived: bool = False
    must_leave: bool = False

    def leave(self) -> None:
        """Makes room for others."""
        self.must_leave = True
        self.parts.clear()
        self.held = 0
        self.deadline.reschedule(asyncio.get_running_loop().time())


@dataclass(eq=False)
class Bodies:
    """Reads bodies, and knows of all that are held.

    When they are too many, the one that has been arriving for longest has to go; when they are too large, the largest
    that is still arriving. So a small one that arrives at once never waits for those that others send for ever.

    Attributes:
        most_bytes: of one: the largest photo that a phone writes, or a batch of small ones.
        most_together: bytes of all that are not small.
        most_arriving: bodies at once.
        seconds: in which one must have arrived.
        grace: seconds that one may take whatever its size.
        small: bytes that nobody else makes room for: what the page sends.
    """

    most_bytes: int = 12_000_000
    most_together: int = 36_000_000
    most_arriving: int = 64
    seconds: float = 20.0
    grace: float = 4.0
    small: int = 500_000
    _bodies: list[_Body] = field(default_factory=list, init=False)

    @asynccontextmanager
    async def held(self, receive: Receive, headers: dict[bytes, bytes]) -> AsyncIterator[list[bytes]]:
        """A request's whole body, in parts, which count until the block ends.

        Raises:
            RefusedError: it is too large, too slow, or there is no room for it.
        """
        told = headers.get(b"content-length", b"")
        size = int(told) if told.isdigit() else 0
        body = _Body(asyncio.timeout(self.seconds))
        self._bodies.append(body)
        try:
            try:
                async with body.deadline:
                    fits = await self._read(body, receive, size, b"expect" in headers)
            except TimeoutError:
                if body.must_leave:
                    raise RefusedError(503, "Too much is arriving at once. Ask again in a second.") from None
                if size <= self.most_bytes:
                    raise RefusedError(408, "The request did not arrive in time.") from None
                fits = False
            if not fits:
                raise RefusedError(413, f"A request may have {self.most_bytes:,} bytes at most.")
            body.arrived = True
            yield body.parts
        finally:
            self._bodies.remove(body)

    async def _read(self, body: _Body, receive: Receive, told: int, asks_first: bool) -> bool:
        """Whether a body is there; False if it is too large.

        Too large a body is read on and thrown away: a connection that closes while its client still sends is reset, and
        the reset can take the answer with it before the client has read it. A client that asks first is answered at
        once, as is one that tells of far too much.
        """
        most_read = _READ_ON * self.most_bytes
        if told > most_read or (told > self.most_bytes and asks_first):
            return False
        began, received = asyncio.get_running_loop().time(), 0
        while received <= most_read and not body.must_leave:
            body.deadline.reschedule(began + min(self.seconds, self.grace + received / _SLOWEST))
            message = await receive()
            part = message.get("body", b"")
            received += len(part)
            if max(received, told) > self.most_bytes:
                body.parts.clear()
                body.held = 0
            elif part:
                body.parts.append(part)
                body.held = received
            if message["type"] == "http.disconnect":
                raise RefusedError(400, "The request was cut off.")
            if not message.get("more_body"):
                return received <= self.most_bytes
            self._make_room()
        if body.must_leave:
            raise TimeoutError
        return False

    def _make_room(self) -> None:
        arriving = [body for body in self._bodies if not body.arrived and not body.must_leave]
        if len(arriving) > self.most_arriving:
            arriving[0].leave()
        large = [body for body in self._bodies if body.held > self.small]
        if sum(body.held for body in large) > self.most_together:
            still = [body for body in large if not body.arrived]
            for largest in sorted(still, key=lambda body: body.held)[-1:]:
                largest.leave()

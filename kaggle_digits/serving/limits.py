"""What a request may ask for: so many bytes, sent in so much time, by a page of our own."""

import asyncio
import ipaddress
import json
from typing import Any

MOST_BYTES = 12_000_000
"""Of a request's body: the largest photo that a phone writes, or a batch of small ones."""

SECONDS = 20.0
"""In which a request must have arrived."""

_READ_ON = 10
"""Times the most bytes: how far too large a body is read before its client is cut off."""

_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
]


class Limits:
    """An ASGI application around another, which sees only requests that are whole and small enough.

    Args:
        app: the other.
        only_local: whether a request must name this machine in its Host header. Else any web page could have a name of
            its own point here, and read the answers (DNS rebinding).
        most_bytes: of a body.
        seconds: in which a body must have arrived.
    """

    def __init__(self, app: Any, only_local: bool, most_bytes: int = MOST_BYTES, seconds: float = SECONDS) -> None:
        self._app = app
        self._only_local = only_local
        self._most_bytes = most_bytes
        self._seconds = seconds

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answers a request; see ASGI's specification."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *_HEADERS]
            await send(message)

        headers = dict(scope["headers"])
        if self._only_local and not _is_local(headers.get(b"host", b"")):
            await _refuse(send_guarded, 421, "This server answers on its own machine only: name it 127.0.0.1.")
            return
        size = _told_size(headers)
        try:
            async with asyncio.timeout(self._seconds):
                body = await self._body(receive, size, b"expect" in headers)
        except TimeoutError:
            if size <= self._most_bytes:
                await _refuse(send_guarded, 408, f"The request did not arrive within {self._seconds:g} seconds.")
                return
            body = None
        if body is None:
            await _refuse(send_guarded, 413, f"A request may have {self._most_bytes:,} bytes at most.")
            return
        parts = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive_whole() -> Any:
            return parts.pop() if parts else await receive()

        await self._app(scope, receive_whole, send_guarded)

    async def _body(self, receive: Any, told: int, asks_first: bool) -> bytes | None:
        """The whole body; None if it is too large.

        Too large a body is read on and thrown away: a connection that closes while its client still sends is reset, and
        the reset can take the answer with it before the client has read it. A client that asks first is answered at
        once, as is one that tells of far too much; and nobody is listened to for longer than that.
        """
        most_read = _READ_ON * self._most_bytes
        if told > most_read or (told > self._most_bytes and asks_first):
            return None
        body = bytearray()
        received = 0
        while received <= most_read:
            message = await receive()
            part = message.get("body", b"")
            received += len(part)
            if received > self._most_bytes:
                body.clear()
            else:
                body += part
            if not message.get("more_body"):
                return bytes(body) if received <= self._most_bytes else None
        return None


def _told_size(headers: dict[bytes, bytes]) -> int:
    """The bytes that a body is told to have; 0 where nothing is told."""
    told = headers.get(b"content-length", b"")
    return int(told) if told.isdigit() else 0


def _is_local(host: bytes) -> bool:
    """Whether a Host header names this machine."""
    name = host.decode("latin-1").lower()
    name = name[1 : name.find("]")] if name.startswith("[") else name.partition(":")[0]
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


async def _refuse(send: Any, status: int, detail: str) -> None:
    body = json.dumps({"detail": detail}).encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

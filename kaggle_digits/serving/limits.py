"""What a request may ask for: pages of our own, on this machine, as long as its client waits for the answer."""

import asyncio
import ipaddress
from typing import Any

from starlette.responses import JSONResponse

from kaggle_digits.serving.bodies import Bodies, Receive, RefusedError

_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cache-control": b"no-store",
    b"cross-origin-resource-policy": b"same-origin",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
}


class Limits:
    """An ASGI application around another, which sees only requests that are whole, wanted and small enough.

    With `only_local`, a request must name this machine in its Host header. Else any web page could have a name of its
    own point here, and read the answers (DNS rebinding). At most so many have arrived and are not answered yet.
    """

    def __init__(self, app: Any, only_local: bool, bodies: Bodies | None = None, most_running: int = 96) -> None:
        self._app, self._only_local = app, only_local
        self._most_running, self._running = most_running, 0
        self._bodies = bodies or Bodies()

    async def __call__(self, scope: Any, receive: Receive, send: Any) -> None:
        """Answers a request; see ASGI's specification."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*(_HEADERS | dict(message.get("headers", []))).items()]
            await send(message)

        asked = dict(scope["headers"])
        if scope["method"] == "HEAD":  # the server leaves the body away by itself
            scope = {**scope, "method": "GET"}
        try:
            self._check_sender(scope["method"], asked)
            async with self._bodies.held(receive, asked) as parts:
                await self._answer(scope, parts, receive, send_guarded)
        except RefusedError as error:
            headers = {"connection": "close", **({"retry-after": "1"} if error.status == 503 else {})}
            await JSONResponse({"detail": str(error)}, error.status, headers)(scope, receive, send_guarded)

    def _check_sender(self, method: str, headers: dict[bytes, bytes]) -> None:
        """Refuses what pages of other origins let a browser send: no answer would reach them, but they keep us busy."""
        host, origin = headers.get(b"host", b""), headers.get(b"origin")
        if self._only_local and not _is_local(host):
            raise RefusedError(421, "This server answers on its own machine only: name it 127.0.0.1.")
        is_link = method == "GET" and headers.get(b"sec-fetch-mode") == b"navigate"
        is_foreign = headers.get(b"sec-fetch-site", b"none") not in (b"same-origin", b"none")
        if (is_foreign and not is_link) or (origin is not None and origin.partition(b"://")[2].lower() != host.lower()):
            raise RefusedError(403, "Only this server's own page may ask it from a browser.")

    async def _answer(self, scope: Any, parts: list[bytes], receive: Receive, send: Any) -> None:
        """Lets the application answer, unless the client leaves before."""
        if self._running >= self._most_running:
            raise RefusedError(503, "Too many requests are being answered. Ask again in a second.")
        gone = asyncio.ensure_future(_departure(receive))

        async def receive_part() -> Any:
            if parts:
                return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}
            return await gone

        parts[:] = parts or [b""]
        answer = asyncio.ensure_future(self._app(scope, receive_part, send))
        self._running += 1
        try:
            await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                answer.result()
        finally:
            self._running -= 1
            answer.cancel()
            gone.cancel()
            await asyncio.wait({answer, gone})


async def _departure(receive: Receive) -> Any:
    """Waits until the client leaves."""
    while (message := await receive())["type"] != "http.disconnect":
        pass
    return message


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

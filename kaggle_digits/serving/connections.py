"""Connections that do not get to the point: without a request in time they are closed, and make room for others."""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol


class PatientProtocol(H11Protocol):
    """Uvicorn's HTTP/1.1 with deadlines: its own one covers the time between two requests alone."""

    most_connections = 256  # at once; a new one takes the place of the one that has been silent for longest
    head_seconds = 10.0  # from a connection's begin, or its last answer, to the end of a request's head
    request_seconds = 90.0  # from a request's head to the end of its answer, whatever its client does

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        self._deadline: asyncio.TimerHandle | None = None
        self._was_silent: bool | None = None
        self._watch()
        if len(self.connections) > self.most_connections:
            silent = [each for each in self.connections if isinstance(each, PatientProtocol) and each._was_silent]
            min(silent, key=lambda each: each._since, default=self).transport.abort()

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """See `H11Protocol`."""
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Sets a new deadline where a request has begun or ended."""
        silent = self.cycle is None or self.cycle.response_complete
        if silent == self._was_silent:
            return
        if self._deadline is not None:
            self._deadline.cancel()
        self._was_silent, self._since = silent, self.loop.time()
        self._deadline = self.loop.call_later(
            self.head_seconds if silent else self.request_seconds, self.transport.abort
        )

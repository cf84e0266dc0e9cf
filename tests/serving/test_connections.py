"""Connections that do not get to the point, with small numbers."""

import asyncio
import socket

import pytest
import uvicorn

from kaggle_digits.serving.connections import PatientProtocol

HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n"


async def hello(scope, _receive, send):
    if scope["path"] == "/never":
        await asyncio.sleep(600)
    body = b"x" * 20_000_000 if scope["path"] == "/large" else b"hello"
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def served(scenario, **numbers):
    """Runs a scenario of a function that opens connections to a server with other limits."""
    protocol = type("Protocol", (PatientProtocol,), numbers)

    writers = []

    async def run():
        async def connect():
            reader, writer = await asyncio.open_connection(*heard.getsockname())
            writers.append(writer)
            return reader, writer

        with socket.create_server(("127.0.0.1", 0)) as heard:
            config = uvicorn.Config(hello, http=protocol, ws="none", lifespan="off", log_level="critical")
            server = uvicorn.Server(config)
            running = asyncio.ensure_future(server.serve(sockets=[heard]))
            while not server.started:
                await asyncio.sleep(0.01)
            try:
                await scenario(connect, server)
            finally:
                for writer in writers:
                    writer.close()
                server.should_exit = server.force_exit = True
                await running

    asyncio.run(run())


async def rest(reader):
    """What still comes until the server closes the connection."""
    try:
        async with asyncio.timeout(60):
            return await reader.read()
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize("begin", [b"", b"GET", HEAD], ids=["nothing", "a word", "half a head"])
def test_who_asks_nothing_is_closed(begin):
    async def scenario(connect, _server):
        reader, writer = await connect()
        writer.write(begin)
        assert await rest(reader) == b""

    served(scenario, head_seconds=0.2)


def test_half_a_second_question_is_closed_too():
    async def scenario(connect, _server):
        reader, writer = await connect()
        writer.write(HEAD + b"\r\n" + HEAD)
        assert (await rest(reader)).endswith(b"hello")

    served(scenario, head_seconds=0.2)


def test_an_answer_takes_its_time_but_not_for_ever():
    async def scenario(connect, _server):
        reader, writer = await connect()
        writer.write(HEAD.replace(b" / ", b" /never ") + b"\r\n")
        assert await rest(reader) == b""

    served(scenario, head_seconds=0.1, request_seconds=0.4)


def test_who_does_not_read_the_answer_is_closed():
    async def scenario(connect, server):
        _, writer = await connect()
        writer.write(HEAD.replace(b" / ", b" /large ") + b"\r\n")
        while not server.server_state.connections:
            await asyncio.sleep(0.01)
        while server.server_state.connections:
            await asyncio.sleep(0.01)

    served(scenario, head_seconds=0.2, request_seconds=0.2)


def test_the_silent_make_room():
    async def scenario(connect, _server):
        silent = [await connect() for _ in range(5)]
        reader, writer = await connect()
        writer.write(HEAD + b"Connection: close\r\n\r\n")
        assert (await rest(reader)).endswith(b"hello")
        assert await rest(silent[0][0]) == b""

    served(scenario, most_connections=3)

"""Clients that mean no good, for benchmarks/serving.py: python benchmarks/attacks.py PORT SECONDS

Each kind has a thread of its own, and all run at once; what they were answered is counted, by kind and status, and
printed as JSON.
"""

import contextlib
import http.client
import io
import json
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

Question = tuple[str, bytes, dict[str, str]]

_UNFINISHED, _IDLE, _SLOW, _ABANDONED = 100, 300, 50, 60  # connections


def drawing() -> bytes:
    """A 2, a 4 and a 7 on the page's canvas, as a PNG."""
    image = Image.new("L", (360, 270), 255)
    for stroke in (
        [(40, 90), (60, 65), (85, 75), (90, 105), (40, 200), (95, 200)],
        [(160, 65), (135, 150), (200, 150)],
        [(180, 110), (178, 205)],
        [(240, 70), (320, 70), (270, 205)],
    ):
        ImageDraw.Draw(image).line(stroke, fill=0, width=12, joint="curve")
    return encoded(image)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """A picture as a file of that kind."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def about_images(*contents: bytes, **headers: str) -> Question:
    """Path, body and headers of an upload."""
    name = "image" if len(contents) == 1 else "images"
    head = f'--digits\r\nContent-Disposition: form-data; name="{name}"; filename="a.png"\r\n\r\n'.encode()
    body = b"".join(head + content + b"\r\n" for content in contents) + b"--digits--\r\n"
    return f"/api/{name}?seen=true", body, {"Content-Type": "multipart/form-data; boundary=digits", **headers}


def about_pixels(text: str) -> Question:
    """The same for JSON."""
    return "/api/pixels", text.encode(), {"Content-Type": "application/json"}


def noise(side: int) -> Image.Image:
    """Colours that JPEG packs badly."""
    return Image.fromarray(np.random.default_rng(1).integers(0, 256, (side, side, 3), np.uint8))


def questions() -> dict[str, Question]:
    """What is asked by kind, over and over."""
    large = Image.new("RGBA", (5000, 5000), (200, 100, 9, 100))
    return {
        "a drawing": about_images(drawing()),
        "another drawing": about_images(drawing()),
        "32 drawings": about_images(*[drawing()] * 32),
        "25 megapixels with transparency": about_images(encoded(large)),
        "9 megapixels with transparency": about_images(encoded(large.crop((0, 0, 3000, 3000)))),
        "a JPEG of 25 megapixels": about_images(encoded(noise(5000), "JPEG", quality=12, progressive=True)),
        "1 x 25,000,000 pixels": about_images(encoded(Image.new("L", (1, 25_000_000), 200))),
        "1,000 rows": about_pixels(json.dumps({"rows": [[9] * 784] * 1000})),
        "3 MB of wrong values": about_pixels('{"rows": [[' + '"a",' * 780_000 + "0]]}"),
        "12 MB of numbers": about_pixels('{"rows": [[' + "1," * 5_900_000 + "0]]}"),
        "13 MB": about_images(b"\0" * 13_000_000),
        "another page's drawing": about_images(drawing(), Origin="https://elsewhere.example"),
    }


class Attack:
    """All kinds at once, until time is up.

    Args:
        port: of the server, on this machine.
        seconds: how long.
    """

    def __init__(self, port: int, seconds: float) -> None:
        self.port, self.end = port, time.monotonic() + seconds
        self.answers: dict[str, Counter[str]] = {}

    def run(self) -> None:
        """Attacks, and returns when all have ended."""
        kinds: dict[str, Callable[[], str | None]] = {
            name: lambda question=question: self.ask(*question) for name, question in questions().items()
        }
        kinds |= {
            "left without an answer": self.abandon,
            "bodies that do not end": self.leave_unfinished,
            "a byte a second": self.drip,
            "silent connections": self.be_silent,
            "hardly HTTP": lambda: self.say(b"\0\xff" * 500 + b"\r\n\r\n"),
        }
        crowd = [threading.Thread(target=self.repeat, args=each, daemon=True) for each in kinds.items()]
        for each in crowd:
            each.start()
        for each in crowd:
            each.join(max(0.0, self.end + 30 - time.monotonic()))

    def repeat(self, name: str, act: Callable[[], str | None]) -> None:
        counted = self.answers[name] = Counter()
        while time.monotonic() < self.end:
            try:
                counted[act() or "no answer"] += 1
            except (OSError, http.client.HTTPException) as error:
                counted[type(error).__name__] += 1
                time.sleep(0.01)

    def ask(self, path: str, body: bytes, headers: dict[str, str]) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read()
            return str(answer.status)

    def abandon(self) -> None:
        """Asks much, and leaves."""
        path, body, headers = self._line
        for _ in range(_ABANDONED):
            with self.connected() as client:
                client.sendall(self.head(path, len(body), **headers) + body)
        time.sleep(1)

    _line = about_images(encoded(Image.new("L", (1, 25_000_000), 200)))

    def leave_unfinished(self) -> None:
        with contextlib.ExitStack() as stack:
            for client in self.many(stack, _UNFINISHED):
                with contextlib.suppress(OSError):
                    client.sendall(self.head("/api/image", 12_000_000) + b"\0" * 11_900_000)
            self.wait(10)

    def drip(self) -> None:
        with contextlib.ExitStack() as stack:
            clients = self.many(stack, _SLOW)
            for client in clients:
                client.sendall(self.head("/api/image", 1000))
            for _ in range(20):
                for client in clients:
                    with contextlib.suppress(OSError):
                        client.sendall(b"\0")
                self.wait(1)

    def be_silent(self) -> None:
        with contextlib.ExitStack() as stack:
            for client in self.many(stack, _IDLE)[::2]:
                with contextlib.suppress(OSError):
                    client.sendall(b"GET / HTTP/1.1\r\nHost: ")
            self.wait(15)

    def say(self, words: bytes) -> str:
        with self.connected() as client:
            client.sendall(words)
            return client.makefile("rb").readline().decode("latin-1").split(" ")[1]

    def wait(self, seconds: float) -> None:
        time.sleep(max(0.0, min(seconds, self.end - time.monotonic())))

    def many(self, stack: contextlib.ExitStack, count: int) -> list[socket.socket]:
        return [stack.enter_context(self.connected()) for _ in range(count)]

    @contextlib.contextmanager
    def connected(self) -> Iterator[socket.socket]:
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as client:
            yield client

    @staticmethod
    def head(path: str, size: int, **headers: str) -> bytes:
        lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {size}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode()


if __name__ == "__main__":
    attack = Attack(int(sys.argv[1]), float(sys.argv[2]))
    attack.run()
    print(json.dumps(attack.answers))

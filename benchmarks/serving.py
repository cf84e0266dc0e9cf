"""What `kaggle-digits serve` bears: start, requests a second, waiting times, memory.

    python benchmarks/serving.py RUN [--images 10000] [--rows 90000] [--clients 4]

Clients on the same machine ask about one drawing of three digits, then about single rows of pixels, each the next
question when it has its answer, so they share the cores with the server. Memory is the server's resident set, looked
at twenty times during each kind of question.
"""

import argparse
import http.client
import io
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import machine
import numpy as np
from PIL import Image, ImageDraw

_SAMPLES = 20


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
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


Question = tuple[str, bytes, dict[str, str]]


def about_an_image() -> Question:
    """Path, body and headers of an upload."""
    start = b'--digits\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
    body = start + drawing() + b"\r\n--digits--\r\n"
    return "/api/image?seen=true", body, {"Content-Type": "multipart/form-data; boundary=digits"}


def about_a_row() -> Question:
    """Path, body and headers of a question about 784 pixels."""
    pixels = np.asarray(Image.open(io.BytesIO(drawing())).resize((28, 28)).convert("L"))
    body = json.dumps({"rows": [(255 - pixels).ravel().tolist()]}).encode()
    return "/api/pixels", body, {"Content-Type": "application/json"}


def started(run: str) -> tuple[subprocess.Popen[str], int, float]:
    """The server, its port, and the seconds until it had answered a first question about its health."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    began = time.perf_counter()
    server = subprocess.Popen([sys.executable, "-m", "kaggle_digits", "serve", run, "--port", str(port)], text=True)
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", "/api/health")
            connection.getresponse().read()
            return server, port, time.perf_counter() - began
        except ConnectionRefusedError:
            if server.poll() is not None:
                raise SystemExit("the server did not start") from None
            time.sleep(0.005)


def memory(process: int) -> float:
    """The resident set in megabytes."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS"))) / 1024


def processor_seconds(process: int) -> float:
    """What it has computed so far, which a busy machine does not change."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Client(threading.Thread):
    """Asks so often, and notes how long each answer took and its status."""

    def __init__(self, port: int, count: int, question: Question) -> None:
        super().__init__()
        self.port, self.count, self.question = port, count, question
        self.seconds: list[float] = []
        self.statuses: dict[int, int] = {}

    def run(self) -> None:
        path, body, headers = self.question
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        for _ in range(self.count):
            began = time.perf_counter()
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read()
            self.seconds.append(time.perf_counter() - began)
            self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1


def measured(server: int, port: int, question: Question, requests: int, clients: int) -> dict[str, Any]:
    """A crowd that asks one question again and again."""
    Client(port, 50, question).run()
    crowd = [Client(port, requests // clients, question) for _ in range(clients)]
    computed, began = processor_seconds(server), time.perf_counter()
    for client in crowd:
        client.start()
    sizes, asked = [memory(server)], sum(client.count for client in crowd)
    while any(client.is_alive() for client in crowd):
        time.sleep(0.05)
        if sum(len(client.seconds) for client in crowd) >= len(sizes) * asked / _SAMPLES:
            sizes.append(memory(server))
    seconds = time.perf_counter() - began
    computed = processor_seconds(server) - computed
    sizes.append(memory(server))
    taken = np.concatenate([client.seconds for client in crowd])
    statuses: dict[int, int] = {}
    for client in crowd:
        for status, count in client.statuses.items():
            statuses[status] = statuses.get(status, 0) + count
    return {
        "requests": asked,
        "statuses": statuses,
        "requests_per_s": asked / seconds,
        "processor_ms": 1000 * computed / asked,
        "p50_ms": 1000 * float(np.percentile(taken, 50)),
        "p99_ms": 1000 * float(np.percentile(taken, 99)),
        "memory_mb": [round(size, 1) for size in sizes],
    }


def table(ready: float, results: dict[str, dict[str, Any]], clients: int, where: dict[str, Any]) -> str:
    """As Markdown."""
    rows: dict[str, list[str]] = {
        "requests": [f"{each['requests']:,}" for each in results.values()],
        "answered with 200": [f"{each['statuses'].get(200, 0):,}" for each in results.values()],
        "requests a second": [f"{each['requests_per_s']:.0f}" for each in results.values()],
        "processor time of one": [f"{each['processor_ms']:.1f} ms" for each in results.values()],
        "half of them within": [f"{each['p50_ms']:.1f} ms" for each in results.values()],
        "99 % of them within": [f"{each['p99_ms']:.1f} ms" for each in results.values()],
        "memory at first": [f"{each['memory_mb'][0]:.0f} MB" for each in results.values()],
        "memory at the end": [f"{each['memory_mb'][-1]:.0f} MB" for each in results.values()],
    }
    lines = [f"| `serve`, {clients} clients | {' | '.join(results)} |", "|---|" + "---:|" * len(results)]
    lines += [f"| {name} | {' | '.join(values)} |" for name, values in rows.items()]
    return "\n".join([*lines, "", f"Ready, with the model loaded, after {ready:.2f} s. {machine.sentence(where)}."])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=90_000)
    parser.add_argument("--clients", type=int, default=4)
    given = parser.parse_args()
    where = machine.describe()
    server, port, ready = started(given.run)
    try:
        results = {
            name: measured(server.pid, port, question, count, given.clients)
            for name, question, count in (
                ("a drawing of three digits", about_an_image(), given.images),
                ("a row of pixels", about_a_row(), given.rows),
            )
        }
    finally:
        server.terminate()
        server.wait(timeout=30)
    text = table(ready, results, given.clients, where)
    machine.save("serving", {"machine": where, "ready_s": ready, "clients": given.clients, "results": results}, text)
    print(text)


if __name__ == "__main__":
    main()

"""What `kaggle-digits serve` bears: start, requests a second, waiting times, memory.

    python benchmarks/serving.py RUN [--requests 100000] [--clients 4]

Clients on the same machine ask about one drawing of three digits, each the next question when it has its answer, so
they share the cores with the server. Memory is the server's resident set, looked at twenty times on the way.
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


def question() -> tuple[bytes, dict[str, str]]:
    """Body and headers of an upload."""
    start = b'--digits\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
    return start + drawing() + b"\r\n--digits--\r\n", {"Content-Type": "multipart/form-data; boundary=digits"}


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

    def __init__(self, port: int, count: int) -> None:
        super().__init__()
        self.port, self.count = port, count
        self.seconds: list[float] = []
        self.statuses: dict[int, int] = {}

    def run(self) -> None:
        body, headers = question()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        for _ in range(self.count):
            began = time.perf_counter()
            connection.request("POST", "/api/image?seen=true", body, headers)
            answer = connection.getresponse()
            answer.read()
            self.seconds.append(time.perf_counter() - began)
            self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1


def measured(run: str, requests: int, clients: int) -> dict[str, Any]:
    """Everything, of one server."""
    server, port, ready = started(run)
    try:
        warm = Client(port, 50)
        warm.run()
        crowd = [Client(port, requests // clients) for _ in range(clients)]
        computed, began = processor_seconds(server.pid), time.perf_counter()
        for client in crowd:
            client.start()
        sizes, asked = [memory(server.pid)], sum(client.count for client in crowd)
        while any(client.is_alive() for client in crowd):
            time.sleep(0.05)
            if sum(len(client.seconds) for client in crowd) >= len(sizes) * asked / _SAMPLES:
                sizes.append(memory(server.pid))
        seconds = time.perf_counter() - began
        computed = processor_seconds(server.pid) - computed
        sizes.append(memory(server.pid))
    finally:
        server.terminate()
        server.wait(timeout=30)
    taken = np.concatenate([client.seconds for client in crowd])
    statuses: dict[int, int] = {}
    for client in crowd:
        for status, count in client.statuses.items():
            statuses[status] = statuses.get(status, 0) + count
    return {
        "ready_s": ready,
        "clients": clients,
        "requests": asked,
        "statuses": statuses,
        "requests_per_s": asked / seconds,
        "processor_ms": 1000 * computed / asked,
        "p50_ms": 1000 * float(np.percentile(taken, 50)),
        "p99_ms": 1000 * float(np.percentile(taken, 99)),
        "memory_mb": [round(size, 1) for size in sizes],
    }


def table(result: dict[str, Any], where: dict[str, Any]) -> str:
    """As Markdown."""
    sizes = result["memory_mb"]
    rows = [
        ("ready, the model loaded", f"{result['ready_s']:.2f} s"),
        ("requests, all at once " + str(result["clients"]), f"{result['requests']:,}"),
        ("answered with 200", f"{result['statuses'].get(200, 0):,}"),
        ("requests a second", f"{result['requests_per_s']:.0f}"),
        ("processor time of one", f"{result['processor_ms']:.1f} ms"),
        ("half of them within", f"{result['p50_ms']:.1f} ms"),
        ("99 % of them within", f"{result['p99_ms']:.1f} ms"),
        ("memory after a tenth of them, and at the end", f"{sizes[len(sizes) // 10]:.0f} MB, {sizes[-1]:.0f} MB"),
    ]
    lines = ["| `serve` | measured |", "|---|---:|", *(f"| {name} | {value} |" for name, value in rows)]
    return "\n".join([*lines, "", machine.sentence(where)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--save", action="store_true", help="write results/serving.json and .md")
    given = parser.parse_args()
    where = machine.describe()
    result = measured(given.run, given.requests, given.clients)
    text = table(result, where)
    if given.save:
        machine.save("serving", {"machine": where, **result}, text)
    print(text)
    print(json.dumps(result))


if __name__ == "__main__":
    main()

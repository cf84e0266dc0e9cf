"""What `kaggle-digits serve` bears: start, requests a second, waiting times, memory; and the same under attack.

    python benchmarks/serving.py RUN [--images 10000] [--rows 90000] [--clients 4]
    python benchmarks/serving.py RUN --attack 120 [--before FOLDER]

Clients on the same machine ask about one drawing of three digits, then about single rows of pixels, each the next
question when it has its answer, so they share the cores with the server. Memory is the server's resident set, looked
at twenty times during each kind of question.

Under attack, one honest client asks about the drawing four times a second, as the page does while somebody draws, and
all kinds of attacks.py run at once in another process. `--before` measures the package in that folder, too.
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

import attacks
import machine
import numpy as np
from attacks import Question
from PIL import Image

_SAMPLES = 20


def about_a_row() -> Question:
    """Path, body and headers of a question about 784 pixels."""
    pixels = np.asarray(Image.open(io.BytesIO(attacks.drawing())).resize((28, 28)).convert("L"))
    body = json.dumps({"rows": [(255 - pixels).ravel().tolist()]}).encode()
    return "/api/pixels", body, {"Content-Type": "application/json"}


def started(run: str, package: str | None = None) -> tuple[subprocess.Popen[str], int, float]:
    """The server, its port, and the seconds until it had answered a first question about its health.

    Args:
        run: whose model.
        package: the folder of another version of kaggle_digits.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    began = time.perf_counter()
    command = [sys.executable, "-m", "kaggle_digits", "serve", run, "--port", str(port)]
    environment = {**os.environ, "PYTHONPATH": package or str(Path(__file__).parents[1])}
    server = subprocess.Popen(command, text=True, cwd=package, env=environment)
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


def attacked(run: str, seconds: float, package: str | None) -> dict[str, Any]:
    """What an honest client and the server's memory say of a mixed attack, and afterwards."""
    server, port, _ = started(run, package)
    question = attacks.about_images(attacks.drawing())
    try:
        Client(port, 20, question).run()
        sizes, waits, failures = [memory(server.pid)], [], 0
        command = [sys.executable, str(Path(attacks.__file__)), str(port), str(seconds)]
        attacker = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        while attacker.poll() is None and server.poll() is None:
            began = time.perf_counter()
            try:
                honest = Client(port, 1, question)
                honest.run()
                failures += 200 not in honest.statuses
            except (OSError, http.client.HTTPException):
                failures += 1
            waits.append(time.perf_counter() - began)
            sizes.append(memory(server.pid))
            time.sleep(max(0.0, 0.25 - waits[-1]))
        answers = json.loads(attacker.communicate()[0])
        time.sleep(20)
        return {
            "asked": len(waits),
            "refused": failures,
            "p50_s": float(np.percentile(waits, 50)),
            "p99_s": float(np.percentile(waits, 99)),
            "longest_s": max(waits),
            "memory_mb": [sizes[0], peak(server.pid), memory(server.pid)],
            "answers": answers,
        }
    finally:
        server.terminate()
        server.wait(timeout=60)


def peak(process: int) -> float:
    """The largest resident set so far, in megabytes."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) / 1024


def attack_table(results: dict[str, dict[str, Any]], seconds: float, where: dict[str, Any]) -> str:
    """As Markdown."""
    rows: dict[str, list[str]] = {
        "attackers' requests": [
            f"{sum(sum(c.values()) for c in each['answers'].values()):,}" for each in results.values()
        ],
        "of them answered with 5xx": [
            f"{sum(n for c in each['answers'].values() for status, n in c.items() if status.startswith('5')):,}"
            for each in results.values()
        ],
        "honest questions": [f"{each['asked']:,}" for each in results.values()],
        "of them not answered": [f"{each['refused']:,}" for each in results.values()],
        "half of them within": [f"{each['p50_s']:.2f} s" for each in results.values()],
        "99 % of them within": [f"{each['p99_s']:.2f} s" for each in results.values()],
        "the longest": [f"{each['longest_s']:.1f} s" for each in results.values()],
        "memory before": [f"{each['memory_mb'][0]:.0f} MB" for each in results.values()],
        "memory at its peak": [f"{each['memory_mb'][1]:.0f} MB" for each in results.values()],
        "memory 20 seconds after": [f"{each['memory_mb'][2]:.0f} MB" for each in results.values()],
    }
    lines = [f"| `serve`, attacked for {seconds:g} s | {' | '.join(results)} |", "|---|" + "---:|" * len(results)]
    lines += [f"| {name} | {' | '.join(values)} |" for name, values in rows.items()]
    return "\n".join([*lines, "", f"{machine.sentence(where)}."])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=90_000)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--attack", type=float, metavar="SECONDS")
    parser.add_argument("--before", metavar="FOLDER")
    given = parser.parse_args()
    if given.attack:
        packages = {"before": given.before, "now": None} if given.before else {"now": None}
        results = {name: attacked(given.run, given.attack, package) for name, package in packages.items()}
        where = machine.describe()
        text = attack_table(results, given.attack, where)
        machine.save("attack", {"machine": where, "seconds": given.attack, "results": results}, text)
    else:
        text = friendly(given)
    print(text)


def friendly(given: argparse.Namespace) -> str:
    """The table of what polite clients are answered."""
    where = machine.describe()
    server, port, ready = started(given.run)
    try:
        results = {
            name: measured(server.pid, port, question, count, given.clients)
            for name, question, count in (
                ("a drawing of three digits", attacks.about_images(attacks.drawing()), given.images),
                ("a row of pixels", about_a_row(), given.rows),
            )
        }
    finally:
        server.terminate()
        server.wait(timeout=30)
    text = table(ready, results, given.clients, where)
    machine.save("serving", {"machine": where, "ready_s": ready, "clients": given.clients, "results": results}, text)
    return text


if __name__ == "__main__":
    main()

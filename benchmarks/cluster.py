"""Folds trained by one Dask worker, by two, and by two of which one is killed: time, and whether the results agree.

    python benchmarks/cluster.py [--data data]

Starts `dask scheduler` and `dask worker` on this machine as everyone does. Writes results/cluster.json and .md.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import machine
import numpy as np

from kaggle_digits.runs import rows

TRAIN = ("train", "mlp", "--epochs", "8", "--folds", "4", "--json")


def start(stack: ExitStack, *words: str) -> subprocess.Popen[bytes]:
    """A part of the cluster, which ends with the stack."""
    process = subprocess.Popen([sys.executable, "-m", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stack.callback(process.wait)
    stack.callback(process.kill)
    return process


def train(folder: Path, workers: int, kill_after: float | None) -> dict[str, Any]:
    """One training on a cluster of so many workers with one thread each."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    with ExitStack() as stack:
        start(stack, "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
        for _ in range(workers):
            words = ("--nthreads", "1", "--no-dashboard", "--no-nanny")
            last = start(stack, "distributed.cli.dask_worker", address, *words)
        time.sleep(10)
        if kill_after is not None:
            timer = threading.Timer(kill_after, os.kill, (last.pid, signal.SIGKILL))
            timer.start()
        began = time.perf_counter()
        command = [sys.executable, "-m", "kaggle_digits", *TRAIN, "--cluster", address]
        done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, check=True)
        seconds = time.perf_counter() - began
    run = folder / "models" / json.loads(done.stdout)["run"]
    return {"workers": workers, "killed": kill_after is not None, "seconds": round(seconds, 1), "run": run}


def table(results: list[dict[str, Any]], under: str) -> str:
    """The results as Markdown."""
    lines = ["| workers | seconds | largest difference of a probability | other labels |", "|---|---:|---:|---:|"]
    first = rows.validation(results[0]["run"])[2]
    for one in results:
        answers = rows.validation(one["run"])[2]
        differ = int((answers.argmax(axis=1) != first.argmax(axis=1)).sum())
        name = f"{one['workers']}, one of them killed" if one["killed"] else str(one["workers"])
        lines.append(f"| {name} | {one['seconds']:.0f} | {np.abs(answers - first).max():.1e} | {differ} |")
    return "\n".join([*lines, "", f"`kaggle-digits {' '.join(TRAIN[:-1])}`, out-of-fold rows. {under}."])


def main() -> None:
    """Measures, and writes the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    options = parser.parse_args()
    here, results = machine.describe(), []
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "data").symlink_to(options.data.resolve())
        for workers, kill_after in ((1, None), (2, None), (2, 25.0)):
            results.append(train(Path(name), workers, kill_after))
            print(results[-1], flush=True)
        text = table(results, machine.sentence(here))
    for one in results:
        del one["run"]
    machine.save("cluster", {"machine": here, "results": results}, text)


if __name__ == "__main__":
    main()

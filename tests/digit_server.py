"""`kaggle-digits serve` as a child process, on a free port of loopback."""

import subprocess
import sys
from pathlib import Path

_PATIENCE = 60  # seconds until it must hear or have ended


class DigitServer:
    """A context that ends with the server.

    Attributes:
        address: such as `http://127.0.0.1:43210`.
        process: the child.
        folder: in which it runs.
    """

    def __init__(self, run: Path, *words: str) -> None:
        command = [sys.executable, "-m", "kaggle_digits", "serve", str(run), "--port", "0", *words]
        # Where it runs, it keeps corrections.
        self.folder = run.parent.parent
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=self.folder)
        assert self.process.stderr is not None
        # Before that it says which run answers.
        line = next((line for line in self.process.stderr if line.startswith("page")), "")
        self.address = line.removeprefix("page").strip()

    def __enter__(self) -> "DigitServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.communicate(timeout=_PATIENCE)

"""The process that the kaggle client runs in: it answers questions, and can be killed at any moment."""

import contextlib
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, cast

import msgspec

from kaggle_digits.competition.replies import Event, Question, Reply, Uploaded
from kaggle_digits.competition.watch import Watch

_ROOT = Path(__file__).parents[2]
# The same package as here, wherever it is; but whatever lies beside it must not stand in for the real kaggle.
_START = (
    "import sys; sys.path.insert(0, sys.argv.pop()); from kaggle_digits.competition import worker; "
    "del sys.path[0]; worker.main()"
)
_TICK = 0.1


class ClientProcess:
    """The running process, with its environment variables."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        # -P: a file of the user's in the current folder, kaggle.py say, must not stand in for the real module.
        # -W: a warning of the client's must not become an error because PYTHONWARNINGS says so for us.
        # A session of its own has no terminal, so nothing can ask for a password, and Ctrl-C reaches the parent alone.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-W", "ignore", "-c", _START, str(_ROOT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(environment),
            start_new_session=True,
        )
        self._stdin = cast("IO[bytes]", self._process.stdin)
        self._stdout = cast("IO[bytes]", self._process.stdout)
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def ask(self, question: Question, seconds: float, watch: Watch) -> Reply:
        """Sends a question and waits for its answer, until the watch has seen nothing move for so many seconds.

        Raises:
            TimeoutError: nothing moved for so many seconds. The process is still at it.
            EOFError: the process has ended; its exit status is the argument.
        """
        try:
            self._stdin.write(msgspec.json.encode(question) + b"\n")
            self._stdin.flush()
        except OSError as error:
            raise EOFError(self._process.wait()) from error
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(queue.Empty):
                line = self._lines.get(timeout=_TICK)
                if line is None:
                    raise EOFError(self._process.wait())
                message: Event | Reply = msgspec.json.decode(line, type=Event | Reply)
                if not isinstance(message, Event):
                    return message
                watch.hear(message)
            if watch.moved():
                deadline = time.monotonic() + seconds
            elif time.monotonic() > deadline:
                raise TimeoutError

    def kill(self, watch: Watch | None = None) -> None:
        """Ends the process, whatever it is doing; a watch hears whether an upload had ended. Safe to call twice."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        self._stdout.close()
        while watch is not None and not self._lines.empty():
            with contextlib.suppress(msgspec.DecodeError):  # another message, or the middle of a line
                watch.hear(msgspec.json.decode(self._lines.get() or b"", type=Uploaded))
        # A line that was never read may still be in the buffer, with nobody left to take it.
        with contextlib.suppress(OSError):
            self._stdin.close()

    def _read(self) -> None:
        for line in self._stdout:
            self._lines.put(line)
        self._lines.put(None)

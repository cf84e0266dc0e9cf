"""The part of the small Kaggle that runs programs: what is pushed is run for real, in a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PAGE = "https://www.kaggle.com/code"


class Kernels:
    """The programs pushed, by `account/name`.

    Attributes:
        inputs: the folder that Kaggle's `/kaggle/input` stands for.
        environment: further environment variables of the programs.
        pushed: what was asked for, by kernel.
        queued_looks: how many looks at a kernel show it as queued.
        status_of: a status to show instead of the true one.
        log_of: a log to show instead of the true one.
        refusal: why nothing is taken, in Kaggle's words.
        files: an output to show instead of the true one, by name.
        runs_programs: whether what is pushed is run; else it is queued for ever.
    """

    def __init__(self) -> None:
        self.inputs = Path("nothing")
        self.environment: dict[str, str] = {}
        self.pushed: dict[str, dict[str, Any]] = {}
        self.queued_looks = 0
        self.status_of = ""
        self.log_of: str | None = None
        self.refusal = ""
        self.files: dict[str, bytes] | None = None
        self.runs_programs = True
        self._folder = tempfile.TemporaryDirectory(prefix="kaggle-")
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def save(self, asked: dict[str, Any], invalid: list[str]) -> dict[str, Any]:
        """Takes a program and starts it."""
        if self.refusal:
            return {"error": self.refusal, "ref": "", "url": ""}
        kernel = asked["slug"]
        self.pushed[kernel] = asked
        if self.runs_programs:
            self._processes[kernel] = self._start(asked["text"])
        return {"ref": kernel, "url": f"{PAGE}/{kernel}", "versionNumber": 1, "invalidCompetitionSources": invalid}

    def status(self, kernel: str) -> dict[str, Any] | None:
        """What Kaggle tells of a kernel; None where there is none."""
        if kernel not in self.pushed:
            return None
        if self.queued_looks > 0:
            self.queued_looks -= 1
            return {"status": "QUEUED"}
        return {"status": self.status_of or self._status(kernel)}

    def output(self, kernel: str) -> dict[str, Any] | None:
        """Log and files of a kernel; None where there is none."""
        if kernel not in self.pushed:
            return None
        names = list(self.files) if self.files is not None else [path.name for path in self.working.iterdir()]
        files = [{"fileName": name, "url": f"http://localhost/output/{name}"} for name in names]
        return {"files": files, "log": self._log() if self.log_of is None else self.log_of}

    def file(self, name: str) -> bytes:
        """One file of the output."""
        return self.files[name] if self.files is not None else (self.working / name).read_bytes()

    @property
    def working(self) -> Path:
        """What `/kaggle/working` stands for."""
        path = Path(self._folder.name) / "working"
        path.mkdir(exist_ok=True)
        return path

    def wait(self) -> None:
        """Until every program has ended."""
        for process in self._processes.values():
            process.wait()

    def end(self) -> None:
        """Ends all programs, and forgets what they wrote."""
        for process in self._processes.values():
            process.kill()
            process.wait()
        self._folder.cleanup()

    def _start(self, text: str) -> "subprocess.Popen[bytes]":
        script = Path(self._folder.name) / "script.py"
        script.write_text(text, encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "SYSTEMROOT")}
        environment = {**kept, "KDIGITS_KAGGLE_INPUT": str(self.inputs), **self.environment}
        with (Path(self._folder.name) / "log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, str(script)], cwd=self.working, env=environment, stdout=log, stderr=log
            )

    def _status(self, kernel: str) -> str:
        if kernel not in self._processes:
            return "QUEUED"
        code = self._processes[kernel].poll()
        return "RUNNING" if code is None else "COMPLETE" if code == 0 else "ERROR"

    def _log(self) -> str:
        path = Path(self._folder.name) / "log"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        return json.dumps([{"stream_name": "stdout", "time": 1.0, "data": line + "\n"} for line in text.splitlines()])

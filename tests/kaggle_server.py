"""A small Kaggle on loopback, speaking what the real kaggle client asks for, and able to misbehave.

The client is sent here by the environment that `KaggleServer.environment` gives: it then asks `http://localhost`
through a proxy, and the proxy is this server. So addresses arrive whole in the request line.
"""

import hashlib
import json
import os
import select
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from kaggle_kernels import Kernels

from kaggle_digits.competition import Kaggle

OpenKaggle = Callable[..., Kaggle]
"""What the fixture `open_kaggle` gives."""

TOKEN = "test-token-0123456789abcdef"
ETAG = '"the-only-version"'


@dataclass
class Fault:
    """One way to misbehave.

    Attributes:
        status: the HTTP status to answer with.
        body: what to answer; None for a JSON error as Kaggle's.
        message: Kaggle's words in that JSON.
        content_type: of `body`.
        headers: further headers.
        cut_after: send only so many bytes of the real answer, then close the connection.
        stall_after: send only so many bytes of the real answer, then nothing for ever.
        bytes_a_second: send that slowly.
        reads_a_second: bytes of the request to take that slowly.
        silent: take the request and never answer.
        dropped: take the request and close the connection.
        lost: do what was asked, then close the connection, or answer with `status` where that is an error.
        skip: how many calls go well first.
        times: how often after that; then all is well again.
    """

    status: int = 200
    body: bytes | None = None
    message: str = ""
    content_type: str = "text/html"
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    stall_after: int | None = None
    bytes_a_second: int | None = None
    reads_a_second: int | None = None
    silent: bool = False
    dropped: bool = False
    lost: bool = False
    skip: int = 0
    times: int = 1_000


class KaggleServer:
    """The server, with what it knows and what it was asked.

    Attributes:
        archive: the bytes of the competition's zip.
        slug: the only competition there is.
        faults: by the name of a call (`DownloadDataFiles`, `CreateSubmission`, ...), or `zip`, `rest` of a zip,
            `upload`, and `output` of a kernel.
        calls: the names of all calls so far.
        submissions: those taken, newest first, as Kaggle lists them.
        uploads: the uploaded bytes by token.
        pending_looks: how many listings show a new submission as pending before it has its score.
        lag: how many listings do not show a new submission yet.
        describe: what the list makes of a submission's message.
        verdict: what a submission then becomes.
        left: submissions left today.
        rules_accepted: whether the account has joined the competition.
        gpu_hours: used and allowed this week, or None where it does not say.
        kernels: the programs that it runs.
        resumed_with: every byte of a resumed download is mixed (xor) with this one.
        stalled: set when a client waits for an answer that will not come.
        hung_up: set when such a client went away.
    """

    def __init__(self, archive: bytes = b"") -> None:
        self.archive = archive
        self.slug = "digit-recognizer"
        self.faults: dict[str, Fault] = {}
        self.calls: list[str] = []
        self.submissions: list[dict[str, Any]] = []
        self.uploads: dict[str, bytes] = {}
        self.pending_looks = 0
        self.lag = 0
        self.describe: Callable[[str], str] = lambda message: message
        self.verdict: dict[str, Any] = {"status": "COMPLETE", "publicScore": "0.98765"}
        self.left = 5
        self.rules_accepted = True
        self.gpu_hours: tuple[float, float] | None = None
        self.kernels = Kernels()
        self.closing = threading.Event()
        self.resumed_with = 0
        self.stalled = threading.Event()
        self.hung_up = threading.Event()
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.kaggle = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self.kernels.end()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def proxy(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def environment(self, home: Path, **changes: str) -> dict[str, str]:
        """Environment variables with which the kaggle client finds this server, and no credentials but its own."""
        here = {
            "HOME": str(home),
            "USERPROFILE": str(home),
            "KAGGLE_CONFIG_DIR": str(home / ".kaggle"),
            "KAGGLE_API_ENVIRONMENT": "LOCALHOST",
            "KAGGLE_API_TOKEN": TOKEN,
            "HTTP_PROXY": self.proxy,
            "http_proxy": self.proxy,
            "NO_PROXY": "",
            "no_proxy": "",
        }
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "SYSTEMROOT") if name in os.environ}
        asked = {name: value for name, value in {**here, **changes}.items() if value or name.lower() == "no_proxy"}
        return {**kept, **asked}

    def known(self, authorization: str) -> bool:
        return authorization == f"Bearer {TOKEN}" or authorization.startswith("Basic ")

    def take_fault(self, name: str) -> Fault | None:
        fault = self.faults.get(name)
        if fault is None or fault.times <= 0:
            return None
        if fault.skip > 0:
            fault.skip -= 1
            return None
        fault.times -= 1
        return fault

    def introspect_token(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"active": asked.get("token") == TOKEN, "username": "somebody"}

    def start_submission_upload(self, _asked: dict[str, Any]) -> dict[str, Any]:
        token = f"upload-{len(self.uploads)}"
        self.uploads[token] = b""
        return {"token": token, "createUrl": f"http://localhost/upload/{token}"}

    def create_submission(self, asked: dict[str, Any]) -> dict[str, Any]:
        ref = 1_000 + len(self.submissions)
        entry = {
            "ref": ref,
            "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "description": self.describe(asked.get("submissionDescription", "")),
            "status": "PENDING",
            "sha256": hashlib.sha256(self.uploads[asked["blobFileTokens"]]).hexdigest(),
            "looks": self.pending_looks,
            "lag": self.lag,
        }
        self.submissions.insert(0, entry)
        self.left -= 1
        return {"message": "Successfully submitted to Digit Recognizer", "ref": ref}

    def list_submissions(self, _asked: dict[str, Any]) -> dict[str, Any]:
        for entry in self.submissions:
            if entry["looks"] <= 0:
                entry.update(self.verdict)
            entry["looks"] -= 1
            entry["lag"] -= 1
        hidden = ("looks", "lag", "sha256")
        listed = [one for one in self.submissions if one["lag"] < 0]
        return {"submissions": [{k: v for k, v in one.items() if k not in hidden} for one in listed]}

    def list_competitions(self, _asked: dict[str, Any]) -> dict[str, Any]:
        address = f"https://www.kaggle.com/competitions/{self.slug}"
        return {"competitions": [{"ref": address, "userHasEntered": self.rules_accepted}]}

    def get_submission_limits(self, _asked: dict[str, Any]) -> dict[str, Any]:
        total = len(self.submissions)
        return {"numToday": total, "numTotal": total, "numAllowedNow": self.left if total else 0}

    def gpu_quota(self, _asked: dict[str, Any]) -> dict[str, Any]:
        if self.gpu_hours is None:
            return {}
        used, total = self.gpu_hours
        quota = {"timeUsed": f"{used * 3600:.0f}s", "timeReserved": "0s", "totalTimeAllowed": f"{total * 3600:.0f}s"}
        return {"quotaRefreshTime": "2026-12-05T00:00:00.000Z", "gpuQuota": quota}

    def save_kernel(self, asked: dict[str, Any]) -> dict[str, Any]:
        return self.kernels.save(asked, [] if self.rules_accepted else [self.slug])

    def kernel_status(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        return self.kernels.status(f"{asked['userName']}/{asked['kernelSlug']}")

    def kernel_output(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        return self.kernels.output(f"{asked['userName']}/{asked['kernelSlug']}")


_ANSWERS = {
    "IntrospectToken": KaggleServer.introspect_token,
    "StartSubmissionUpload": KaggleServer.start_submission_upload,
    "CreateSubmission": KaggleServer.create_submission,
    "ListSubmissions": KaggleServer.list_submissions,
    "ListCompetitions": KaggleServer.list_competitions,
    "GetSubmissionLimits": KaggleServer.get_submission_limits,
    "GetAcceleratorQuotaStatistics": KaggleServer.gpu_quota,
    "SaveKernel": KaggleServer.save_kernel,
    "GetKernelSessionStatus": KaggleServer.kernel_status,
    "ListKernelSessionOutput": KaggleServer.kernel_output,
}


class _Server(ThreadingHTTPServer):
    kaggle: KaggleServer
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that are killed hang up in the middle: that is what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.startswith("/output/"):
            self._begin("output")
        else:
            self._begin("page" if not path.endswith(".zip") else "rest" if "Range" in self.headers else "zip")

    def do_PUT(self) -> None:
        self._begin("upload")

    def do_POST(self) -> None:
        self._begin(urlsplit(self.path).path.rsplit("/", 1)[-1])

    def _begin(self, name: str) -> None:
        kaggle = self.server.kaggle
        kaggle.calls.append(name)
        fault = kaggle.take_fault(name) or Fault(times=0)
        body = self._read(int(self.headers.get("Content-Length") or 0), fault.reads_a_second)
        if fault.dropped:
            return
        if fault.silent:
            self._keep_waiting()
        elif fault.lost or (fault.status == 200 and fault.body is None):
            self._serve(name, body, fault)
        else:
            self._misbehave(fault)

    def _read(self, size: int, bytes_a_second: int | None) -> bytes:
        if bytes_a_second is None:
            return self.rfile.read(size)
        body = b""
        while len(body) < size and not self.server.kaggle.closing.wait(0.1):
            body += self.rfile.read(min(bytes_a_second // 10, size - len(body)))
        return body

    def _serve(self, name: str, body: bytes, fault: Fault) -> None:
        kaggle = self.server.kaggle
        if name == "upload":
            kaggle.uploads[self.path.rsplit("/", 1)[-1]] = body
            self._send(200, b"{}", fault)
        elif name in ("zip", "rest"):
            self._send_archive(fault)
        elif name == "output":
            self._send(200, kaggle.kernels.file(urlsplit(self.path).path.removeprefix("/output/")), fault)
        elif name == "page":
            self._send(200, b"<!DOCTYPE html><title>Log in</title>", fault, {"Content-Type": "text/html"})
        elif not kaggle.known(self.headers.get("Authorization", "")):
            self._misbehave(Fault(401, message="Unauthenticated"))
        else:
            self._call(name, json.loads(body), fault)

    def _call(self, name: str, asked: dict[str, Any], fault: Fault) -> None:
        kaggle = self.server.kaggle
        if asked.get("competitionName", kaggle.slug) != kaggle.slug:
            self._misbehave(Fault(404, message="Not found"))
        elif name == "DownloadDataFiles":
            self._send(302, b"", fault, {"Location": f"http://localhost/storage/{kaggle.slug}.zip?signature=abc"})
        else:
            answer = _ANSWERS[name](kaggle, asked)
            if answer is None:
                self._misbehave(Fault(403, message="Permission 'kernels.get' was denied"))
            elif not fault.lost:
                self._send(200, json.dumps(answer).encode(), fault, {"Content-Type": "application/json"})
            elif fault.status != 200:
                self._misbehave(fault)

    def _send_archive(self, fault: Fault) -> None:
        archive = self.server.kaggle.archive
        headers = {"Content-Type": "application/zip", "Accept-Ranges": "bytes", "ETag": ETAG}
        wanted = self.headers.get("Range")
        if wanted is None:
            self._send(200, archive, fault, headers)
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-"))
        headers["Content-Range"] = f"bytes {start}-{len(archive) - 1}/{len(archive)}"
        rest = bytes(byte ^ self.server.kaggle.resumed_with for byte in archive[start:])
        self._send(206, rest, fault, headers)

    def _misbehave(self, fault: Fault) -> None:
        headers = {"Content-Type": fault.content_type}
        body = fault.body
        if body is None:
            body = json.dumps({"code": fault.status, "message": fault.message}).encode()
            headers["Content-Type"] = "application/json"
        self._send(fault.status, body, fault, headers)

    def _send(self, status: int, body: bytes, fault: Fault, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {}), **fault.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        ends = [end for end in (fault.cut_after, fault.stall_after) if end is not None]
        self._write(body[: ends[0]] if ends else body, fault.bytes_a_second)
        if fault.stall_after is not None:
            self._keep_waiting()

    def _write(self, body: bytes, bytes_a_second: int | None) -> None:
        step = len(body) if bytes_a_second is None else max(1, bytes_a_second // 10)
        for start in range(0, len(body), step or 1):
            self.wfile.write(body[start : start + step])
            self.wfile.flush()
            self.server.kaggle.closing.wait(0 if bytes_a_second is None else 0.1)

    def _keep_waiting(self) -> None:
        kaggle = self.server.kaggle
        kaggle.stalled.set()
        while not kaggle.closing.wait(0.02):
            if _hung_up(self.connection):
                kaggle.hung_up.set()
                return


def _hung_up(connection: socket.socket) -> bool:
    readable, _, _ = select.select([connection], [], [], 0)
    try:
        return bool(readable) and not connection.recv(1, socket.MSG_PEEK)
    except ConnectionError:
        # Who is killed with unread bytes resets the connection instead of closing it.
        return True

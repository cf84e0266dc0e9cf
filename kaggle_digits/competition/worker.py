"""The only code that imports the kaggle client. It runs in a process of its own, see child.py.

The client has no time-outs, prints on stdout, asks the network while it is imported and may end the process: a process
of its own can be killed and takes nothing along.

One request comes as a line of JSON on stdin, for example `{"do": "submit", "slug": ..., "file": ..., "message": ...}`;
its answer goes to stdout, `{"done": ...}` or `{"failed": {"kind", "status", "text", "retry_after"}}`, perhaps after
lines `{"event": ...}`. When stdin ends, so does the process: it never outlives the command that started it.
"""

import json
import os
import queue
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from kaggle_digits.competition.failures import MISUNDERSTANDINGS, FailedError, clean, describe, status_of

_CHUNK_BYTES = 1 << 14
_SUBMISSIONS_LISTED = 100
_LOG_LINES = 200

Emit = Callable[[dict[str, Any]], None]


class _Session:
    """The authenticated client, made at the first request and kept."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._api: Any = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            if self._api is None:
                self._api = _connect(self._emit)
            return {"done": getattr(self, f"_{request.pop('do')}")(**request)}
        except (Exception, SystemExit) as error:
            return {"failed": describe(error, _secrets(self._api), request.get("path") or request.get("file"))}

    def _download(self, slug: str, path: str) -> None:
        self._api.target = Path(path)
        self._api.competition_download_files(slug, str(Path(path).parent), force=True, quiet=True)

    def _submit(self, slug: str, file: str, message: str) -> int:
        answer = self._api.competition_submit(file, message, slug, quiet=True)
        if answer.ref:
            return int(answer.ref)
        # A failed upload is returned, not raised. Any other answer without a number leaves open what happened.
        upload_failed = answer.message == self._api.COMPETITION_SUBMIT_UPLOAD_FAILED_MESSAGE
        raise FailedError("upload_failed" if upload_failed else "no_ref", answer.message)

    def _submissions(self, slug: str) -> list[dict[str, Any]]:
        return [_entry(one) for one in self._api.competition_submissions(slug, page_size=_SUBMISSIONS_LISTED) or []]

    def _limits(self, slug: str) -> dict[str, int]:
        limits = self._api.competition_get_submission_limits(slug)
        return {"today": limits.num_today, "total": limits.num_total, "left": limits.num_allowed_now}

    def _joined(self, slug: str) -> bool | None:
        listed = self._api.competitions_list(search=slug)
        entered = {one.ref.rsplit("/", 1)[-1]: bool(one.user_has_entered) for one in listed.competitions or []}
        return entered.get(slug)

    def _account(self, slug: str) -> str:  # noqa: ARG002
        return str(self._api.get_config_value(self._api.CONFIG_NAME_USER) or "")

    def _push(self, slug: str, folder: str) -> dict[str, Any]:  # noqa: ARG002
        answer = self._api.kernels_push(folder)
        invalid = answer.invalid_competition_sources
        return {"url": answer.url or "", "error": answer.error, "invalid": list(invalid or [])}

    def _kernel(self, slug: str, kernel: str) -> dict[str, str] | None:  # noqa: ARG002
        try:
            found = self._api.kernels_status(kernel)
        except Exception as error:
            # Kaggle tells a kernel that is not there from a private one of somebody else's as little as it can.
            if status_of(error) in (403, 404):
                return None
            raise
        return {"status": found.status.name.lower(), "message": found.failure_message}

    def _log(self, slug: str, kernel: str) -> list[str]:  # noqa: ARG002
        text = self._api.kernels_logs(kernel)
        with suppress(*MISUNDERSTANDINGS):  # it came as plain lines long ago
            text = "".join(str(part["data"]) for part in json.loads(text))
        return [clean(line, _secrets(self._api)) for line in text.splitlines()[-_LOG_LINES:]]

    def _output(self, slug: str, kernel: str, path: str) -> bool:  # noqa: ARG002
        """Downloads the file of that name; False if the kernel left none."""
        self._api.target = Path(path)
        pattern = rf"\A{re.escape(Path(path).name)}\Z"
        found, _ = self._api.kernels_output(kernel, str(Path(path).parent), file_pattern=pattern)
        return path in found


def _connect(emit: Emit) -> Any:
    # With VERBOSE set, the client reads a whole download into memory in order to print it.
    for name in ("VERBOSE", "VERBOSE_OUTPUT"):
        os.environ.pop(name, None)
    try:
        api = _api(emit)
    except OSError as error:
        raise FailedError("no_folder", f"{error.strerror}: {error.filename}") from error
    except (ImportError, SystemExit) as error:
        raise FailedError("no_client", f"{type(error).__name__}: {error}") from error
    try:
        # The import has tried this already and swallowed the reason why it failed.
        api.authenticate()
    except SystemExit:
        raise FailedError("rejected" if _given_token() else "no_credentials") from None
    except OSError as error:
        # The errors of requests are OSErrors too, without a number.
        if error.errno is None:
            raise
        raise FailedError("unreadable_credentials", f"{error.strerror}: {error.filename}") from None
    return api


def _api(emit: Emit) -> Any:
    from kaggle.api.kaggle_api_extended import KaggleApi

    class Api(KaggleApi):  # type: ignore[misc]  # the client has no types
        """The client, telling how far it is."""

        target = Path()

        def download_file(self, response: Any, _name: str, http_client: Any, *_: Any) -> None:
            emit({"event": "size", "bytes": int(response.headers.get("Content-Length") or 0) or None})
            # The client makes up the file's name from the address, which goes astray on a web page. Its own retries
            # sleep for seconds, even on a full disk; the parent's go on where the file ends, too.
            options = {"chunk_size": _CHUNK_BYTES, "resume": True, "max_retries": 0}
            try:
                super().download_file(response, str(self.target), http_client, **options)
            except ValueError as error:
                raise FailedError("cut_off", str(error)) from error

        def download_needed(self, response: Any, _outfile: str, _quiet: bool = True) -> bool:
            # Asked for every file of a kernel's output; else the client would take an error page for the file, and
            # hold all of it in memory.
            response.raise_for_status()
            emit({"event": "size", "bytes": int(response.headers.get("Content-Length") or 0) or None})
            with self.target.open("wb") as file:
                for chunk in response.iter_content(_CHUNK_BYTES):
                    file.write(chunk)
            return False

        def upload_complete(self, *arguments: Any, **options: Any) -> Any:
            result = super().upload_complete(*arguments, **options)
            emit({"event": "uploaded"})
            return result

    return Api()


def _given_token() -> str | None:
    from kagglesdk import get_access_token_from_env

    try:
        return str(get_access_token_from_env()[0] or "") or None
    except OSError:
        return None


def _entry(one: Any) -> dict[str, Any]:
    return {
        "ref": one.ref,
        "status": one.status.name.lower(),
        "score": one.public_score,
        "error": one.error_description,
        "date": one.date and one.date.isoformat(),
        "message": one.description,
    }


def _secrets(api: Any) -> set[str]:
    values = {os.environ.get("KAGGLE_API_TOKEN"), os.environ.get("KAGGLE_KEY"), _given_token()}
    proxies = [value for name, value in os.environ.items() if name.lower().endswith("_proxy")]
    values |= {proxy.rpartition("@")[0].rpartition(":")[2] for proxy in proxies if "@" in proxy}
    if api is not None:
        values |= {api.config_values.get("key"), api.config_values.get("token")}
    return {value for value in values if value}


def _own_pipes() -> tuple[TextIO, TextIO]:
    """Takes stdin and stdout away from the client, so that it can neither ask nor mix its prints in."""
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    return requests, replies


def _lines(stream: TextIO) -> Iterator[str]:
    """The lines of `stream`; when it ends, the whole process ends at once."""
    lines: queue.Queue[str] = queue.Queue()

    def read() -> None:
        for line in stream:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    while True:
        yield lines.get()


def main() -> None:
    """What the process does."""
    requests, replies = _own_pipes()

    def emit(message: dict[str, Any]) -> None:
        replies.write(json.dumps(message) + "\n")

    session = _Session(emit)
    for line in _lines(requests):
        emit(session.answer(json.loads(line)))

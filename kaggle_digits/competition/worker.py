"""The only code that imports the kaggle client. It runs in a process of its own, as a script.

The client has no time-outs, prints on stdout, asks the network while it is imported and may end the process: a process
of its own can be killed and takes nothing along. So this file imports nothing of the package.

One request comes as a line of JSON on stdin, for example `{"do": "submit", "slug": ..., "file": ..., "message": ...}`;
its answer goes to stdout, `{"done": ...}` or `{"failed": {"kind", "status", "text", "retry_after"}}`, perhaps after
lines `{"event": ...}`. When stdin ends, so does the process: it never outlives the command that started it.
"""

import errno
import json
import os
import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

_CHUNK_BYTES = 1 << 14
_SUBMISSIONS_LISTED = 100
_LONGEST_TEXT = 300

# What the client raises on an answer that is not the JSON it hopes for: a web page, half of it, another shape.
_MISUNDERSTANDINGS = (ValueError, TypeError, KeyError, AttributeError)
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT)

Emit = Callable[[dict[str, Any]], None]


class _FailedError(Exception):
    """What went wrong, where no exception of the client's says it."""

    def __init__(self, kind: str, text: str = "") -> None:
        super().__init__(text)
        self.kind = kind


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
            return {"failed": _describe(error, _secrets(self._api), request.get("path") or request.get("file"))}

    def _download(self, slug: str, path: str) -> None:
        self._api.target = Path(path)
        self._api.competition_download_files(slug, str(Path(path).parent), force=True, quiet=True)

    def _submit(self, slug: str, file: str, message: str) -> int:
        answer = self._api.competition_submit(file, message, slug, quiet=True)
        if answer.ref:
            return int(answer.ref)
        # A failed upload is returned, not raised. Any other answer without a number leaves open what happened.
        upload_failed = answer.message == self._api.COMPETITION_SUBMIT_UPLOAD_FAILED_MESSAGE
        raise _FailedError("upload_failed" if upload_failed else "no_ref", answer.message)

    def _submissions(self, slug: str) -> list[dict[str, Any]]:
        return [_entry(one) for one in self._api.competition_submissions(slug, page_size=_SUBMISSIONS_LISTED) or []]

    def _limits(self, slug: str) -> dict[str, int]:
        limits = self._api.competition_get_submission_limits(slug)
        return {"today": limits.num_today, "total": limits.num_total, "left": limits.num_allowed_now}

    def _joined(self, slug: str) -> bool | None:
        listed = self._api.competitions_list(search=slug)
        entered = {one.ref.rsplit("/", 1)[-1]: bool(one.user_has_entered) for one in listed.competitions or []}
        return entered.get(slug)


def _connect(emit: Emit) -> Any:
    # With VERBOSE set, the client reads a whole download into memory in order to print it.
    for name in ("VERBOSE", "VERBOSE_OUTPUT"):
        os.environ.pop(name, None)
    try:
        api = _api(emit)
    except OSError as error:
        raise _FailedError("no_folder", f"{error.strerror}: {error.filename}") from error
    except (ImportError, SystemExit) as error:
        raise _FailedError("no_client", f"{type(error).__name__}: {error}") from error
    try:
        # The import has tried this already and swallowed the reason why it failed.
        api.authenticate()
    except SystemExit:
        raise _FailedError("rejected" if _given_token() else "no_credentials") from None
    except OSError as error:
        # The errors of requests are OSErrors too, without a number.
        if error.errno is None:
            raise
        raise _FailedError("unreadable_credentials", f"{error.strerror}: {error.filename}") from None
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
                raise _FailedError("cut_off", str(error)) from error

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


def _describe(error: BaseException, secrets: set[str], path: str | None) -> dict[str, Any]:
    """What the parent needs in order to tell the user; never a credential."""
    kind, text, status, retry_after = _kind(error), str(error), None, None
    if kind == "http":
        response = error.response  # type: ignore[attr-defined]
        status, text = response.status_code, _message_of(response)
        retry_after = response.headers.get("Retry-After")
    elif kind == "disk" and isinstance(error, OSError):
        text = f"{error.strerror}: {error.filename or path}"
    elif kind == "unexpected":
        text = f"{type(error).__name__}: {error}"
    return {"kind": kind, "status": status, "text": _clean(text, secrets), "retry_after": retry_after}


def _kind(error: BaseException) -> str:
    import requests
    import urllib3

    if isinstance(error, _FailedError):
        return error.kind
    # An error response is falsy, so a mere `and error.response` would never hold.
    if isinstance(error, requests.exceptions.HTTPError) and error.response is not None:
        return "http"
    if isinstance(error, requests.exceptions.SSLError):
        return "untrusted"
    if isinstance(error, _MISUNDERSTANDINGS):
        return "garbled"
    if isinstance(error, requests.exceptions.RequestException | urllib3.exceptions.HTTPError):
        return "unreachable" if _never_connected(error) else "cut_off"
    return "disk" if isinstance(error, OSError) and error.errno in _DISK else "unexpected"


def _never_connected(error: BaseException) -> bool:
    import urllib3

    reason = getattr(error.args[0] if error.args else None, "reason", None)
    # Behind a proxy, urllib3 calls a connection that was cut after the request a ProxyError too: look inside.
    cause = getattr(reason, "original_error", reason)
    return isinstance(cause, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError)


def _message_of(response: Any) -> str:
    """Kaggle's own sentence, where the answer is JSON; a web page's text would help nobody."""
    if "application/json" not in response.headers.get("Content-Type", ""):
        return ""
    try:
        answer = response.json()
    except ValueError:
        return ""
    return str(answer.get("message") or "") if isinstance(answer, dict) else ""


def _secrets(api: Any) -> set[str]:
    values = {os.environ.get("KAGGLE_API_TOKEN"), os.environ.get("KAGGLE_KEY"), _given_token()}
    proxies = [value for name, value in os.environ.items() if name.lower().endswith("_proxy")]
    values |= {proxy.rpartition("@")[0].rpartition(":")[2] for proxy in proxies if "@" in proxy}
    if api is not None:
        values |= {api.config_values.get("key"), api.config_values.get("token")}
    return {value for value in values if value}


def _clean(text: str, secrets: set[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "***")
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 3] + "..."


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
    requests, replies = _own_pipes()

    def emit(message: dict[str, Any]) -> None:
        replies.write(json.dumps(message) + "\n")

    session = _Session(emit)
    for line in _lines(requests):
        emit(session.answer(json.loads(line)))


if __name__ == "__main__":
    main()

"""Kaggle's client, with an account: found, loaded, and made to tell how far it is, and what went wrong."""

import base64
import errno
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kaggle_digits.competition import credentials
from kaggle_digits.competition.replies import Event, Failed, Size, Uploaded

_CHUNK_BYTES = 1 << 12
_LONGEST_TEXT = 300

# What the client raises on an answer that is not the JSON it hopes for: a web page, half of it, another shape.
MISUNDERSTANDINGS = (ValueError, TypeError, KeyError, AttributeError)
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT)


class ClientError(Exception):
    """What went wrong, where no exception of the client's says it."""

    def __init__(self, kind: str, text: str = "") -> None:
        super().__init__(text)
        self.kind = kind


def connect(emit: Callable[[Event], None]) -> Any:
    """The authenticated client, which emits what happens on the way; raises ClientError where there is none."""
    if damage := credentials.damage(os.environ):
        raise ClientError("damaged_credentials", damage)
    # With VERBOSE set, the client reads a whole download into memory in order to print it.
    for name in ("VERBOSE", "VERBOSE_OUTPUT"):
        os.environ.pop(name, None)
    try:
        api = _api(emit)
    except OSError as error:
        raise ClientError("no_folder", f"{error.strerror}: {error.filename}") from error
    except (ImportError, SystemExit) as error:
        raise ClientError("no_client", f"{type(error).__name__}: {error}") from error
    try:
        # The import has tried this already and swallowed the reason why it failed.
        api.authenticate()
    except SystemExit:
        raise ClientError("rejected" if _given_token() else "no_credentials") from None
    except OSError as error:
        # The errors of requests are OSErrors too, without a number.
        if error.errno is None:
            raise
        raise ClientError("unreadable_credentials", f"{error.strerror}: {error.filename}") from None
    return api


def _api(emit: Callable[[Event], None]) -> Any:
    from kaggle.api.kaggle_api_extended import KaggleApi, ResumableUploadResult

    class Api(KaggleApi):  # type: ignore[misc]  # the client has no types
        """The client, telling how far it is."""

        target = Path()

        def download_file(self, response: Any, _name: str, http_client: Any, *_: Any) -> None:
            emit(_size(response))
            # The client makes up the file's name from the address, which goes astray on a web page. Its own retries
            # sleep for seconds, even on a full disk; the parent's go on where the file ends, too.
            options = {"chunk_size": _CHUNK_BYTES, "resume": True, "max_retries": 0}
            try:
                super().download_file(response, str(self.target), http_client, **options)
            except ValueError as error:
                raise ClientError("cut_off", str(error)) from error

        def download_needed(self, response: Any, _outfile: str, _quiet: bool = True) -> bool:
            # Asked for every file of a kernel's output; else the client would take an error page for the file, and
            # hold all of it in memory.
            response.raise_for_status()
            emit(_size(response))
            with self.target.open("wb") as file:
                for chunk in response.iter_content(_CHUNK_BYTES):
                    file.write(chunk)
            return False

        def upload_complete(self, *arguments: Any, **options: Any) -> Any:
            result = super().upload_complete(*arguments, **options)
            if result == ResumableUploadResult.COMPLETE:
                emit(Uploaded())
            return result

    return Api()


def _size(response: Any) -> Size:
    return Size(int(response.headers.get("Content-Length") or 0) or None)


def _given_token() -> str | None:
    from kagglesdk import get_access_token_from_env

    try:
        return str(get_access_token_from_env()[0] or "") or None
    except (OSError, UnicodeDecodeError):
        return None


def secrets(api: Any) -> list[str]:
    """What must never be told, in every form in which it travels, the longest first; `api` may be None still."""
    values = {os.environ.get("KAGGLE_API_TOKEN"), os.environ.get("KAGGLE_KEY"), _given_token()}
    proxies = [value for name, value in os.environ.items() if name.lower().endswith("_proxy")]
    values |= {proxy.rpartition("@")[0].rpartition(":")[2] for proxy in proxies if "@" in proxy}
    if api is not None:
        values |= {api.config_values.get("key"), api.config_values.get("token")}
        # So they travel: `Authorization: Basic ...`.
        values |= {f"{api.config_values.get('username')}:{value}" for value in list(values) if value}
    plain = {value for value in values if value}
    packed = {base64.b64encode(value.encode()).decode().rstrip("=") for value in plain}
    return sorted(plain | packed | {quote(value, safe="") for value in plain}, key=len, reverse=True)


def describe(error: BaseException, secrets: Iterable[str], path: str | None) -> Failed:
    """What the other process needs in order to tell the user of an error, on the way to a path, without the secrets."""
    error = _cause(error)
    kind, text, status, retry_after = _kind(error), str(error), None, None
    if kind == "http":
        response = error.response  # type: ignore[attr-defined]
        status, text, retry_after = response.status_code, _message_of(response), _retry_after(response)
    elif kind == "disk" and isinstance(error, OSError):
        text = f"{error.strerror}: {error.filename or path}"
    elif kind == "unexpected":
        text = f"{type(error).__name__}: {error}"
    return Failed(kind, clean(text, secrets), status, retry_after)


def status_of(error: BaseException) -> int | None:
    """The HTTP status of the refusal behind an error, or None."""
    return _status(_cause(error))


def clean(text: str, secrets: Iterable[str]) -> str:
    """A text on one line, without secrets, and not too long."""
    for secret in secrets:
        text = text.replace(secret, "***")
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 3] + "..."


def _cause(error: BaseException) -> BaseException:
    """What Kaggle said, where the client says something else instead: of kernels, it makes a guess at a wrong name."""
    before = error.__context__
    return before if before is not None and isinstance(error, ValueError) and _status(before) else error


def _status(error: BaseException | None) -> int | None:
    return getattr(getattr(error, "response", None), "status_code", None)


def _kind(error: BaseException) -> str:
    import requests
    import urllib3

    if isinstance(error, ClientError):
        return error.kind
    # An error response is falsy, so a mere `and error.response` would never hold.
    if isinstance(error, requests.exceptions.HTTPError) and error.response is not None:
        return "http"
    if isinstance(error, requests.exceptions.SSLError):
        return "untrusted"
    if isinstance(error, MISUNDERSTANDINGS):
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


def _retry_after(response: Any) -> float | None:
    """The seconds that Kaggle asks to wait, whether it names their number or a date."""
    import urllib3

    try:
        return round(float(urllib3.Retry().parse_retry_after(response.headers["Retry-After"])))
    except (KeyError, ValueError, OverflowError, urllib3.exceptions.InvalidHeader):
        return None


def _message_of(response: Any) -> str:
    """Kaggle's own sentence, where the answer is JSON; a web page's text would help nobody."""
    if "application/json" not in response.headers.get("Content-Type", ""):
        return ""
    with suppress(ValueError, AttributeError):  # half of it, or no object
        return str(response.json().get("message") or "")
    return ""

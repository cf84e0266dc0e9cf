"""What went wrong with the kaggle client, described so that another process understands it; never a credential."""

import errno
from collections.abc import Iterable
from typing import Any

from kaggle_digits.competition.replies import Failed

_LONGEST_TEXT = 300

# What the client raises on an answer that is not the JSON it hopes for: a web page, half of it, another shape.
MISUNDERSTANDINGS = (ValueError, TypeError, KeyError, AttributeError)
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT)


class ClientError(Exception):
    """What went wrong, where no exception of the client's says it."""

    def __init__(self, kind: str, text: str = "") -> None:
        super().__init__(text)
        self.kind = kind


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
    try:
        answer = response.json()
    except ValueError:
        return ""
    return str(answer.get("message") or "") if isinstance(answer, dict) else ""

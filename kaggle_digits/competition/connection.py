"""Kaggle's client, with an account: found, loaded, and made to tell how far it is."""

import base64
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kaggle_digits.competition import credentials
from kaggle_digits.competition.failures import ClientError
from kaggle_digits.competition.replies import Event, Size, Uploaded

_CHUNK_BYTES = 1 << 12


def connect(emit: Callable[[Event], None]) -> Any:
    """The authenticated client, which emits what happens on the way of a call.

    Raises:
        ClientError: it cannot be loaded, or there is no account.
    """
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

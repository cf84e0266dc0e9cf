"""Where the kaggle client finds its credentials: names of places only, never what they hold."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

_Place = tuple[str, Path | None, bool]


def sources(environment: Mapping[str, str]) -> list[str]:
    """The places that hold credentials, in the client's order: the first one counts and shadows the others."""
    return [name for name, _, there in _places(environment) if there]


def damage(environment: Mapping[str, str]) -> str:
    """What is wrong with the credentials that count, as the middle of a sentence; empty where nothing can be seen.

    The client itself takes some damaged files for no file, and ends in the middle of reading others.
    """
    name, file = next(((name, file) for name, file, there in _places(environment) if there), ("", None))
    try:
        text = file.read_text(encoding="utf-8") if file else environment.get("KAGGLE_API_TOKEN", "token")
    except UnicodeDecodeError:
        return f"{name} is not text"
    except OSError:
        return ""
    needed = _NEEDED.get(file.name) if file else None
    if needed is not None:
        return "" if _has(text, needed) else f"{name} is not JSON with {' and '.join(needed)}"
    token = text.strip() if file else text
    can_stand_in_a_header = token.isascii() and token.isprintable() and " " not in token
    return "" if can_stand_in_a_header else f"{name} holds something that cannot be a token"


def account_folder(environment: Mapping[str, str], slug: str) -> Path:
    """The folder beside the client's settings where it is remembered what this account has sent, from any folder."""
    return _settings_folder(environment, _home(environment)) / "kaggle-digits" / slug


def is_kaggle_notebook(environment: Mapping[str, str]) -> bool:
    """Whether this runs in a notebook on Kaggle."""
    return "KAGGLE_KERNEL_RUN_TYPE" in environment and "KAGGLE_DATA_PROXY_URL" in environment


_NEEDED = {"kaggle.json": ("username", "key"), "credentials.json": ("refresh_token",)}


def _places(environment: Mapping[str, str]) -> Iterator[_Place]:
    home = _home(environment)
    notebook = Path(environment.get("KAGGLE_API_V1_TOKEN") or home / "-")
    yield "the Kaggle notebook", notebook, is_kaggle_notebook(environment) and _filled(notebook)
    token = environment.get("KAGGLE_API_TOKEN", "")
    file = Path(token) if token and _filled(Path(token)) else None
    yield "the environment variable KAGGLE_API_TOKEN", file, bool(token)
    for name in ("access_token", "access_token.txt"):
        path = home / ".kaggle" / name
        yield f"~/.kaggle/{name}", path, _filled(path)
    both = bool(environment.get("KAGGLE_USERNAME")) and bool(environment.get("KAGGLE_KEY"))
    yield "the environment variables KAGGLE_USERNAME and KAGGLE_KEY", None, both
    older = _settings_folder(environment, home) / "kaggle.json"
    short = f"~/{older.relative_to(home).as_posix()}" if older.is_relative_to(home) else str(older)
    yield short, older, _filled(older)
    login = home / ".kaggle" / "credentials.json"
    yield "~/.kaggle/credentials.json", login, _filled(login)


def _home(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("HOME") or environment.get("USERPROFILE") or Path.home())


def _settings_folder(environment: Mapping[str, str], home: Path) -> Path:
    if environment.get("KAGGLE_CONFIG_DIR"):
        return Path(environment["KAGGLE_CONFIG_DIR"])
    usual = home / ".kaggle"
    return usual if usual.exists() else Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "kaggle"


def _filled(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except (OSError, ValueError):
        return False


def _has(text: str, needed: tuple[str, ...]) -> bool:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and all(isinstance(document.get(name), str) for name in needed)

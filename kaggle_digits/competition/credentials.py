"""Where the kaggle client finds its credentials: names of places only, never what they hold."""

from collections.abc import Iterator, Mapping
from pathlib import Path


def sources(environment: Mapping[str, str]) -> list[str]:
    """The places that hold credentials, in the client's order: the first one counts and shadows the others.

    Args:
        environment: in which the client will run.
    """
    return [place for place, there in _places(environment) if there]


def is_kaggle_notebook(environment: Mapping[str, str]) -> bool:
    """Whether this runs in a notebook on Kaggle."""
    return "KAGGLE_KERNEL_RUN_TYPE" in environment and "KAGGLE_DATA_PROXY_URL" in environment


def _places(environment: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    home = Path(environment.get("HOME") or environment.get("USERPROFILE") or Path.home())
    in_notebook = is_kaggle_notebook(environment)
    yield "the Kaggle notebook", in_notebook and _filled(Path(environment.get("KAGGLE_API_V1_TOKEN") or home / "-"))
    yield "the environment variable KAGGLE_API_TOKEN", bool(environment.get("KAGGLE_API_TOKEN"))
    for name in ("access_token", "access_token.txt"):
        yield f"~/.kaggle/{name}", _filled(home / ".kaggle" / name)
    both = bool(environment.get("KAGGLE_USERNAME")) and bool(environment.get("KAGGLE_KEY"))
    yield "the environment variables KAGGLE_USERNAME and KAGGLE_KEY", both
    folder = _settings_folder(environment, home)
    yield _short(folder / "kaggle.json", home), _filled(folder / "kaggle.json")
    yield "~/.kaggle/credentials.json", _filled(home / ".kaggle" / "credentials.json")


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


def _short(path: Path, home: Path) -> str:
    return f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else str(path)

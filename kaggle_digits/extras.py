"""What not everyone needs: whether it is installed, and the line that installs it where this Python looks for it."""

import importlib.metadata
import importlib.util
import shlex
import subprocess
import sys
from collections.abc import Iterator

from kaggle_digits.errors import DigitsError

PACKAGE = "kaggle-digits"


def require(extra: str, *modules: str, error: type[DigitsError] = DigitsError) -> None:
    """Makes sure that an extra of the package is installed.

    Args:
        extra: its name in pyproject.toml, such as `serve`.
        *modules: what is imported of it.
        error: what to raise.

    Raises:
        DigitsError: something of it is missing; the sentence has the line that installs it.
    """
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise error(f"{', '.join(missing)} {verb} not installed. Install: {line_for(extra)}")


def line_for(extra: str) -> str:
    """The command line that installs an extra for this Python, by the names of what it is made of.

    The extra's own name, `kaggle-digits[serve]`, would be looked up in the package index, where it may not be.
    """
    return install_line(*(list(_requirements(extra)) or [f"{PACKAGE}[{extra}]"]))


def install_line(*requirements: str) -> str:
    """The command line that installs packages for this Python, which may have no pip of its own.

    Args:
        *requirements: such as `fastapi>=0.115`.
    """
    if importlib.util.find_spec("pip") is not None:
        command = [sys.executable, "-m", "pip"]
    else:  # in a venv without pip; where it is activated, python3 is the venv's own, too
        command = [getattr(sys, "_base_executable", "python3"), "-m", "pip", "--python", sys.executable]
    quote = subprocess.list2cmdline if sys.platform == "win32" else shlex.join
    return quote([*command, "install", *requirements])


def _requirements(extra: str) -> Iterator[str]:
    """What an extra is made of, as pip takes it."""
    from packaging.requirements import Requirement

    try:
        texts = importlib.metadata.requires(PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        return  # run from its folder
    for text in texts:
        wanted = Requirement(text)
        if wanted.marker and wanted.marker.evaluate({"extra": extra}) and not wanted.marker.evaluate({"extra": ""}):
            wanted.marker = None
            yield str(wanted)

"""Python and the libraries."""

import importlib.metadata
import platform
import sys
from collections.abc import Iterator

from kaggle_digits import __version__, extras
from kaggle_digits.doctor.check import Check

# Below these versions, loading a model that someone sent may run their code, or worse.
_VULNERABLE = {"keras": ("3.13.2", "CVE-2024-3660, CVE-2025-1550, CVE-2026-1462")}


def checks() -> Iterator[Check]:
    """Python, this package, and each library that it needs."""
    yield Check("python", "ok", f"{platform.python_version()}, {sys.executable}")
    yield Check(extras.PACKAGE, "ok", __version__)
    try:
        required = importlib.metadata.requires(extras.PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        yield Check("libraries", "note", f"{extras.PACKAGE} is not installed", extras.install_line("."))
        return
    for text in required:
        yield from _library(text)


def _library(text: str) -> Iterator[Check]:
    """The check of one requirement, as `keras>=3.13.2,<4`; none where it is not for this machine."""
    from packaging.requirements import Requirement

    wanted = Requirement(text)
    if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
        return
    fix = extras.install_line(f"{wanted.name}{wanted.specifier}")
    try:
        version = importlib.metadata.version(wanted.name)
    except importlib.metadata.PackageNotFoundError:
        yield Check(wanted.name, "broken", "not installed", fix)
        return
    danger = vulnerability(wanted.name, version)
    if danger:
        yield Check(wanted.name, "broken", f"{version}, known to be vulnerable: {danger}", fix)
    elif not wanted.specifier.contains(version, prereleases=True):
        yield Check(wanted.name, "broken", f"{version}, but {wanted.specifier} is needed", fix)
    else:
        yield Check(wanted.name, "ok", version)


def vulnerability(name: str, version: str) -> str:
    """The names of what is known to be wrong with a library's version; empty where nothing is."""
    from packaging.version import Version

    fixed, names = _VULNERABLE.get(name, ("0", ""))
    return names if Version(version) < Version(fixed) else ""

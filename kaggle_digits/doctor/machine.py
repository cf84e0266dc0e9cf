"""Python, the libraries, processor, memory, graphics card, and where all this runs."""

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from kaggle_digits import __version__, extras
from kaggle_digits.classifiers import precision
from kaggle_digits.competition import credentials
from kaggle_digits.doctor.check import Check
from kaggle_digits.machine import free_memory, usable_cores

# What training the largest recipes takes; see the table in README.md.
_ENOUGH_MEMORY = 2e9
# Below these versions, loading a model that someone sent may run their code, or worse.
_VULNERABLE = {"keras": ("3.13.2", "CVE-2024-3660, CVE-2025-1550, CVE-2026-1462")}


def checks(environment: Mapping[str, str]) -> Iterator[Check]:
    """Where this runs, and on what."""
    colab = ", a Google Colab notebook" if "COLAB_RELEASE_TAG" in environment else ""
    where = ", a Kaggle notebook" if credentials.is_kaggle_notebook(environment) else colab
    yield Check("system", "ok", platform.platform() + where)
    seen, usable = os.cpu_count() or 1, usable_cores()
    limited = "all usable" if usable >= seen else f"{usable} usable: a container or an affinity mask limits them"
    yield Check("cores", "ok", f"{seen} seen, {limited}")
    yield _memory()
    yield _graphics(environment)
    yield precision_check(precision.instructions())


def _memory() -> Check:
    free = free_memory()
    if free is None:
        return Check("memory", "note", "unknown")
    if free < _ENOUGH_MEMORY:
        return Check("memory", "note", f"{free / 1e9:.1f} GB free", "close other programs, or train a smaller recipe")
    return Check("memory", "ok", f"{free / 1e9:.1f} GB free")


def _graphics(environment: Mapping[str, str]) -> Check:
    cards = _cards()
    if sys.platform == "darwin":
        return Check("GPU", "note", "not used: TensorFlow computes on the processor on macOS")
    if not cards:
        return Check("GPU", "note", "none: no NVIDIA driver answers; everything works without, only slower")
    if sys.platform == "win32":
        fix = "install inside WSL 2, or set KERAS_BACKEND=torch"
        return Check("GPU", "note", f"{cards[0]}, not used: TensorFlow has no GPU support on Windows", fix)
    if environment.get("CUDA_VISIBLE_DEVICES", "0") in ("", "-1"):
        return Check("GPU", "note", f"{cards[0]}, hidden by CUDA_VISIBLE_DEVICES", "unset CUDA_VISIBLE_DEVICES")
    names = {(one.metadata["Name"] or "").lower() for one in importlib.metadata.distributions()}
    if not any(name.startswith("nvidia-cudnn") for name in names) and not Path("/usr/local/cuda").exists():
        return Check("GPU", "note", f"{cards[0]}, not used: its libraries are missing", extras.line_for("gpu"))
    return Check("GPU", "ok", ", ".join(cards))


def _cards() -> list[str]:
    """The names of NVIDIA's cards, as its driver tells them; asking TensorFlow would take seconds."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    try:
        command = [tool, "--query-gpu=name", "--format=csv,noheader"]
        told = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in told.splitlines() if line.strip()]


def precision_check(fast: list[str] | None) -> Check:
    """What `--precision auto` may come to, by the processor's instructions for 16 bits; None where nobody tells."""
    if fast == []:
        return Check("precision", "ok", "float32: this processor does not multiply faster in 16 bits")
    names = f" ({', '.join(fast)})" if fast else ""
    return Check("precision", "ok", f"bfloat16 if training measures that it is faster{names}")


def libraries() -> Iterator[Check]:
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

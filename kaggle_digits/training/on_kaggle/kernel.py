"""What Kaggle runs: it unpacks the package, installs what the package needs, and hands over to it.

It is sent as text, alone, with a call of `main` below it; so it imports nothing but the standard library.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

INPUT = "KDIGITS_KAGGLE_INPUT"
MODULE = "kaggle_digits.training.on_kaggle.inside"


def main(order: dict[str, Any], package: str) -> None:
    """Carries out a `packing.Order` with the package, a wheel in base64, and ends the process."""
    # Looked for first: without them, minutes of a rare GPU would go by before anybody noticed.
    mounted = Path(os.environ.get(INPUT, "/kaggle/input"))
    if not any(found for pattern in ("*/train.csv", "*/*/train.csv") for found in mounted.glob(pattern)):
        sys.exit("error: Kaggle has not attached the competition's files. Accept its rules, then train again.")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        (work / "package.zip").write_bytes(base64.b64decode(package))
        with zipfile.ZipFile(work / "package.zip") as archive:
            archive.extractall(work / "package")
        cards = _cards()
        (work / "order.json").write_text(json.dumps({**order, "cards": cards}), encoding="utf-8")
        python = sys.executable if _has(order["pins"]) else _install(order, bool(cards), work)
        command = [python, "-m", MODULE, str(work / "order.json")]
        done = subprocess.run(command, env=_environment(work / "package"), stdin=subprocess.DEVNULL)
    sys.exit(done.returncode)


def _cards() -> list[str]:
    """The names of the graphics cards."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    told = subprocess.run([tool, "--query-gpu=name", "--format=csv,noheader"], capture_output=True, text=True)
    return told.stdout.split("\n")[:-1] if told.returncode == 0 else []


def _has(pins: dict[str, str]) -> bool:
    """Whether this Python has exactly these versions already."""
    try:
        return all(metadata.version(name) == version for name, version in pins.items())
    except metadata.PackageNotFoundError:
        return False


def _install(order: dict[str, Any], gpu: bool, work: Path) -> str:
    """A Python with the libraries of the order, apart from the many of Kaggle's own, which are older."""
    python = work / "environment" / "bin" / "python"
    pins = work / "pins.txt"
    pins.write_text("".join(f"{name}=={version}\n" for name, version in order["pins"].items()), encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-input", "-c", str(pins)]
    wanted = [*order["requirements"], *(order["gpu_requirements"] if gpu else ())]
    try:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(work / "environment")], check=True)
        subprocess.run([*pip, *wanted], check=True, stderr=subprocess.PIPE, text=True)
    except subprocess.CalledProcessError as error:
        lines = str(error.stderr or "no reason given").strip().splitlines()
        sys.exit(f"error: the libraries cannot be installed on Kaggle ({lines[-1]}). Is your phone verified there?")
    return str(python)


def _environment(package: Path) -> dict[str, str]:
    """This process's variables, less those that lead into Kaggle's own libraries."""
    folders = os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    # The driver's folder is needed. CUDA's would come before the CUDA that TensorFlow brings along.
    libraries = os.pathsep.join(folder for folder in folders if folder and "cuda" not in folder.lower())
    changes = {"PYTHONPATH": str(package), "LD_LIBRARY_PATH": libraries, "MPLBACKEND": "agg"}
    return {**os.environ, **changes}

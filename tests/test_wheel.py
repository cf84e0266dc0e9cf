"""What the package is made of when it is built, and that the same source gives the same bytes."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.version import Version

ROOT = Path(__file__).parents[1]
SOURCE = ("kaggle_digits", "pyproject.toml", "README.md", "LICENSE")
BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
# Not imported here: in a process that has loaded distutils before, setuptools warns.
pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("setuptools") is None or Version(version("setuptools")) < Version("77"),
    reason="setuptools 77 or newer is not installed",
)


def built(folder: Path, when: int) -> Path:
    """A wheel from a copy of the source whose files were written at that time, in a folder with other things."""
    for name in SOURCE:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, folder / name)
    for other in ("tests/test_evil.py", "data/train.csv", "models/run/run.json", "kaggle_digits/__pycache__/evil.pyc"):
        (folder / other).parent.mkdir(parents=True, exist_ok=True)
        (folder / other).write_text("evil")
    for path in folder.rglob("*"):
        os.utime(path, (when, when))
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    command = [sys.executable, "-c", BUILD, str(folder)]
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_it_holds_the_package_and_nothing_else_and_is_built_the_same_twice(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    wheel, again = built(tmp_path / "one", 1_600_000_000), built(tmp_path / "two", 1_650_000_000)
    assert hashlib.sha256(wheel.read_bytes()).digest() == hashlib.sha256(again.read_bytes()).digest()
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
        licences = [name for name in archive.namelist() if name.endswith("licenses/LICENSE")]
    kinds = {".py", ".typed", ".html", ".css", ".js", ".json", ".keras", ".tflite", ".md"}
    ours = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "kaggle_digits").rglob("*")
        if path.is_file() and (path.suffix in kinds or path.name == "py.typed")
    }
    assert held == ours
    assert len(licences) == 1

import importlib.metadata
import os
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from kaggle_digits import extras
from kaggle_digits.errors import DigitsError, ExportError

REPOSITORY = Path(__file__).parents[1]


def write_wheel(folder: Path, name: str, version: str) -> None:
    """A package of one empty module, as pip installs it without any network."""
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", "")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")


def test_what_is_installed_is_not_asked_for() -> None:
    extras.require("serve", "json", "email")


def test_what_is_missing_is_named_with_the_line_that_installs_it() -> None:
    with pytest.raises(ExportError) as caught:
        extras.require("serve", "json", "no_such_module", "nor_this", error=ExportError)
    told = str(caught.value)
    assert told.startswith("no_such_module, nor_this are not installed. Install: ")
    assert sys.executable in told
    with pytest.raises(DigitsError, match="no_such_module is not installed"):
        extras.require("serve", "no_such_module")


def test_an_extra_is_installed_by_what_it_is_made_of() -> None:
    """The package's own name is on no index."""
    names = {text.split(";")[0] for text in importlib.metadata.requires("kaggle-digits") if 'extra == "serve"' in text}
    assert names
    words = shlex.split(extras.line_for("serve"))
    assert set(words[words.index("install") + 1 :]) == names
    assert extras.line_for("no-such-extra").endswith("'kaggle-digits[no-such-extra]'")


@pytest.mark.skipif(sys.platform == "win32", reason="the shell's quotes")
def test_the_line_installs_into_a_venv_made_as_the_readme_says(tmp_path: Path) -> None:
    write_wheel(tmp_path, "tiny_extra", "1.5")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "my venv"], check=True)
    python = tmp_path / "my venv" / "bin" / "python"
    code = "from kaggle_digits import extras; print(extras.install_line('tiny_extra>=1,<2'))"
    line = subprocess.run(
        [python, "-c", code],
        cwd=REPOSITORY,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    base, *words = shlex.split(line)
    assert words[:3] == ["-m", "pip", "--python"]
    if subprocess.run([base, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
        pytest.skip("the Python of this machine has no pip")
    activated = {**os.environ, "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}
    offline = {**activated, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(line, shell=True, env=offline, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    subprocess.run([python, "-c", "import tiny_extra"], cwd=tmp_path, check=True)

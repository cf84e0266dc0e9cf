"""`kaggle-digits notebook`: what is sent, what is written, and that the first cells install it where it arrives."""

import ensurepip
import io
import json
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest
from kaggle_server import TOKEN, Fault, KaggleServer
from test_faults import Command, check_sentence

from kaggle_digits.competition import wheel

NOTEBOOK = Path(__file__).parents[2] / "classifier.ipynb"
PAGE = "https://www.kaggle.com/code/somebody/kaggle-digits-classifier"


@pytest.fixture
def here(command: Command, tmp_path: Path) -> Path:
    """The current folder of the commands, with the notebook in it."""
    assert command
    shutil.copy(NOTEBOOK, tmp_path / "work")
    return tmp_path / "work"


def cells(text: str) -> list[str]:
    return [cell["source"] for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]


def install_cell() -> str:
    [cell] = [source for source in cells(json.dumps(whole(NOTEBOOK))) if '"pip"' in source]
    return cell


def whole(path: Path) -> Any:
    """A notebook whose sources are texts, not lists of lines."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


@pytest.fixture(scope="module")
def pip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pip."""
    folder = tmp_path_factory.mktemp("pip")
    [bundled] = (Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl")
    with zipfile.ZipFile(bundled) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def bare(pip: Path, tmp_path: Path) -> Path:
    """A Python that has nothing but pip."""
    folder = tmp_path / "bare"
    venv.create(folder, with_pip=False)
    [site] = folder.glob("lib/python*/site-packages")
    (site / "pip.pth").write_text(f"{pip}\n")
    return folder / "bin" / "python"


def run(python: Path, code: str, folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    nowhere = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "0",
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_NO_COMPILE": "1",
    }
    program = folder / "program.py"
    program.write_text(code, encoding="utf-8")
    return subprocess.run(
        [str(python), str(program)], cwd=folder, env=nowhere | variables, capture_output=True, text=True, timeout=900
    )


IMPORTED = "\nimport kaggle_digits; print(kaggle_digits.__version__, kaggle_digits.__file__)"


def test_it_is_sent_with_the_package_and_installs_it_there(
    server: KaggleServer, command: Command, here: Path, tmp_path: Path, bare: Path
) -> None:
    server.kernels.runs_programs = False
    done = command("notebook")
    assert (done.exit_code, done.stdout) == (0, f"{PAGE}\n"), done.output
    [asked] = server.kernels.pushed.values()
    assert (asked["kernelType"], asked["isPrivate"], asked["enableGpu"]) == ("notebook", True, False)
    assert (asked["enableInternet"], asked["competitionDataSources"]) == (True, ["digit-recognizer"])
    assert len(asked["text"]) < 1_000_000
    assert TOKEN not in asked["text"]
    brings, *own = cells(asked["text"])
    assert own == cells(json.dumps(whole(NOTEBOOK)))
    (tmp_path / "kaggle").mkdir()
    installed = run(bare, brings + "\n" + own[0] + IMPORTED, tmp_path / "kaggle", PIP_NO_DEPS="1")
    assert installed.returncode == 0, installed.stderr
    assert installed.stdout.split()[0] == "0.1.0"
    assert Path(installed.stdout.split()[1]).is_relative_to(bare.parents[1])


def test_it_is_written_for_uploading_by_hand(command: Command, here: Path, tmp_path: Path, bare: Path) -> None:
    done = command("notebook", "--to", "for-kaggle", "--json", KAGGLE_API_TOKEN="")
    assert done.exit_code == 0, done.output
    notebook, file = (here / name for name in json.loads(done.stdout)["files"])
    assert notebook.read_bytes() == NOTEBOOK.read_bytes()
    mounted = tmp_path / "input" / "some-data"
    mounted.mkdir(parents=True)
    shutil.move(file, mounted)
    cell = install_cell().replace("/kaggle/input", str(tmp_path / "input"))
    lacking = run(bare, cell, tmp_path)
    assert lacking.returncode == 1
    assert lacking.stderr.startswith("The package cannot be installed. Switch on Internet in the notebook's settings.")
    assert "tensorflow" in lacking.stderr or "No matching distribution" in lacking.stderr
    installed = run(bare, cell + IMPORTED, tmp_path, PIP_NO_DEPS="1")
    assert installed.returncode == 0, installed.stderr


def test_without_the_wheel_the_first_cell_says_what_to_do(tmp_path: Path) -> None:
    bare = "import sys; sys.path[:] = sys.path[1:4]\n"  # and without what finds a package that is being worked on
    bare += "sys.meta_path[:] = [one for one in sys.meta_path if 'editable' not in repr(one).lower()]\n"
    done = run(Path(sys.executable), bare + install_cell(), tmp_path)
    assert (done.returncode, done.stderr) == (
        1,
        "The package kaggle_digits is not installed here. Install it from a clone: pip install .\n",
    )


def test_a_wheel_holds_what_the_package_needs() -> None:
    with zipfile.ZipFile(io.BytesIO(wheel.build().content)) as archive:
        names = set(archive.namelist())
        metadata = archive.read("kaggle_digits-0.1.0.dist-info/METADATA").decode()
    assert any(name.startswith("kaggle_digits/reader/") for name in names)
    assert {"kaggle_digits/py.typed", "kaggle_digits/recipes/builtin/mlp.py", "kaggle_digits/page/page.css"} <= names
    assert "Requires-Dist: keras" in metadata
    assert not [name for name in names if "__pycache__" in name]


def test_what_cannot_be_sent(server: KaggleServer, command: Command, here: Path) -> None:
    check_sentence(command("notebook", "other.ipynb"), "there is no other.ipynb here")
    (here / "torn.ipynb").write_text("{")
    check_sentence(command("notebook", "torn.ipynb"), "torn.ipynb is no notebook that can be read")
    check_sentence(command("notebook", "torn.ipynb", "--to", "there"), "torn.ipynb is no notebook that can be read")
    assert not (here / "there").exists()
    assert "SaveKernel" not in server.calls
    server.rules_accepted = False
    check_sentence(command("notebook"), "Accept the rules once")


def test_an_answer_that_is_lost(server: KaggleServer, command: Command, here: Path) -> None:
    """Sent again, it is a new version of the same notebook: that does no harm."""
    server.kernels.runs_programs = False
    server.faults["SaveKernel"] = Fault(lost=True, times=1)
    check_sentence(command("notebook"), "Send it again: kaggle-digits notebook")
    again = command("notebook")
    assert again.exit_code == 0, again.output
    assert list(server.kernels.pushed) == [PAGE.removeprefix("https://www.kaggle.com/code/")]

"""Every command takes a RUN as people name it, says which run answers, and completes it for the Tab key."""

import os
import subprocess
import sys
from pathlib import Path

import made_runs
import pytest
from typer.testing import CliRunner

from kaggle_digits.cli import app, console


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two runs."""
    monkeypatch.chdir(tmp_path)
    made_runs.make(tmp_path / "models", "knn", accuracy=0.97)
    made_runs.make(tmp_path / "models", "mlp", 1, accuracy=0.95)
    return tmp_path


def complete(line: str) -> list[str]:
    """What the Tab key offers at the end of a command line."""
    words = line.split(" ")
    environment = {"_KAGGLE_DIGITS_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    command = [sys.executable, "-m", "kaggle_digits"]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}).stdout.split()


def test_the_tab_key_knows_runs_and_recipes() -> None:
    assert complete("kaggle-digits evaluate ") == ["20261120-130000-mlp", "20261120-120000-knn", "knn", "mlp", "best"]
    assert complete("kaggle-digits predict --run k") == ["knn"]
    assert complete("kaggle-digits train inc") == ["inception"]
    assert complete("kaggle-digits runs --models nowhere ") == []


def test_the_run_that_answers_is_said() -> None:
    # The made runs have no rows: what is asked for is refused, but not before the run was named.
    done = CliRunner().invoke(app, ["evaluate", "best"])
    assert done.stderr.splitlines()[0] == "20261120-120000-knn: knn, validation accuracy 0.9700"
    done = CliRunner().invoke(app, ["evaluate", "mlp"])
    assert done.stderr.splitlines()[0] == "20261120-130000-mlp: mlp, validation accuracy 0.9500"


def test_what_a_run_does_not_know_is_said(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    two = made_runs.make(here / "models", "binary", classes=2)
    console.say_which(two)
    assert "it knows only the labels 0 and 1" in capsys.readouterr().err
    console.say_which(made_runs.make(here / "models", data=made_runs.BUNDLED))
    assert "8 x 8 pixels" in capsys.readouterr().err
    console.say_which(made_runs.make(here / "models"))
    assert "note" not in capsys.readouterr().err

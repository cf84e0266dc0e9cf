"""What `predict` shows, and what it writes."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from kaggle_digits import sources
from kaggle_digits.cli import app
from kaggle_digits.cli.reports import predictions as reports
from kaggle_digits.predictor import Prediction


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Path]:
    """The current folder, without runs: the reader answers. It has a folder of two pictures, one of them blank."""
    (tmp_path / "pictures").mkdir()
    Image.fromarray(sources.load("sklearn").train.images[0]).save(tmp_path / "pictures" / "digit.png")
    Image.new("L", (200, 200), 255).save(tmp_path / "pictures" / "blank.png")
    with contextlib.chdir(tmp_path):
        yield tmp_path


def predict(*words: str) -> Result:
    return CliRunner().invoke(app, ["predict", *words])


def test_a_file_of_answers_is_written_where_it_is_asked_for_and_never_replaced_unasked(here: Path) -> None:
    assert "answers     predictions.csv" in predict("pictures").stderr
    (here / "predictions.csv").write_text("mine\n")
    assert "note: predictions.csv exists and was kept" in predict("pictures").stderr
    assert (here / "predictions.csv").read_text() == "mine\n"
    assert predict("pictures/digit.png", "-o", "own.csv").exit_code == 0
    assert (here / "own.csv").read_text().splitlines()[0] == "image,label,probability,answer"
    assert predict("pictures", "--output", "own.txt").exit_code == 2
    assert not (here / "own.txt").exists()


def test_nothing_can_be_corrected_where_nothing_was_found(here: Path) -> None:
    refused = predict("pictures/blank.png", "--correct", "7")
    assert refused.exit_code == 1
    assert "no digit was found in this picture" in refused.stderr
    assert not (here / "corrections").exists()


def test_many_pictures_are_read_by_several_processes_as_by_one(here: Path) -> None:
    digits = sources.load("sklearn").train.images[:70]
    for number, digit in enumerate(digits):
        Image.fromarray(digit).save(here / "pictures" / f"{number:02}.png")
    (here / "pictures" / "broken.png").write_bytes(b"none")
    command = [sys.executable, "-m", "kaggle_digits", "predict", "pictures", "--skip-broken", "--json"]
    told = [
        subprocess.run(command, env={**os.environ, "KDIGITS_CORES": cores}, capture_output=True, text=True, check=True)
        for cores in ("1", "2")
    ]
    one, two = (json.loads(each.stdout) for each in told)
    assert len(one) == 72 and "broken.png" in told[1].stderr
    assert [{**each, "probabilities": None} for each in one] == [{**each, "probabilities": None} for each in two]


def test_a_terminal_shows_the_first_answers_and_how_to_get_all() -> None:
    many = [Prediction(f"{number}.png", [], (28, 28)) for number in range(1, 1_031)]
    told = reports.table(many, most=20).splitlines()
    assert told[-2].split() == ["20.png", "no", "digit", "found"]
    assert told[-1] == "... and 1,010 more: --output FILE.csv writes all"
    assert len(reports.table(many).splitlines()) == 1_031
    assert len(reports.table(many[:20], most=20).splitlines()) == 21

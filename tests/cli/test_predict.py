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
from kaggle_digits.cli import app, console
from kaggle_digits.cli.reports import predictions as reports
from kaggle_digits.predictor import LeftOut, PredictedDigit, Prediction


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
    assert (here / "own.csv").read_text().splitlines()[0] == "image,label,probability,answer,guess,doubt"
    assert predict("pictures", "--output", "own.txt").exit_code == 2
    assert not (here / "own.txt").exists()


def test_nothing_can_be_corrected_where_nothing_was_found(here: Path) -> None:
    refused = predict("pictures/blank.png", "--correct", "7")
    assert refused.exit_code == 1
    assert "no digit was found in this picture" in refused.stderr
    assert not (here / "corrections").exists()


def test_a_correction_is_answered_for(here: Path) -> None:
    digits = sources.load("sklearn").train
    for number, digit in enumerate(digits.images[digits.known_labels == 0][:5]):
        Image.fromarray(255 - digit).save(here / f"{number}.png")
    for number in range(4):
        told = predict(f"{number}.png", "--correct", "6").stderr
        assert f"corrected   1 digit, kept in corrections; answers adapt after {4 - number} more\n" in told
    nothing = predict("0.png", "--correct", "?").stderr
    assert "corrected   nothing: ? says that something is no digit, and only digits are kept" in nothing
    last = predict("4.png", "--correct", "6", "--json")
    assert "corrected   1 digit, kept in corrections\n" in last.stderr
    (again,) = json.loads(last.stdout)
    assert (again["label"], again["adapted_to"]) == ("6", 5)
    (as_before,) = json.loads(predict("4.png", "--correct", "6", "--no-personal", "--json").stdout)
    assert (as_before["guess"], as_before["adapted_to"]) == ("0", 0)


def test_a_broken_picture_of_a_folder_is_named_once(here: Path) -> None:
    (here / "pictures" / "broken.png").write_bytes(b"none")
    told = predict("pictures", "--skip-broken").stderr
    assert "left out: pictures/broken.png is not a whole image" in told
    assert told.count("broken.png") == 1


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


def test_a_narrow_terminal_tells_names_apart_and_keeps_probabilities_and_digits() -> None:
    digit = PredictedDigit(7, 0.999, 1, 0.01, [], (0, 0, 9, 9))
    marks = [LeftOut((0, 0, 9, 9), 2), LeftOut((0, 0, 9, 9), 4)]
    name = "2026-11-28-a-photo-of-a-page-of-homework-in-the-evening-light.jpg"
    some = [Prediction(f"p/{place}{name}", [[digit] * 30], (9, 9), marks) for place in "ab"]
    piped = reports.table(some)
    assert [len(line) for line in piped.splitlines()][1:] == [len(piped.splitlines()[1])] * 2
    for width in (80, 60):
        rows = [[each.image, each.told(24), "97.0%"] for each in some]
        told = console.table(["image", "label", "probability"], rows, text="image", wraps="label", width=width)
        lines = told.splitlines()
        assert max(map(len, lines)) <= width
        shown = [line for line in lines if "%" in line]
        assert [line.split()[-1] for line in shown] == ["97.0%"] * 2
        assert {line.split()[0][:3] for line in shown} == {"p/a", "p/b"}
        assert told.count("7") == 62  # with those of the probabilities


def test_a_terminal_shows_the_first_answers_and_how_to_get_all() -> None:
    many = [Prediction(f"{number}.png", [], (28, 28)) for number in range(1, 1_031)]
    told = reports.table(many, most=20).splitlines()
    assert told[-2].split() == ["20.png", "no", "digit", "found"]
    assert told[-1] == "... and 1,010 more: --output FILE.csv writes all"
    assert len(reports.table(many).splitlines()) == 1_031
    assert len(reports.table(many[:20], most=20).splitlines()) == 21


def test_a_sheet_has_the_whole_answer_and_as_much_of_the_name_as_finds_room() -> None:
    assert reports.sheet_title("a.png", "7") == "a.png: 7"
    name = f"{'very ' * 40}long.png"
    first, second = reports.sheet_title(name, "48201930 739 (left out: 1 mark)").splitlines()
    assert first.startswith("...")
    assert first.endswith(" very long.png:")
    assert len(first) == 100
    assert second == "48201930 739 (left out: 1 mark)"
    lines = reports.sheet_title("a.png", "? " * 100 + "(left out: 9 marks)").splitlines()
    assert (lines[0], lines[-1][-19:]) == ("a.png:", "(left out: 9 marks)")

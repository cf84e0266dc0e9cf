"""The reader that comes with the package: it answers where there is no run of one's own, and says so."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from kaggle_digits import export, predictor, runs, sources
from kaggle_digits.classifiers import load_files
from kaggle_digits.errors import RunError


@pytest.fixture
def seven(tmp_path: Path) -> Path:
    picture = Image.new("L", (200, 200), 255)
    ImageDraw.Draw(picture).line([(60, 50), (140, 50), (95, 155)], fill=0, width=12, joint="curve")
    picture.save(tmp_path / "seven.png")
    return tmp_path / "seven.png"


def command(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kaggle_digits", *words], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_the_second_thing_after_installing_is_a_photo(seven: Path) -> None:
    done = command("predict", "seven.png", "--json", cwd=seven.parent)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["label"] == "7"
    assert "reader, which comes with kaggle-digits: resnet, out-of-fold accuracy 0.99" in done.stderr


def test_it_adapts_to_corrections_and_says_so(seven: Path, tmp_path: Path) -> None:
    images = sources.load("sklearn").train.images
    predictor.keep_corrections(list(images[:5]), "11111", tmp_path / "corrections")
    said = [command("predict", str(seven), "--json", *more, cwd=tmp_path) for more in ((), ("--no-personal",))]
    assert [json.loads(each.stdout)[0]["adapted_to"] for each in said] == [5, 0]
    assert ["adapted to 5 corrections of yours" in each.stderr for each in said] == [True, False]


def test_a_run_of_ones_own_goes_before_it(network: runs.Run) -> None:
    models = network.path.parent
    assert predictor.load(folder=models).run.path.parent == models
    assert predictor.load("reader", models).run.path == runs.READER


def test_it_is_never_submitted(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="there is no run reader"):
        runs.find("reader", tmp_path)


def test_its_card_has_its_checksums_and_its_figures() -> None:
    run, card = runs.read(runs.READER), (runs.READER / "README.md").read_text()
    runs.verify(run)
    assert all(checksum in card for checksum in run.record.files.values())
    assert f"{run.record.validation_accuracy:.4f}" in card
    assert run.record.validation_accuracy >= 0.995


def test_it_is_small_in_the_wheel() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in runs.READER.iterdir():
            archive.write(path, path.name)
    assert len(packed.getvalue()) < 1_000_000


def test_both_its_files_answer_alike_and_read_digits_of_other_hands() -> None:
    run, digits = runs.read(runs.READER), sources.load("sklearn").train
    first, second = (load_files(run.path, [name], run.record).probabilities(digits.images) for name in run.record.files)
    assert np.abs(first - second).max() < 0.05
    assert (first.argmax(axis=1) == digits.known_labels).mean() > 0.9


@pytest.mark.parametrize("suffix", export.SUFFIXES)
def test_it_travels_without_its_data(suffix: str, tmp_path: Path) -> None:
    done = export.export(runs.read(runs.READER), tmp_path / f"reader{suffix}")
    assert done.agreement.same == done.agreement.rows == 1000


def test_it_is_checked_on_the_digits_that_are_named(tmp_path: Path) -> None:
    digits = sources.load("sklearn").train
    np.save(tmp_path / "X.npy", digits.images[:30])
    np.save(tmp_path / "y.npy", digits.known_labels[:30])
    done = export.export(runs.read(runs.READER), tmp_path / "reader.tflite", where=str(tmp_path))
    assert done.agreement.rows == 30

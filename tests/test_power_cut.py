"""Killed at any moment: nothing looks complete that is not, and the next command works.

`pytest -m nightly` kills a hundred times.
"""

import csv
import json
import os
import random
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from kaggle_server import KaggleServer
from PIL import Image
from test_fetch import ROWS, WHOLE, right_files
from typer.testing import CliRunner

from kaggle_digits import predictor, runs, sources
from kaggle_digits.cli import app
from kaggle_digits.competition import fetch, ledger, submission

SCRIPT = Path(__file__).with_name("power_cut.py")
# How many steps on the disk each command takes; power_cut.py counts them again. Should there be fewer one day, some
# cuts come too late, and are made again.
STEPS = {"train": 110, "evaluate": 24, "submit": 8, "fetch": 16}

# Seconds from a step on the disk to the kill, at most: in between, networks learn and pictures are drawn.
LONGEST_DELAY = {"train": 0.5, "evaluate": 0.2, "submit": 0.05, "fetch": 0.05}
TEST_ROWS = {"sklearn": 719, "kaggle": 28_000}

TRAIN = ["train", "simple", "--epochs", "3", "--data", "sklearn", "--seed", "5"]
NEIGHBORS = ["train", "knn", "--data", "sklearn"]
FOLDS = [*NEIGHBORS, "--folds", "2"]
EVALUATE = ["evaluate", "--data", "sklearn"]
SUBMIT = ["submit", "mine.csv"]


class Powered:
    """Runs commands in a folder, and cuts their power.

    Attributes:
        folder: the current folder of the commands.
        kills: how many were killed.
    """

    def __init__(self, folder: Path, seed: str, environment: dict[str, str] | None = None) -> None:
        self.folder, self.kills = folder, 0
        self._environment = {**os.environ, **(environment or {})}
        self._random = random.Random(seed)
        folder.mkdir(exist_ok=True)

    def cut(self, words: list[str]) -> bool:
        """Runs a command and kills it; False where it came to its end before."""
        step = self._random.randint(1, STEPS[words[0]])
        delay = self._random.choice([0, self._random.uniform(0, LONGEST_DELAY[words[0]])])
        done = self._run(step, delay, words)
        killed = done.returncode == -9
        assert killed or done.returncode == 0, done.stderr
        self.kills += killed
        return killed

    def run(self, *words: str) -> str:
        """Runs a command that must succeed; what it says on standard error."""
        done = self._run(0, 0, list(words))
        assert done.returncode == 0, done.stderr
        return done.stderr

    def _run(self, step: int, delay: float, words: list[str]) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(SCRIPT), str(step), str(delay), os.devnull, *words]
        quiet = {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL, "timeout": 1_800}
        return subprocess.run(command, cwd=self.folder, env=self._environment, check=False, **quiet)


def visible(folder: Path) -> Iterator[Path]:
    """The files below a folder, without those that are on their way, which are hidden or in a hidden folder."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def rows_of(path: Path) -> None:
    if "submissions" in path.parts:
        assert len(submission.read(path)) in TEST_ROWS.values()
        return
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    assert all(len(row) == len(header) for row in rows)


def pixels_of(path: Path) -> None:
    with Image.open(path) as image:
        image.load()


def arrays_of(path: Path) -> None:
    with np.load(path, allow_pickle=False) as arrays:
        assert all(arrays[name] is not None for name in arrays.files)


def members_of(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None


# The form of every kind of file that a command may leave: a new kind must be added here.
WHOLE_FILES: dict[str, Callable[[Path], object]] = {
    ".csv": rows_of,
    ".json": lambda path: json.loads(path.read_text()),
    ".jsonl": lambda path: [json.loads(line) for line in path.read_text().splitlines()],
    ".keras": members_of,
    ".npy": lambda path: np.load(path, allow_pickle=False),
    ".npz": arrays_of,
    ".png": pixels_of,
    ".skops": members_of,
    ".tflite": lambda path: path.read_bytes()[4:8] == b"TFL3" or pytest.fail(f"{path} is no model"),
}


def check_all_whole(folder: Path) -> None:
    """Every file that can be seen is whole, and every run is complete or listed as unfinished, never picked."""
    for part in ("models", "submissions"):
        for path in visible(folder / part):
            WHOLE_FILES[path.suffix](path)
    complete = runs.listing(folder / "models")
    for run in complete:
        assert predictor.load(run.path).classes == 10
        assert predictor.evaluate(run).report.accuracy == run.record.validation_accuracy
    begun = {path.name for path in (folder / "models").glob("[!.]*")} - {run.name for run in complete}
    assert begun == {path.name for path in runs.unfinished(folder / "models")}
    told = CliRunner().invoke(app, ["runs", "--models", str(folder / "models")])
    assert told.exit_code == 0
    assert all(f"unfinished: {name}; to continue: kaggle-digits train --resume {name}" in told.stderr for name in begun)


def check_nothing_left(folder: Path) -> None:
    """No temporary file of a killed process is left where the next one has written.

    A run that was killed while it got its name leaves a hidden folder, which a later one sweeps, a minute on.
    """
    for begun in (folder / "models").glob(".begun-*"):
        os.utime(begun, (0, 0))
    runs.run._sweep(folder / "models")
    assert [path for path in folder.rglob(".*") if path.name.startswith((".partial-", ".member-", ".begun-"))] == []


def findings(folder: Path) -> dict[str, object]:
    """What a training has found, without what depends on the clock."""
    run = runs.find(models=folder / "models")
    _, _, probabilities = runs.rows.validation(run.path)
    test = sources.load("sklearn").test
    history = run.path / "history.csv"
    return {
        "submission": (folder / "submissions" / f"{run.name}.csv").read_bytes(),
        "report": (run.path / "report.json").read_bytes(),
        "validation": probabilities.tobytes(),
        "model": predictor.load(run.path).probabilities(test.images).tobytes(),
        "history": history.exists() and [line.rpartition(",")[0] for line in history.read_text().splitlines()],
        **{
            name: getattr(run.record, name)
            for name in ("validation_accuracy", "temperature", "train_rows", "interrupted", "kept", "recipe")
        },
    }


@pytest.fixture(scope="session")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Callable[[list[str]], Path]:
    """The folder in which a command line of `train` ran and nothing happened to it."""
    known: dict[str, Path] = {}

    def find(words: list[str]) -> Path:
        key = " ".join(words)
        if key not in known:
            known[key] = tmp_path_factory.mktemp("whole")
            # In a process of its own, too: what tests load into theirs may round the last bit otherwise.
            Powered(known[key], key).run(*words)
        return known[key]

    return find


def cut_training(words: list[str], kills: int, folder: Path, expected: dict[str, object]) -> None:
    """Cuts a training again and again, going on with it in between, until it has been killed so many times."""
    power, number = Powered(folder / "1", " ".join(words)), 1
    while power.kills < kills:
        unfinished = runs.unfinished(power.folder / "models")
        extra = [word for word in words if word.startswith("--jobs")]
        if not power.cut(["train", "--resume", unfinished[-1].name, *extra] if unfinished else words):
            number += 1
            power.folder = folder / str(number)
            power.folder.mkdir()
            continue
        check_all_whole(power.folder)
    for unfinished in runs.unfinished(power.folder / "models"):
        power.run("train", "--resume", unfinished.name)
    if not runs.listing(power.folder / "models"):
        power.run(*words)
    check_all_whole(power.folder)
    check_nothing_left(power.folder)
    assert findings(power.folder) == expected


def cut_fetch(kills: int, folder: Path, server: KaggleServer) -> None:
    server.archive = WHOLE
    power = Powered(folder / "work", "fetch", server.environment(folder))
    data = power.folder / "data"
    data.mkdir()
    older = {name: content.replace(b"\r\n", b"\n") for name, content in right_files().items()}
    while power.kills < kills:
        for name, content in older.items():
            (data / name).write_bytes(content)
        power.cut(["fetch"])
        for path in visible(data):
            assert path.read_bytes() in (older[path.name], right_files()[path.name])
        fetch_until_swept(data, zip_in(folder))
        assert {path.name: path.read_bytes() for path in data.iterdir()} == right_files()


def fetch_until_swept(data: Path, archive: Path) -> None:
    """Fetches as a user would long after the kill, until nothing hidden is left.

    Once is nearly always enough. But where the command was killed while it started its own child, and the machine is
    busy, that child may still hold a copy of the folder's lock: until it becomes another program, or ends.
    """
    deadline = time.monotonic() + 60
    while True:
        for left in data.glob(".fetch-*"):
            os.utime(left, (0, 0))
        fetch.fetch(data, archive=archive, rows=ROWS, force=True)
        if not list(data.glob(".fetch-*")) or time.monotonic() > deadline:
            return
        time.sleep(0.1)


def zip_in(folder: Path) -> Path:
    (folder / "mine.zip").write_bytes(WHOLE)
    return folder / "mine.zip"


def cut_submit(kills: int, folder: Path, server: KaggleServer) -> None:
    power, number = Powered(folder / "0", "submit", server.environment(folder)), 0
    while power.kills < kills:
        number += 1
        power.folder = folder / str(number)
        power.folder.mkdir()
        write_labels(power.folder, number)
        before, server.left = len(server.submissions), 5
        killed = power.cut(SUBMIT)
        known = ledger.read(power.folder / "submissions", on_torn=lambda line: pytest.fail(f"line {line} is torn"))
        if killed and not any(entry.ref for entry in known):
            # Whether it arrived, nobody can be sure for some minutes; the test is.
            power.run(*SUBMIT, *([] if len(server.submissions) > before else ["--force"]))
        if ledger.read(power.folder / "submissions")[-1].score is None:
            power.run("scores")
        (last,) = ledger.latest(ledger.read(power.folder / "submissions"))
        assert (last.status, last.score) == ("complete", 0.98765)
        assert len(server.submissions) == before + 1
        check_all_whole(power.folder)


def write_labels(folder: Path, number: int) -> None:
    """A file like no other: one of the same bytes would be known to be on Kaggle already."""
    labels = [row % 10 for row in range(28_000)]
    submission.write(folder / "mine.csv", range(1, 28_001), [*labels[:-4], *map(int, f"{number:04}")])


def cut_evaluate(kills: int, folder: Path, trained: Path) -> None:
    power = Powered(folder / "work", "evaluate")
    shutil.copytree(trained / "models", power.folder / "models")
    run = runs.find(models=power.folder / "models")
    while power.kills < kills:
        shutil.rmtree(run.path / "evaluation-sklearn", ignore_errors=True)
        power.cut(EVALUATE)
        check_all_whole(power.folder)
        found = {path.name for path in visible(run.path / "evaluation-sklearn")}
        assert "report.json" not in found or found > {"confusion.png", "mistakes.png", "confidence.png"}
    judged = predictor.evaluate(run, "sklearn")
    assert json.loads((judged.folder / "report.json").read_text())["accuracy"] == judged.report.accuracy
    check_nothing_left(power.folder)


NIGHTLY = pytest.mark.nightly


@pytest.mark.parametrize("kills", [5, pytest.param(25, marks=NIGHTLY)])
def test_fetch(kills: int, tmp_path: Path, server: KaggleServer) -> None:
    cut_fetch(kills, tmp_path, server)


@pytest.mark.parametrize("kills", [3, pytest.param(25, marks=NIGHTLY)])
def test_submit(kills: int, tmp_path: Path, server: KaggleServer) -> None:
    cut_submit(kills, tmp_path, server)


@pytest.mark.parametrize("kills", [1, pytest.param(10, marks=NIGHTLY)])
def test_evaluate(kills: int, tmp_path: Path, uninterrupted) -> None:
    cut_evaluate(kills, tmp_path, uninterrupted(NEIGHBORS))


@pytest.mark.parametrize(
    ("words", "kills"),
    [
        (TRAIN, 1),
        pytest.param(TRAIN, 20, marks=NIGHTLY),
        pytest.param(FOLDS, 15, marks=NIGHTLY),
        pytest.param([*FOLDS, "--jobs=2"], 10, marks=NIGHTLY),
    ],
)
def test_train(words: list[str], kills: int, tmp_path: Path, uninterrupted) -> None:
    cut_training(words, kills, tmp_path, findings(uninterrupted(words)))

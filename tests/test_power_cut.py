"""Killed at any moment: nothing looks complete that is not, and the next command works.

`pytest -m nightly` kills a hundred times.
"""

import csv
import json
import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from kaggle_server import KaggleServer
from PIL import Image
from test_fetching import ROWS, WHOLE, right_files
from typer.testing import CliRunner

from kaggle_digits import evaluating, fetching, ledger, models, runs, sources, submission
from kaggle_digits.cli import app

SCRIPT = Path(__file__).with_name("power_cut.py")
# Seconds from a step on the disk to the kill, at most: in between, networks learn and pictures are drawn.
LONGEST_DELAY = {"train": 0.5, "evaluate": 0.2, "submit": 0.05, "fetch": 0.05}
TEST_ROWS = {"sklearn": 719, "kaggle": 28_000}

TRAIN = ["train", "simple", "--epochs", "3", "--data", "sklearn", "--seed", "5"]
FOLDS = ["train", "knn", "--folds", "2", "--data", "sklearn"]
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
        self._random, self._steps = random.Random(seed), dict[str, int]()
        folder.mkdir(exist_ok=True)

    def learn_steps(self, words: list[str]) -> None:
        """Runs a command to its end, and remembers how many steps it takes."""
        count = self.folder.parent / f"{self.folder.name}-steps"
        done = self._run(0, 0, count, words)
        assert done.returncode == 0, done.stderr
        self._steps[words[0]] = int(count.read_text())
        assert self._steps[words[0]] > 2

    def cut(self, words: list[str]) -> bool:
        """Runs a command and kills it; False where it came to its end before."""
        step = self._random.randint(1, self._steps[words[0]])
        delay = self._random.choice([0, self._random.uniform(0, LONGEST_DELAY[words[0]])])
        done = self._run(step, delay, Path(os.devnull), words)
        killed = done.returncode == -9
        assert killed or done.returncode == 0, done.stderr
        self.kills += killed
        return killed

    def run(self, *words: str) -> str:
        """Runs a command that must succeed; what it says on standard error."""
        done = self._run(0, 0, self.folder.parent / "unused", list(words))
        assert done.returncode == 0, done.stderr
        return done.stderr

    def _run(self, step: int, delay: float, count: Path, words: list[str]) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(SCRIPT), str(step), str(delay), str(count), *words]
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
        assert models.load(run.path).classes == 10
        assert evaluating.own_validation(run).report.accuracy == run.record["validation_accuracy"]
    begun = {path.name for path in (folder / "models").glob("[!.]*")} - {run.name for run in complete}
    assert begun == {path.name for path in runs.unfinished(folder / "models")}
    told = CliRunner().invoke(app, ["runs", "--models", str(folder / "models")])
    assert told.exit_code == 0
    assert all(f"unfinished: {name}; to go on: kaggle-digits train --resume {name}" in told.stderr for name in begun)


def check_nothing_left(folder: Path) -> None:
    """No temporary file of a killed process is left where the next one has written."""
    assert [path for path in folder.rglob(".*") if path.name.startswith((".partial-", ".member-"))] == []


def findings(folder: Path) -> dict[str, object]:
    """What a training has found, without what depends on the clock."""
    run = runs.find(models=folder / "models")
    _, _, probabilities = runs.validation_rows(run)
    test = sources.load("sklearn").test
    history = run.path / "history.csv"
    return {
        "submission": (folder / "submissions" / f"{run.name}.csv").read_bytes(),
        "report": (run.path / "report.json").read_bytes(),
        "validation": probabilities.tobytes(),
        "model": models.load(run.path).probabilities(test.images).tobytes(),
        "history": history.exists() and [line.rpartition(",")[0] for line in history.read_text().splitlines()],
        **{name: run.record[name] for name in ("validation_accuracy", "temperature", "train_rows", "interrupted")},
    }


@pytest.fixture(scope="session")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Callable[[list[str]], tuple[dict[str, object], int]]:
    """What a command line of `train` finds when nothing happens to it, and how many steps it takes."""
    known: dict[str, tuple[dict[str, object], int]] = {}

    def find(words: list[str]) -> tuple[dict[str, object], int]:
        key = " ".join(words)
        if key not in known:
            power = Powered(tmp_path_factory.mktemp("whole") / "work", "")
            power.learn_steps(words)
            known[key] = findings(power.folder), power._steps["train"]
        return known[key]

    return find


def cut_training(words: list[str], kills: int, folder: Path, expected: dict[str, object], steps: int) -> None:
    """Cuts a training again and again, going on with it in between, until it has been killed so many times."""
    power, number = Powered(folder / "1", " ".join(words)), 1
    power._steps["train"] = steps
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
    power.learn_steps(["fetch"])
    data = power.folder / "data"
    older = {name: content.replace(b"\r\n", b"\n") for name, content in right_files().items()}
    while power.kills < kills:
        for name, content in older.items():
            (data / name).write_bytes(content)
        power.cut(["fetch"])
        for path in visible(data):
            assert path.read_bytes() in (older[path.name], right_files()[path.name])
        for left in data.glob(".fetch-*"):
            os.utime(left, (0, 0))
        fetching.fetch(data, archive=zip_in(folder), rows=ROWS, force=True)
        assert {path.name: path.read_bytes() for path in data.iterdir()} == right_files()


def zip_in(folder: Path) -> Path:
    (folder / "mine.zip").write_bytes(WHOLE)
    return folder / "mine.zip"


def cut_submit(kills: int, folder: Path, server: KaggleServer) -> None:
    power = Powered(folder / "0", "submit", server.environment(folder))
    write_labels(power.folder, 0)
    power.learn_steps(SUBMIT)
    number = 0
    while power.kills < kills:
        number += 1
        power.folder = folder / str(number)
        power.folder.mkdir()
        write_labels(power.folder, number)
        before, server.left = len(server.submissions), 5
        killed = power.cut(SUBMIT)
        known = ledger.read(power.folder / "submissions", on_torn=lambda line: pytest.fail(f"line {line} is torn"))
        if killed and not any(entry.ref for entry in known):
            power.run(*SUBMIT)
        power.run("scores")
        (last,) = ledger.latest(ledger.read(power.folder / "submissions"))
        assert (last.status, last.score) == ("complete", 0.98765)
        assert len(server.submissions) == before + 1
        check_all_whole(power.folder)


def write_labels(folder: Path, number: int) -> None:
    """A file like no other: one of the same bytes would be known to be on Kaggle already."""
    labels = [row % 10 for row in range(28_000)]
    submission.write(folder / "mine.csv", range(1, 28_001), [*labels[:-4], *map(int, f"{number:04}")])


def cut_evaluate(kills: int, folder: Path) -> None:
    power = Powered(folder / "work", "evaluate")
    power.run("train", "knn", "--data", "sklearn")
    power.learn_steps(EVALUATE)
    (place,) = (power.folder / "models").glob("*/evaluation-sklearn")
    expected = (place / "report.json").read_bytes()
    while power.kills < kills:
        for path in place.iterdir():
            path.unlink()
        power.cut(EVALUATE)
        check_all_whole(power.folder)
        if (place / "report.json").exists():
            assert {path.name for path in visible(place)} > {"confusion.png", "mistakes.png", "confidence.png"}
    power.run(*EVALUATE)
    check_nothing_left(power.folder)
    assert (place / "report.json").read_bytes() == expected


NIGHTLY = pytest.mark.nightly


@pytest.mark.parametrize("kills", [3, pytest.param(25, marks=NIGHTLY)])
def test_fetch(kills: int, tmp_path: Path, server: KaggleServer) -> None:
    cut_fetch(kills, tmp_path, server)


@pytest.mark.parametrize("kills", [3, pytest.param(25, marks=NIGHTLY)])
def test_submit(kills: int, tmp_path: Path, server: KaggleServer) -> None:
    cut_submit(kills, tmp_path, server)


@pytest.mark.parametrize("kills", [1, pytest.param(10, marks=NIGHTLY)])
def test_evaluate(kills: int, tmp_path: Path) -> None:
    cut_evaluate(kills, tmp_path)


@pytest.mark.parametrize(
    ("words", "kills"),
    [
        (TRAIN, 2),
        (FOLDS, 1),
        pytest.param(TRAIN, 20, marks=NIGHTLY),
        pytest.param(FOLDS, 15, marks=NIGHTLY),
        pytest.param([*FOLDS, "--jobs=2"], 10, marks=NIGHTLY),
    ],
)
def test_train(words: list[str], kills: int, tmp_path: Path, uninterrupted) -> None:
    cut_training(words, kills, tmp_path, *uninterrupted(words))

"""A disk that is full and folders that are closed, at every writing step: one sentence, and what existed is intact."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kaggle_server import KaggleServer
from PIL import Image
from small import NEAR, but, resume, train
from small import SMALL as LARGER
from small import submission as submission_of
from test_fetch import ROWS, WHOLE, file_limit
from typer.testing import CliRunner

from kaggle_digits import predictor, runs, sources
from kaggle_digits.cli import app
from kaggle_digits.competition import fetch, submission
from kaggle_digits.errors import StorageError
from kaggle_digits.runs import Run

SMALL = but(LARGER, {"units": 8, "epochs": 1, "batch_size": 256})
NOBODY = 65_534


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A training to which nothing happened."""
    return train(NEAR, tmp_path_factory.mktemp("near"))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same, of a network."""
    return train(SMALL, tmp_path_factory.mktemp("small"))


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """Every file below a folder with its bytes, and every folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def check_sentence(error: BaseException, path: Path, next_step: str) -> None:
    assert str(path) in str(error)
    assert str(error).endswith(next_step)
    assert len(str(error).splitlines()) == 1


FIRST = [("near", "model.skops"), ("near", "validation.npz"), ("small", "model.keras"), ("near", "submission")]
REST = [
    *[("near", name) for name in ("learned.npy", "report.json")],
    *[("near", f"{name}.png") for name in ("samples", "confusion", "mistakes", "confidence")],
    *[("small", name) for name in ("model.tflite", "history.csv", "loss.png")],
]
STEPS = [*FIRST, *(pytest.param(*step, marks=pytest.mark.nightly) for step in REST)]
ROOMS = [("near", 300), ("small", 60_000)]
MORE_ROOMS = [("near", 1_200), ("near", 6_000), ("near", 60_000), ("small", 1_200), ("small", 6_000)]


@pytest.mark.parametrize(("kind", "name"), STEPS)
def test_what_cannot_be_written_is_named_and_the_training_goes_on_later(
    kind: str, name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    whole: Run = request.getfixturevalue(kind)
    run = tmp_path / "models" / whole.name
    run.mkdir(parents=True)
    shutil.copy(whole.path / runs.PLAN, run)
    blocked = tmp_path / "submissions" / f"{run.name}.csv" if name == "submission" else run / name
    blocked.mkdir(parents=True)  # a folder where the file should be stops even root
    before = snapshot(tmp_path)
    with pytest.raises(StorageError) as caught:
        resume(run.name, tmp_path)
    check_sentence(caught.value, blocked, "Something else has that name: move it away, or choose another folder.")
    assert {path: snapshot(tmp_path).get(path) for path in before} == before
    assert runs.listing(tmp_path / "models") == []
    assert runs.unfinished(tmp_path / "models") == [run]
    assert list(tmp_path.rglob(".partial-*")) == []
    blocked.rmdir()
    if name == "submission":  # the last
        assert submission_of(resume(run.name, tmp_path)) == submission_of(whole)


@pytest.mark.parametrize(
    ("kind", "room"), [*ROOMS, *(pytest.param(*each, marks=pytest.mark.nightly) for each in MORE_ROOMS)]
)
def test_a_disk_that_is_full(kind: str, room: int, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """No file may grow beyond so many bytes."""
    earlier = request.getfixturevalue(kind).path
    shutil.copytree(earlier, tmp_path / "models" / earlier.name)
    before = snapshot(tmp_path)
    with file_limit(room), pytest.raises(StorageError, match="cannot write .*File too large.*ulimit -f"):
        train({"near": NEAR, "small": SMALL}[kind], tmp_path)
    assert {path: snapshot(tmp_path).get(path) for path in before} == before
    assert [run.name for run in runs.listing(tmp_path / "models")] == [earlier.name]
    assert list(tmp_path.rglob(".partial-*")) == []
    assert list((tmp_path / "models").glob(".*")) == []


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody may look into; pytest's own are for one user."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@contextlib.contextmanager
def closed(folder: Path) -> Iterator[None]:
    """A folder that may not be written; root, who may write everywhere, becomes nobody meanwhile."""
    if not hasattr(os, "geteuid"):
        pytest.skip("this system has no such permissions")
    before = os.geteuid()
    folder.chmod(0o555)
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)
        folder.chmod(0o755)


CLOSED: dict[str, Callable[[Path], object]] = {
    "models": lambda folder: train(NEAR, folder),
    "submissions": lambda folder: train(NEAR, folder),
    "run": lambda folder: predictor.evaluate(runs.find(folder / "run"), "sklearn"),
    "data": lambda folder: fetch.fetch(folder / "data", archive=folder / "mine.zip", rows=ROWS),
}


@pytest.mark.parametrize("name", CLOSED)
def test_a_closed_folder_is_named(name: str, place: Path, near: Run) -> None:
    for each in ("models", "submissions", "data"):
        (place / each).mkdir()
        if each != name:
            (place / each).chmod(0o777)
    shutil.copytree(near.path, place / "run")
    (place / "mine.zip").write_bytes(WHOLE)
    (place / "data" / "notes.txt").write_text("mine")
    before = snapshot(place)
    with closed(place / name), pytest.raises(StorageError, match="Permission denied") as caught:
        CLOSED[name](place)
    check_sentence(caught.value, place / name, "Choose a folder that you may write to.")
    assert {path: snapshot(place).get(path) for path in before} == before
    assert predictor.load(place / "run").classes == 10
    assert runs.listing(place / "models") == []


def command(folder: Path, *words: str) -> str:
    with contextlib.chdir(folder):
        result = CliRunner().invoke(app, list(words))
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.stderr
    return result.stderr.splitlines()[-1]


def test_answers_that_cannot_be_written(near: Run, place: Path) -> None:
    shutil.copytree(near.path, place / "models" / near.name)
    (place / "pictures").mkdir()
    Image.fromarray(sources.load("sklearn").train.images[0]).save(place / "pictures" / "a.png")
    with closed(place):
        assert "cannot write predictions.csv: Permission denied" in command(place, "predict", "pictures")
        assert "cannot write explained" in command(place, "predict", "pictures/a.png", "--explain")
    (place / "explained").write_text("a file")
    assert "cannot write explained" in command(place, "predict", "pictures/a.png", "--explain")
    assert (place / "explained").read_text() == "a file"


def test_nothing_is_sent_that_the_ledger_cannot_take(
    server: KaggleServer, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission.write(place / "mine.csv", range(1, 28_001), [row % 10 for row in range(28_000)])
    (place / "home").mkdir(mode=0o777)
    for name, value in server.environment(place / "home").items():
        monkeypatch.setenv(name, value)
    (place / "submissions").write_text("a file")
    assert "submissions/ledger.jsonl cannot be read: Not a directory" in command(place, "submit", "mine.csv")
    (place / "submissions").unlink()
    (place / "submissions").mkdir()
    with closed(place / "submissions"):
        assert "cannot write submissions" in command(place, "submit", "mine.csv")
    (place / "submissions" / "ledger.jsonl").mkdir()
    assert "ledger.jsonl" in command(place, "submit", "mine.csv")
    assert "CreateSubmission" not in server.calls

"""Whatever is put in, it is handled rightly or refused in one sentence: never a traceback, never without end.

Images, arrays, CSVs and zips by themselves have their corpora in tests/sources and test_fetch.py; here are the
commands, the run folders, and what is no file at all.
"""

import contextlib
import copy
import functools
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from test_fetch import ROWS, WHOLE, contents, right_files
from typer.main import get_command
from typer.testing import CliRunner, Result

from kaggle_digits import recipes, runs, sources, training
from kaggle_digits.classifiers.classic import ClassicModel
from kaggle_digits.cli import app
from kaggle_digits.competition import fetch, ledger, submission
from kaggle_digits.digits import Digits, split
from kaggle_digits.errors import DataError, DigitsError, SubmissionError
from kaggle_digits.runs import Plan
from kaggle_digits.sources import kaggle_csv
from kaggle_digits.training import audit, writing

# Fixtures are folders that every example writes anew.
RUN = "20261120-120000-knn"
"""The complete run of `place`."""

MANY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@contextlib.contextmanager
def no_hanging(seconds: int = 120) -> Iterator[None]:
    """Fails instead of waiting for ever."""

    def fail(*_: object) -> None:
        raise AssertionError(f"still busy after {seconds} seconds")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@functools.cache
def labelled() -> Digits:
    """scikit-learn's digits, loaded once."""
    return sources.load("sklearn").train


def is_one_sentence(error: BaseException) -> None:
    assert 0 < len(str(error).splitlines()) <= 2
    assert len(str(error)) < 5_000


def call(*words: str) -> Result:
    with no_hanging():
        result = CliRunner().invoke(app, list(words))
    assert result.exception is None or isinstance(result.exception, SystemExit), (words, result.exception)
    assert result.exit_code in (0, 1, 2), words
    if result.exit_code == 1:
        assert "error: " in result.stderr
    return result


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a complete run of a small model, a picture, a submission and a ledger."""
    import matplotlib as mpl

    mpl.use("agg")
    folder = tmp_path_factory.mktemp("place")
    digits = labelled()
    kept, held_out = split(digits, 0.1, 0)
    train, validation = digits.take(kept), digits.take(held_out)
    rows = train.images.reshape(len(train), -1).astype(np.float32) / 255
    model = ClassicModel(make_pipeline(PCA(5, random_state=0), KNeighborsClassifier(3)).fit(rows, train.known_labels))
    plan = Plan("knn", "sklearn", {"neighbors": 3, "components": 5})
    beginning = runs.Beginning(
        plan=plan,
        recipe=recipes.load("knn").with_values(plan.values).record(),
        data=runs.DataRecord(name="sklearn", path="sklearn", kind="sklearn", train_sha256={}),
        classes=10,
        image_shape=(28, 28),
        versions={"python": "3"},
        machine="here",
        started=datetime(2026, 11, 20, 12).astimezone(),
    )
    path = runs.start(folder / "models", beginning)
    assert path.name == RUN
    trained = writing.Trained(
        classifier=model,
        files=model.save(path),
        layers=model.layers(),
        learned=train,
        validation=validation,
        probabilities=model.probabilities(validation.images),
        history=[],
        train_seconds=1.0,
    )
    writing.complete(path, beginning, trained, writing.write_numbers(path, trained), 1.0)
    Image.fromarray(validation.images[0]).save(folder / "good.png")
    submission.write(folder / "mine.csv", range(1, 28_001), [row % 10 for row in range(28_000)])
    return folder


@pytest.fixture
def here(place: Path) -> Iterator[Path]:
    """The same, as the current folder."""
    with contextlib.chdir(place):
        yield place


# Command lines.

COMMANDS: dict[str, list[str]] = {
    "blend": ["nothing"],
    "doctor": ["--offline"],
    "evaluate": [],
    "fetch": ["--zip"],
    "predict": [],
    "recipes": [],
    "runs": [],
    "scores": ["--no-refresh"],
    "submit": ["--dry-run"],
    "train": [],
    "tune": ["--data", "nowhere"],
}
"""All that neither ask the network nor wait for ever, with what keeps them from it."""

NAMES = ["good.png", "mine.csv", "models", RUN, "mlp", "knn", "strong", "nowhere", ".", "..", "/"]
NUMBERS = ["0", "-1", "1", "3", "0.5", "1e309", "nan", "inf", "-inf", "9" * 400, "0x10", "1_0", "٣", "10s", "1h"]
TEXTS = ["", " ", "-", "--", "=", "%s", "{}", "\x1b[31m", "a" * 5_000, "é" * 300, "\udcff", "a\nb", "/dev/zero", "~"]


def words_of(command: str) -> list[str]:
    parameters = get_command(app).commands[command].params  # type: ignore[attr-defined]
    return [name for parameter in parameters for name in (*parameter.opts, *parameter.secondary_opts) if name[0] == "-"]


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    command = draw(st.sampled_from(sorted(COMMANDS)))
    plain = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
    values = st.one_of(st.sampled_from(NAMES + NUMBERS + TEXTS), plain)
    words = st.one_of(values, st.sampled_from(words_of(command)), st.tuples(st.just("--epochs="), values).map("".join))
    fixed = COMMANDS[command] + (["mine.csv"] if command == "fetch" else [])
    return [command, *draw(st.lists(words, max_size=5)), *fixed]


@MANY
@given(command_lines())
@pytest.mark.usefixtures("here")
def test_any_command_line_is_understood_or_refused(words: list[str]) -> None:
    result = call(*words)
    assert "Traceback" not in result.stderr
    assert result.exit_code != 1 or len(result.stderr.split("error: ", 1)[1].splitlines()) <= 2


# Run folders.

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.sampled_from([10**30, -1])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=4,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document, as the keys that lead there."""
    if path:
        yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from places(inner, (*path, key))


def edited(document: Any, path: tuple[Any, ...], value: Any, remove: bool) -> Any:
    changed = copy.deepcopy(document)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    if remove:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return changed


ASKING = (
    ["runs"],
    ["runs", "--json"],
    ["evaluate"],
    ["evaluate", "--json"],
    ["predict", "good.png"],
    ["submit", "--dry-run"],
    ["runs", "--compare", RUN, RUN],
)


@MANY
@given(st.data())
def test_a_run_that_was_edited_is_handled_or_refused(here: Path, data: st.DataObject) -> None:
    record = here / "models" / RUN / "run.json"
    whole = record.read_text()
    document = json.loads(whole)
    path = data.draw(st.sampled_from(sorted(places(document), key=str)))
    document = edited(document, path, data.draw(JSON), data.draw(st.booleans()))
    try:
        record.write_text(json.dumps(document))
        for words in data.draw(st.permutations(ASKING))[:3]:
            call(*words)
    finally:
        record.write_text(whole)


@MANY
@given(st.data())
def test_a_plan_that_was_edited_is_not_gone_on_with_blindly(here: Path, data: st.DataObject) -> None:
    folder = here / "models" / "unfinished"
    folder.mkdir(exist_ok=True)
    plan = json.loads((here / "models" / RUN / runs.PLAN).read_text())
    # Where a training could go on in earnest there would be nothing to see but its end.
    plan["data"]["train_sha256"] = {"train.csv": "of another file"}
    keys = [path for path in places(plan) if path[:2] != ("data", "train_sha256")]
    path = data.draw(st.sampled_from(sorted(keys, key=str)))
    (folder / runs.PLAN).write_text(json.dumps(edited(plan, path, data.draw(JSON), data.draw(st.booleans()))))
    try:
        assert call("train", "--resume", "unfinished").exit_code == 1
        call("runs")
    finally:
        shutil.rmtree(folder)


@MANY
@given(st.sampled_from(["validation.npz", "learned.npy", "model.skops", "run.json"]), st.data())
def test_a_file_of_a_run_that_is_damaged_is_handled_or_refused(here: Path, name: str, data: st.DataObject) -> None:
    path = here / "models" / RUN / name
    whole = path.read_bytes()
    changed = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for place, value in data.draw(st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 255)), max_size=4)):
        if changed:
            changed[place % min(len(changed), 400 if place % 2 else 2**20)] = value
    try:
        path.write_bytes(changed)
        call("evaluate")
        call("predict", "good.png")
        call("runs")
    finally:
        path.write_bytes(whole)


FOREIGN: dict[str, dict[str, str]] = {
    "nothing in it": {},
    "another program's": {"run.json": '{"id": 7}'},
    "an older format": {"run.json": '{"format": 1, "started": "2025-01-01T00:00:00+00:00"}'},
    "a later format": {"run.json": '{"format": 3, "started": "2027-01-01T00:00:00+00:00"}'},
    "a format that is no number": {"run.json": '{"format": [1], "started": "2027-01-01T00:00:00+00:00"}'},
    "no time zone": {"run.json": '{"format": 2, "started": "2026-11-20T12:00:00"}'},
    "hardly anything": {"run.json": '{"format": 2, "started": "2026-11-20T12:00:00+00:00"}'},
    "a list": {"run.json": "[1]"},
    "too deep": {"run.json": "[" * 50_000},
    "not a number": {"run.json": '{"format": 2, "started": "2026-11-20T12:00:00+00:00", "seconds": NaN}'},
    "half of it": {"run.json": '{"format": 2, "star'},
    "Latin 1": {"run.json": '{"format": 2, "é": ""}'},
    "a plan of nothing": {"plan.json": "{}"},
    "a plan of an older release": {"plan.json": '{"format": 1, "started": "2026-11-20T12:00:00+00:00"}'},
    "a plan of a release before plans": {"started.json": '{"format": 1, "started": "2026-11-20T12:00:00+00:00"}'},
}


@pytest.mark.parametrize("case", FOREIGN)
def test_a_foreign_folder_disturbs_nothing_and_is_refused_by_name(case: str, here: Path) -> None:
    folder = here / "models" / "foreign"
    folder.mkdir()
    try:
        for name, text in FOREIGN[case].items():
            (folder / name).write_text(text, encoding="latin-1")
        assert call("evaluate").exit_code == 0
        for words in (["evaluate", "foreign"], ["submit", "foreign", "--dry-run"], ["train", "--resume", "foreign"]):
            result = call(*words)
            assert result.exit_code == 1
            assert "foreign" in result.stderr
        call("runs")
        call("runs", "--json")
    finally:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


def test_a_run_whose_name_is_no_text_is_listed(here: Path) -> None:
    name = os.fsdecode(b"\xff-run")
    try:
        (here / "models" / RUN).rename(here / "models" / name)
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    try:
        for words in (["evaluate", name], ["runs"], ["runs", "--json"]):
            command, strict = [sys.executable, "-m", "kaggle_digits", *words], {"PYTHONIOENCODING": "utf-8:strict"}
            done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, **strict})
            told = done.stderr.splitlines()  # which run answers, and that it has learned small digits
            assert (done.returncode, len(told)) == (0, 2 if words[0] == "evaluate" else 0), done.stderr
            assert b"-run" in done.stdout
    finally:
        (here / "models" / name).rename(here / "models" / RUN)


# What is no file: it would be read for ever.


def zeros(path: Path) -> None:
    path.symlink_to("/dev/zero")


KINDS: dict[str, Callable[[Path], object]] = {"a pipe": os.mkfifo, "a device": zeros, "a folder": Path.mkdir}

READERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "train.csv": ("train.csv", lambda path: sources.load(path.parent)),
    "X.npy": ("X.npy", lambda path: sources.load(path.parent)),
    "a picture to learn": ("3/a.png", lambda path: sources.load(path.parents[1])),
    "a zip": ("mine.zip", lambda path: fetch.fetch(path.parent / "data", archive=path, rows=ROWS)),
    "a submission": ("mine.csv", submission.read),
    "a list of rows": ("list.csv", audit.read_ids),
    "a recipe file": ("own.py", lambda path: recipes.load(str(path))),
    "the ledger": (ledger.FILE, lambda path: ledger.read(path.parent)),
    "run.json": ("run/run.json", lambda path: runs.find("run", path.parents[1])),
    "plan.json": ("run/plan.json", lambda path: runs.interrupted(path.parent)),
    "history.csv": ("run/history.csv", lambda path: runs.history.read(path.parent)),
    "validation.npz": ("run/validation.npz", lambda path: runs.rows.validation(path.parent)),
    "learned.npy": ("run/learned.npy", lambda path: runs.rows.learned(path.parent)),
    "pixel rows": ("test.csv", sources.read_rows),
}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes among its files")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_file_is_refused_at_once(reader: str, kind: str, tmp_path: Path) -> None:
    name, read = READERS[reader]
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    KINDS[kind](path)
    with no_hanging(30), pytest.raises(DigitsError) as caught:
        read(path)
    is_one_sentence(caught.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes among its files")
@pytest.mark.usefixtures("here")
def test_rows_due_are_not_counted_in_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "test.csv")
    assert call("submit", "mine.csv", "--dry-run", "--data", str(tmp_path)).exit_code == 0


# Bytes in the place of CSVs, lists, ledgers and zips.

CSV = right_files()["train.csv"]
CHANGES = st.lists(
    st.tuples(
        st.integers(0, 2**16),
        st.integers(0, 3),
        st.one_of(
            st.sampled_from(
                [b"", b",", b'"', b"\n", b"\r\n", b"\0", b"-1", b"256", b"1e2", b"nan", b"\xff", b"\xef\xbb\xbf"]
            ),
            st.binary(max_size=5),
        ),
    ),
    min_size=1,
    max_size=4,
)


def changed(whole: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """Bytes are taken out at some places, and others put in."""
    for place, length, new in changes:
        start = place % (len(whole) + 1) if place % 2 else place % 60
        whole = whole[:start] + new + whole[start + length :]
    return whole


@MANY
@given(CHANGES)
def test_a_csv_with_changed_bytes_is_read_or_refused(tmp_path: Path, changes: list[tuple[int, int, bytes]]) -> None:
    path = tmp_path / "train.csv"
    path.write_bytes(changed(CSV, changes))
    try:
        digits = kaggle_csv.read(path, labelled=True)
    except DataError as error:
        is_one_sentence(error)
    else:
        assert digits.image_shape == (28, 28)


@MANY
@given(CHANGES)
def test_a_submission_with_changed_bytes_is_read_or_refused(
    tmp_path: Path, changes: list[tuple[int, int, bytes]]
) -> None:
    (tmp_path / "s.csv").write_bytes(changed(b"ImageId,Label\n1,0\n2,9\n3,5\n", changes))
    try:
        assert set(submission.read(tmp_path / "s.csv")) <= set(range(10))
    except SubmissionError as error:
        is_one_sentence(error)


@MANY
@given(CHANGES)
def test_a_list_of_rows_with_changed_bytes_is_read_or_refused(
    tmp_path: Path, changes: list[tuple[int, int, bytes]]
) -> None:
    (tmp_path / "doubtful.csv").write_bytes(changed(b"id,label\n1,0\n20,9\n300,5\n", changes))
    try:
        ids = audit.read_ids(tmp_path / "doubtful.csv")
    except DataError as error:
        is_one_sentence(error)
    else:
        assert all(isinstance(one, int | str) for one in ids)
        is_known_or_refused(ids)


def is_known_or_refused(ids: tuple[int | str, ...]) -> None:
    """What is not among the rows is named when a training begins."""
    digits = labelled()
    if set(ids) <= set(digits.ids.tolist()):
        return
    with pytest.raises(DataError, match="there is no training image with the id") as caught:
        training.train(Plan("knn", exclude=ids), source=sources.Source("here", None, digits, None))
    is_one_sentence(caught.value)


@MANY
@given(CHANGES)
def test_a_recipe_file_with_changed_bytes_is_understood_or_refused(
    tmp_path: Path, changes: list[tuple[int, int, bytes]]
) -> None:
    """Read, not run: what a program of the user's own does is their affair."""
    path = tmp_path / "own.py"
    path.write_bytes(changed(recipes.source("cnn").encode(), changes))
    try:
        assert isinstance(recipes.outline(str(path)), recipes.Outline)
    except DigitsError as error:
        is_one_sentence(error)


LINE = (
    json.dumps(msgspec.structs.asdict(ledger.Entry("t", None, "a.csv", "ab", 7, "m", "pending", 0.5))).encode() + b"\n"
)


@MANY
@given(CHANGES)
def test_a_ledger_with_changed_bytes_is_read_or_refused(tmp_path: Path, changes: list[tuple[int, int, bytes]]) -> None:
    (tmp_path / ledger.FILE).write_bytes(changed(LINE * 3, changes))
    try:
        ledger.latest(ledger.read(tmp_path))
        ledger.scores(tmp_path)
    except DataError as error:
        is_one_sentence(error)


@MANY
@given(CHANGES, st.integers(0, len(WHOLE)))
def test_a_zip_with_changed_bytes_is_taken_whole_or_not_at_all(
    tmp_path: Path, changes: list[tuple[int, int, bytes]], length: int
) -> None:
    whole = WHOLE if length % 2 else WHOLE[:length]
    (tmp_path / "mine.zip").write_bytes(changed(whole, changes))
    data = tmp_path / "data"
    data.mkdir(exist_ok=True)
    before = contents(data)
    try:
        fetch.fetch(data, archive=tmp_path / "mine.zip", rows=ROWS, force=True)
    except DataError as error:
        is_one_sentence(error)
        assert contents(data) == before
    else:
        assert contents(data) == right_files()


def test_a_submission_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "s.csv").open("wb") as file:
        file.truncate(1 << 33)  # takes no room on the disk
    with pytest.raises(SubmissionError, match="it has 8,589,934,592 bytes"):
        submission.read(tmp_path / "s.csv")


def bomb(rows: int) -> bytes:
    """Little on the disk, and a thousand times as much in memory."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, ids=np.zeros(rows, np.int64), labels=np.zeros(1), probabilities=np.zeros(1))
    return buffer.getvalue()


def test_rows_that_would_fill_the_memory_are_not_read(here: Path) -> None:
    path = here / "models" / RUN / "validation.npz"
    whole = path.read_bytes()
    try:
        path.write_bytes(bomb(40_000_000))
        assert "it would take 320,000" in call("evaluate").stderr
    finally:
        path.write_bytes(whole)

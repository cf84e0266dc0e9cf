"""Trainings on Kaggle, from the command to the run at home; one of them runs the pushed program for real."""

import contextlib
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kaggle_server import TOKEN, Fault, KaggleServer, OpenKaggle
from typer.testing import CliRunner, Result

from kaggle_digits import recipes, runs, sources, training
from kaggle_digits.cli import app
from kaggle_digits.competition import kernels, submission
from kaggle_digits.errors import DigitsError
from kaggle_digits.files import digit_recognizer
from kaggle_digits.training.on_kaggle import parcel

ROWS, TEST_ROWS = 300, 60
PUSH, STATUS, OUTPUT = "SaveKernel", "GetKernelSessionStatus", "ListKernelSessionOutput"
# Short enough for short pauses, long enough for a busy machine to start the child.
PATIENCE = {"KDIGITS_TIMEOUT": "12"}

Command = Callable[..., Result]


def write_competition(folder: Path) -> Path:
    """Files of the competition's form, from scikit-learn's digits."""
    folder.mkdir(parents=True)
    digits = sources.load("sklearn").train
    pixels = digits.images.reshape(len(digits), -1)
    rows = np.column_stack([digits.known_labels, pixels])[:ROWS]
    header = ",".join(digit_recognizer.PIXELS)
    np.savetxt(folder / "train.csv", rows, "%d", ",", header=f"label,{header}", comments="")
    np.savetxt(folder / "test.csv", pixels[ROWS : ROWS + TEST_ROWS], "%d", ",", header=header, comments="")
    return folder


def call(server: KaggleServer, folder: Path, *words: str, **changes: str) -> Result:
    """Runs a command in the folder `work`, with an account on the server."""
    for name in ("home", "work"):
        (folder / name).mkdir(exist_ok=True)
    environment = server.environment(folder / "home", **PATIENCE, **changes)
    with contextlib.chdir(folder / "work"), pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        if "KAGGLE_API_TOKEN" not in environment:
            patch.delenv("KAGGLE_API_TOKEN", raising=False)
        return CliRunner().invoke(app, list(words))


@pytest.fixture
def command(server: KaggleServer, tmp_path: Path) -> Command:
    """As `call`, on the server of this test."""
    return lambda *words, **changes: call(server, tmp_path, *words, **changes)


@dataclass
class Trained:
    """What a training on the small Kaggle left behind.

    Attributes:
        folder: the current folder of the command was its folder `work`.
        done: what the command printed.
        asked: what was pushed.
        files: the output of the program, by name.
    """

    folder: Path
    done: Result
    asked: dict[str, object]
    files: dict[str, bytes]

    @property
    def run(self) -> runs.Run:
        return runs.find(models=self.folder / "work" / "models")


def train(folder: Path, layout: str, *words: str) -> Trained:
    """Runs the pushed program for real, with the competition's files mounted in one of Kaggle's two ways."""
    with KaggleServer() as server:
        server.kernels.inputs = folder / "input"
        server.kernels.queued_looks = 1
        write_competition(folder / "input" / layout)
        done = call(server, folder, "train", *words, "--on", "kaggle", "--json")
        [asked] = server.kernels.pushed.values()
        files = {path.name: path.read_bytes() for path in server.kernels.working.iterdir()}
        return Trained(folder, done, asked, files)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A network, with the files where Kaggle has mounted them since 2025."""
    folder = tmp_path_factory.mktemp("on-kaggle")
    return train(folder, "competitions/digit-recognizer", "simple", "--epochs", "2", "--seed", "3")


def test_a_run_comes_home(trained: Trained) -> None:
    assert trained.done.exit_code == 0, trained.done.stderr
    told = json.loads(trained.done.stdout)
    run = trained.run
    runs.verify(run)
    assert (told["run"], told["recipe"], told["validation_accuracy"]) == (
        run.name,
        "simple",
        run.record.validation_accuracy,
    )
    page = f"https://www.kaggle.com/code/somebody/kaggle-digits-{run.name}"
    lines = trained.done.stderr.splitlines()
    assert lines[:2] == [f"sent to Kaggle: {page}", "Kaggle: queued"]
    assert lines[-1] == "Kaggle: complete"
    record = run.record
    assert record.kaggle == runs.KaggleRecord(account="somebody", page=page, cards=[])
    assert (record.plan.on, record.plan.seed, record.epochs, record.test_rows) == ("kaggle", 3, 2, TEST_ROWS)
    assert record.data.path == str(trained.folder / "work" / "data")
    assert record.data.sha256.keys() == {"train.csv", "test.csv"}
    assert {path.name for path in run.path.iterdir()} >= {"model.keras", "report.json", "loss.png", "validation.npz"}
    assert not [path for path in run.path.iterdir() if path.name.startswith(".")]
    assert parcel.SUBMISSION not in {path.name for path in run.path.iterdir()}


def test_what_was_pushed(trained: Trained) -> None:
    asked = trained.asked
    assert asked["isPrivate"] is True
    assert asked["enableGpu"] is True
    assert asked["enableInternet"] is True
    assert asked["machineShape"] == "NvidiaTeslaT4"
    assert asked["kernelType"] == "script"
    assert asked["competitionDataSources"] == ["digit-recognizer"]
    assert len(str(asked["text"])) < 1_000_000
    assert TOKEN not in str(asked["text"])


def test_every_title_fits() -> None:
    longest = max(recipes.names(), key=len)
    # Kaggle answers a longer title with an internal error: https://github.com/Kaggle/kaggle-cli/pull/179.
    assert len(f"kaggle-digits-20261121-090138-{longest}-999") <= 50


def test_the_run_works_as_if_it_had_been_trained_here(trained: Trained, server: KaggleServer) -> None:
    data = trained.folder / "work" / "data"
    if not data.exists():
        data.symlink_to(trained.folder / "input" / "competitions" / "digit-recognizer")
    judged = call(server, trained.folder, "evaluate", "--json")
    assert judged.exit_code == 0, judged.stderr
    assert json.loads(judged.stdout)["accuracy"] == trained.run.record.validation_accuracy
    predicted = call(server, trained.folder, "predict", "data/test.csv", "--json")
    assert predicted.exit_code == 0, predicted.stderr
    labels = submission.check(trained.folder / "work" / json.loads(trained.done.stdout)["submission"], TEST_ROWS)
    # An unsure reading has no label; the probabilities are the model's all the same.
    assert [int(np.argmax(one["probabilities"])) for one in json.loads(predicted.stdout)] == labels
    checked = call(server, trained.folder, "submit", "--dry-run")
    assert checked.exit_code == 0, checked.stderr
    again = call(server, trained.folder, "train", "--resume", trained.run.name)
    assert (again.exit_code, "is complete" in again.stderr) == (1, True)


OWN = """
from sklearn.naive_bayes import GaussianNB

def build(image_shape, classes, smoothing=1e-2):
    return GaussianNB(var_smoothing=smoothing)
"""


def test_folds_of_a_recipe_file_without_some_rows_come_home_from_the_older_layout(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "own.py").write_text(OWN, encoding="utf-8")
    (tmp_path / "work" / "doubtful.csv").write_text("id\n3\n17\n", encoding="utf-8")
    words = ("own.py", "--folds", "2", "--set", "smoothing=0.1", "--exclude", "doubtful.csv")
    trained = train(tmp_path, "digit-recognizer", *words)
    assert trained.done.exit_code == 0, trained.done.stderr
    runs.verify(trained.run)
    assert (trained.run.path / "fold-2" / runs.RECORD).is_file()
    assert (trained.run.path / "recipe.py").read_text(encoding="utf-8") == OWN
    record = trained.run.record
    assert record.plan.exclude == (3, 17)
    assert (record.validation_rows, record.recipe.members[0].arguments) == (ROWS - 2, {"smoothing": 0.1})


def test_without_the_files_the_program_ends_at_once(command: Command, tmp_path: Path) -> None:
    done = command("train", "knn", "--on", "kaggle")
    assert done.exit_code == 1
    assert "Its last words: “Kaggle has not attached the competition's files." in done.stderr
    assert list((tmp_path / "work" / "models").iterdir()) == []


# From here on Kaggle shows what the first training left, under another name.


def show(server: KaggleServer, files: dict[str, bytes], **changes: bytes | None) -> None:
    """Lets every kernel be complete, with these files, some of them changed or (None) missing."""
    [kernel] = server.kernels.pushed or ["somebody/kaggle-digits-none"]
    note = json.loads(files[parcel.NOTE])
    note["run"] = kernel.split("/kaggle-digits-")[1]
    shown = {**files, parcel.NOTE: json.dumps(note).encode()}
    for name, content in changes.items():
        shown[{"note": parcel.NOTE, "archive": parcel.ARCHIVE}[name]] = content or b""
    server.kernels.files = {name: content for name, content in shown.items() if content}
    server.kernels.status_of = "COMPLETE"


def unfinished(tmp_path: Path) -> str:
    [path] = runs.unfinished(tmp_path / "work" / "models")
    assert [file.name for file in path.iterdir()] == [runs.PLAN]
    return path.name


ORDER = ("simple", "--epochs", "2", "--seed", "3")
"""What the first training was."""


def send(server: KaggleServer, command: Command, folder: Path, words: tuple[str, ...] = ORDER) -> str:
    """Sends a training, which is interrupted by an error at the first look; the run's name."""
    server.kernels.runs_programs = False
    server.faults[STATUS] = Fault(401, message="Unauthenticated", times=1)
    done = command("train", *words, "--on", "kaggle")
    assert (done.exit_code, "Kaggle rejects the credentials" in done.stderr) == (1, True)
    name = unfinished(folder)
    assert f"Continue it: kaggle-digits train --resume {name}." in done.stderr
    return name


@pytest.fixture
def sent(server: KaggleServer, command: Command, tmp_path: Path) -> str:
    """The name of a run that was sent, and interrupted."""
    return send(server, command, tmp_path)


def check_refused(done: Result, words: str) -> None:
    """One error of one line, and no traceback."""
    *_, error = done.stderr.splitlines()
    assert error.startswith("error: ")
    assert words in error
    assert done.exit_code == 1
    assert "Traceback" not in done.stderr
    assert TOKEN not in done.output


def test_an_interrupted_training_is_brought_home(
    trained: Trained, server: KaggleServer, command: Command, sent: str, tmp_path: Path
) -> None:
    show(server, trained.files)
    done = command("train", "--resume", sent)
    assert done.exit_code == 0, done.stderr
    home = runs.find(sent, tmp_path / "work" / "models")
    assert home.record.files == trained.run.record.files
    assert (tmp_path / "work" / "submissions" / f"{sent}.csv").exists()
    assert server.calls.count(PUSH) == 1
    assert f"trained on  no GPU, https://www.kaggle.com/code/somebody/kaggle-digits-{sent}" in done.stdout


def test_ctrl_c_leaves_kaggle_at_work(trained: Trained, server: KaggleServer, command: Command, tmp_path: Path) -> None:
    server.kernels.runs_programs = False
    for name in ("home", "work"):
        (tmp_path / name).mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "kaggle_digits", "train", *ORDER, "--on", "kaggle"],
        cwd=tmp_path / "work",
        env={**server.environment(tmp_path / "home"), "PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    lines = iter(process.stderr.readline, "")
    assert any(line == "Kaggle: queued\n" for line in lines)
    process.send_signal(signal.SIGINT)
    rest = "".join(lines)
    assert (process.wait(), process.stderr.close()) == (130, None)
    name = unfinished(tmp_path)
    assert rest == f"interrupted; to continue: kaggle-digits train --resume {name}\n"
    show(server, trained.files)
    assert command("train", "--resume", name).exit_code == 0
    assert server.calls.count(PUSH) == 1


def test_one_process_at_a_time_brings_a_run_home(
    trained: Trained, server: KaggleServer, command: Command, sent: str, tmp_path: Path
) -> None:
    show(server, trained.files)
    path = tmp_path / "work" / "models" / sent
    with runs.in_training(path):
        check_refused(command("train", "--resume", sent), "is in training just now")
    assert command("train", "--resume", sent).exit_code == 0


@pytest.mark.parametrize("moved", [0, 1, 5])
def test_a_power_cut_in_the_middle_of_the_move(
    moved: int, trained: Trained, server: KaggleServer, command: Command, sent: str, tmp_path: Path
) -> None:
    """What `kill -9` leaves: a half-emptied inbox, and files in the run folder without run.json."""
    path = tmp_path / "work" / "models" / sent
    inbox = path / ".home-killed"
    shutil.copytree(trained.run.path, inbox)
    files = sorted(file for file in inbox.iterdir() if file.name not in (runs.PLAN, runs.RECORD))
    for file in files[:moved]:
        file.replace(path / file.name)
    show(server, trained.files)
    assert command("evaluate", sent).exit_code == 1
    assert command("train", "--resume", sent).exit_code == 0
    runs.verify(runs.find(sent, tmp_path / "work" / "models"))
    assert not inbox.exists()


def test_a_lost_answer_is_looked_for(server: KaggleServer, command: Command) -> None:
    server.kernels.runs_programs = False
    server.kernels.status_of = "ERROR"
    server.kernels.log_of = "Killed\nMemoryError\n"
    server.faults[PUSH] = Fault(lost=True)
    check_refused(command("train", "simple", "--on", "kaggle"), "Its last words: “Killed / MemoryError”")
    assert server.calls.count(PUSH) == 1


def test_what_did_not_arrive_is_sent_again(
    trained: Trained, server: KaggleServer, command: Command, tmp_path: Path
) -> None:
    server.kernels.runs_programs = False
    server.faults[PUSH] = Fault(dropped=True, times=1)
    check_refused(command("train", *ORDER, "--on", "kaggle"), "Kaggle may have received the training. Continue it")
    name = unfinished(tmp_path)
    server.faults[OUTPUT] = Fault(401, message="Unauthenticated", times=1)
    server.kernels.status_of = "COMPLETE"
    check_refused(command("train", "--resume", name), "Continue it")
    show(server, trained.files)
    assert command("train", "--resume", name).exit_code == 0
    assert server.calls.count(PUSH) == 2


REFUSALS = {
    "quota": ({}, "Maximum weekly GPU quota of 30.00 hours reached.", "The hours are renewed every week"),
    "sessions": ({}, "Maximum batch GPU session count of 2 reached.", "Wait until one of them ends"),
    "phone": ({}, "Please verify your phone number to use GPUs.", "Verify your phone, once"),
    "unknown": ({}, "No luck today", "“No luck today”. See https://www.kaggle.com/code"),
    "quota, as an error": (
        {PUSH: Fault(400, message="Maximum weekly GPU quota reached.")},
        "",
        "are renewed every week",
    ),
    "rules": ({PUSH: Fault(403, message="You must accept the rules")}, "", "/rules, then try again"),
    "forbidden": ({PUSH: Fault(403, b"<html>")}, "", "verify your phone"),
    "rejected": ({PUSH: Fault(401, message="Unauthenticated")}, "", "Kaggle rejects the credentials"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_kaggle_does_not_take_leaves_nothing(
    name: str, server: KaggleServer, command: Command, tmp_path: Path
) -> None:
    faults, refusal, words = REFUSALS[name]
    server.faults, server.kernels.refusal = {call: Fault(**vars(fault)) for call, fault in faults.items()}, refusal
    check_refused(command("train", "simple", "--on", "kaggle"), words)
    assert list((tmp_path / "work" / "models").iterdir()) == []
    assert server.calls.count(PUSH) == 1


def test_before_anything_is_sent(server: KaggleServer, command: Command, tmp_path: Path) -> None:
    server.rules_accepted = False
    check_refused(command("train", "simple", "--on", "kaggle"), "Accept the rules once")
    check_refused(command("train", "simple", "--on", "kaggle", KAGGLE_API_TOKEN=""), "no Kaggle account is set up here")
    (tmp_path / "work" / "list.csv").write_text("id\n3\n42001\n", encoding="utf-8")
    check_refused(
        command("train", "simple", "--on", "kaggle", "--exclude", "list.csv"),
        "there is no training image with the id '42001'",
    )
    (tmp_path / "work" / "own.py").write_text("import keras\n", encoding="utf-8")
    check_refused(command("train", "own.py", "--on", "kaggle"), "own.py has no function build")
    with pytest.raises(DigitsError, match="a recipe from a function cannot be sent to Kaggle"):
        training.train(runs.Plan(on="kaggle"), recipe=recipes.from_function(lambda _shape, _classes: None))
    assert PUSH not in server.calls
    assert not (tmp_path / "work" / "models").exists()


def test_rules_that_only_the_push_finds_missing(server: KaggleServer, open_kaggle: OpenKaggle) -> None:
    server.rules_accepted, server.kernels.runs_programs = False, False
    with pytest.raises(kernels.CompetitionError, match="Accept the rules once"):
        kernels.push(open_kaggle(), "somebody/kaggle-digits-x", "pass")


ENDS = {
    "error": (
        "ERROR",
        '[{"data": "one\\n"}, {"data": "error: no memory\\n"}]',
        "Its last words: “no memory”. The whole",
    ),
    "error, untold": ("ERROR", "", "Its last words: “nothing”"),
    "error, chatter": ("ERROR", "Killed\n[NbConvertApp] Writing 9 bytes\n", "Its last words: “Killed”"),
    "cancelled": ("CANCEL_ACKNOWLEDGED", "", "was stopped on Kaggle"),
}


@pytest.mark.parametrize("name", ENDS)
def test_a_bad_end(name: str, server: KaggleServer, command: Command, sent: str, tmp_path: Path) -> None:
    server.kernels.status_of, server.kernels.log_of, words = ENDS[name]
    server.kernels.files = {}
    check_refused(command("train", "--resume", sent), words)
    assert list((tmp_path / "work" / "models").iterdir()) == []


def test_a_queue_that_is_too_long_and_a_program_that_never_ends(server: KaggleServer, open_kaggle: OpenKaggle) -> None:
    kaggle, kernel = open_kaggle(), "somebody/kaggle-digits-x"
    with pytest.raises(kernels.NotFinishedError, match="no news of .* knows of no such kernel"):
        kernels.follow(kaggle, kernel, minute_s=0.01)
    server.kernels.pushed[kernel] = {}
    states: list[str] = []
    with pytest.raises(kernels.NotFinishedError, match="is still queued"):
        kernels.follow(kaggle, kernel, lambda state: states.append(state.status), minute_s=0.01)
    server.kernels.status_of = "RUNNING"
    with pytest.raises(kernels.NotFinishedError, match="is still running"):
        kernels.follow(kaggle, kernel, lambda state: states.append(state.status), minute_s=0.002)
    assert states == ["queued", "running"]


def test_trouble_on_the_way_only_costs_time(server: KaggleServer, open_kaggle: OpenKaggle) -> None:
    kaggle, kernel = open_kaggle(patience=12), "somebody/kaggle-digits-x"
    kaggle.submissions()
    server.kernels.pushed[kernel] = {}
    server.kernels.status_of = "COMPLETE"
    server.faults[STATUS] = Fault(503, b"", times=5)
    kernels.follow(kaggle, kernel, minute_s=1)
    assert server.calls.count(STATUS) == 6


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"archive": flipped}, "is damaged: it has not the checksum that it had on Kaggle. This happened twice"),
        ({"archive": lambda content: content[:-9]}, "is damaged"),
        ({"archive": lambda _: None}, "it left no run.zip"),
        ({"note": lambda _: None}, "it left no parcel.json"),
        ({"note": lambda _: b"{"}, "no note that can be read"),
        ({"note": lambda content: content}, "is another one"),
    ],
    ids=["flipped", "cut", "no archive", "no note", "half a note", "another run"],
)
def test_what_is_damaged_does_not_get_in(
    change: dict[str, Callable[[bytes], bytes | None]],
    words: str,
    trained: Trained,
    server: KaggleServer,
    command: Command,
    sent: str,
    tmp_path: Path,
) -> None:
    names = {"archive": parcel.ARCHIVE, "note": parcel.NOTE}
    show(server, trained.files, **{name: change[name](trained.files[names[name]]) for name in change})
    check_refused(command("train", "--resume", sent), words)
    assert unfinished(tmp_path) == sent
    assert not (tmp_path / "work" / "submissions").exists()
    show(server, trained.files)
    assert command("train", "--resume", sent).exit_code == 0


OTHERS = {
    "recipe": ("flat", *ORDER[1:]),
    "values": ("simple", "--epochs", "3", "--seed", "3"),
    "seed": ("simple", "--epochs", "2", "--seed", "4"),
    "validation": (*ORDER, "--validation", "0.2"),
    "folds": (*ORDER, "--folds", "2"),
    "exclude": (*ORDER, "--exclude", "doubtful.csv"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_comes_home_is_held_against_what_was_asked_for(
    name: str, trained: Trained, server: KaggleServer, command: Command, tmp_path: Path
) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "doubtful.csv").write_text("id\n3\n", encoding="utf-8")
    run = send(server, command, tmp_path, OTHERS[name])
    show(server, trained.files)
    check_refused(
        command("train", "--resume", run),
        f"is not the one that was asked for: its {name} is another one. This happened",
    )
    assert unfinished(tmp_path) == run
    assert not (tmp_path / "work" / "submissions").exists()


def repacked(files: dict[str, bytes], /, **fields: object) -> dict[str, bytes]:
    """The same parcel with other fields of run.json, and right checksums all the same."""
    home = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(files[parcel.ARCHIVE])) as archive, zipfile.ZipFile(home, "w") as packed:
        for name in archive.namelist():
            content = archive.read(name)
            packed.writestr(name, json.dumps(json.loads(content) | fields) if name == runs.RECORD else content)
    note = json.loads(files[parcel.NOTE]) | {"sha256": hashlib.sha256(home.getvalue()).hexdigest()}
    return {parcel.ARCHIVE: home.getvalue(), parcel.NOTE: json.dumps(note).encode()}


FALSE: dict[str, tuple[Callable[[dict[str, Any]], dict[str, Any]], str]] = {
    "no model": (lambda _: {"files": {}}, "it holds no model"),
    "a file that is not there": (lambda _: {"files": {"model.skops": "0" * 64}}, "model.skops is missing"),
    "another file": (lambda record: {"files": dict.fromkeys(record["files"], "0" * 64)}, "not the file that"),
    "other weights": (
        lambda record: {"recipe": record["recipe"] | {"arguments": {"dropout": 0.3}}},
        "its recipe is another one",
    ),
    "a file of somebody's": (
        lambda record: {
            "recipe": {"name": "simple", "file": "simple.py", "sha256": "0", "fit": record["recipe"]["fit"]}
        },
        "its recipe is another one",
    ),
    "another way": (
        lambda record: {"recipe": record["recipe"] | {"fit": record["recipe"]["fit"] | {"learning_rate": 1.0}}},
        "its recipe is another one",
    ),
    "members from elsewhere": (lambda _: {"members": {"../other": 1.0}}, "was edited or is damaged"),
}


@pytest.mark.parametrize("name", FALSE)
def test_a_parcel_with_the_right_checksums_is_believed_no_more_than_that(
    name: str, trained: Trained, server: KaggleServer, command: Command, sent: str, tmp_path: Path
) -> None:
    change, words = FALSE[name]
    with zipfile.ZipFile(io.BytesIO(trained.files[parcel.ARCHIVE])) as archive:
        record = json.loads(archive.read(runs.RECORD))
    show(server, repacked(trained.files, **change(record)))
    check_refused(command("train", "--resume", sent), words)
    assert unfinished(tmp_path) == sent
    assert not (tmp_path / "work" / "submissions").exists()


def test_a_recipe_file_that_never_arrived_is_sent_again_only_if_it_is_named(
    server: KaggleServer, command: Command, tmp_path: Path
) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "own.py").write_text(OWN, encoding="utf-8")
    server.kernels.runs_programs = False
    server.faults[PUSH] = Fault(dropped=True, times=1)
    check_refused(command("train", "own.py", "--on", "kaggle"), "Kaggle may have received the training")
    name = unfinished(tmp_path)
    check_refused(command("train", "--resume", name), "began with own.py")
    server.faults[STATUS] = Fault(401, message="Unauthenticated", skip=1, times=1)
    check_refused(command("train", "own.py", "--resume", name), "Kaggle rejects the credentials")
    [asked] = server.kernels.pushed.values()
    assert "GaussianNB" in asked["text"]


DOWNLOADS = {
    "cut off once": (Fault(cut_after=100, skip=1, times=1), ""),
    "page once": (Fault(200, b"<html>", skip=1, times=1), ""),
    "busy once": (Fault(503, b"", times=1), ""),
    "gone": (Fault(404, b"<html>"), "(404)"),
    "cut off": (Fault(cut_after=100), "cut off"),
}


@pytest.mark.parametrize("name", DOWNLOADS)
def test_a_download_that_fails(
    name: str, trained: Trained, server: KaggleServer, command: Command, sent: str, tmp_path: Path
) -> None:
    fault, words = DOWNLOADS[name]
    show(server, trained.files)
    server.faults["output"] = Fault(**vars(fault))
    done = command("train", "--resume", sent)
    if words:
        check_refused(done, words)
        assert unfinished(tmp_path) == sent
    else:
        assert done.exit_code == 0, done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("--data", "sklearn"),
        ("--budget", "1h"),
        ("--jobs", "2"),
        ("--cluster", "tcp://127.0.0.1:1"),
        ("--tensorboard",),
        ("--allow-leak",),
        ("--skip-broken",),
        ("--resume", "nothing"),
    ],
    ids=" ".join,
)
def test_options_for_this_machine_are_wrong_usage(words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, ["train", "simple", "--on", "kaggle", *words])
    assert done.exit_code == 2
    assert words[0] in done.stderr or "--on" in done.stderr


def test_other_machines_are_wrong_usage() -> None:
    assert CliRunner().invoke(app, ["train", "--on", "mars"]).exit_code == 2

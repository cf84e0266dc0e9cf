"""The command line as a user calls it: a process of its own, its two streams and its exit code."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kaggle_server import Fault
from PIL import Image
from typer.testing import CliRunner

from kaggle_digits import predictor, recipes, runs, sources
from kaggle_digits.cli import app
from kaggle_digits.competition import ledger, submission

COMMANDS = [
    *("fetch", "train", "tune", "blend", "evaluate", "predict", "submit"),
    *("runs", "scores", "recipes", "export", "serve", "notebook", "doctor"),
]
"""In the order of the work."""


def call(*arguments, cwd, **environment):
    return subprocess.run(
        [sys.executable, "-m", "kaggle_digits", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder in which `train --data sklearn` ran, and what the command printed."""
    folder = tmp_path_factory.mktemp("trained")
    return folder, call("train", "--data", "sklearn", "--epochs", "2", "--json", cwd=folder)


def test_train_prints_one_json_document_and_leaves_run_and_submission(trained):
    folder, done = trained
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told.keys() >= {"run", "recipe", "validation_accuracy", "seconds", "train_seconds", "submission"}
    assert told["recipe"] == "mlp"
    record = runs.find(told["run"], folder / "models").record
    assert record.epochs == 2
    assert told["validation_accuracy"] == record.validation_accuracy
    assert tuple(told["validation_interval"]) == record.validation_interval
    assert tuple(told["predicted_range"]) == record.predicted_range
    assert "loss.png" in told["pictures"]
    assert len(submission.check(folder / told["submission"], rows=719)) == 719


def test_a_budget_is_kept_and_says_what_it_trains(tmp_path):
    # One epoch ends sooner than the time; a test that asked for a shorter one would ask for a fast machine.
    done = call("train", "--data", "sklearn", "--budget", "90s", "--epochs", "1", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["recipe"] in ("sprint", "strong")  # by how much time loading has left
    assert f"in 90 s: {told['recipe']}, trained for" in done.stderr
    record = runs.find(told["run"], tmp_path / "models").record
    assert record.recipe.fit.seconds < 90
    assert (record.plan.budget, record.epochs) == (90, 1)


def test_folds_say_which_score_to_expect(tmp_path):
    done = call("train", "knn", "--data", "sklearn", "--folds", "3", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^out-of-fold 0\.9\d+ accuracy, 95 % interval", done.stdout, re.MULTILINE)
    assert re.search(r"^test set    expected accuracy: 0\.9\d+ to \d\.\d+ \(95 %\)$", done.stdout, re.MULTILINE)
    folds = [line for line in done.stderr.splitlines() if line.startswith("fold-")]
    assert folds == ["fold-1, 1 of 3", "fold-2, 2 of 3", "fold-3, 3 of 3"]
    assert done.stderr.splitlines()[-1].startswith("next: kaggle-digits predict")


def test_train_tells_of_data_and_epochs_and_of_nothing_else(trained):
    lines = trained[1].stderr.splitlines()
    assert lines[0] == "sklearn: 1,078 labelled digits, 719 to label"
    assert lines[1] == "few rows: mlp trains in batches of 64 instead of 256; --batch-size changes that"
    assert re.fullmatch(r" +epoch +loss +accuracy +val loss +val accuracy +seconds", lines[2])
    assert [line.split()[0] for line in lines[3:]] == ["1/2", "2/2"]


def test_a_submission_of_other_digits_is_not_sent(trained):
    folder, _ = trained
    refused = call("submit", "--dry-run", cwd=folder)
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert "kaggle-digits fetch" in refused.stderr


def test_interrupted_training_keeps_the_best_epoch_and_says_130(tmp_path):
    command = [sys.executable, "-m", "kaggle_digits", "train", "--data", "sklearn", "--epochs", "100000"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if line.lstrip().startswith("2/"):
                process.send_signal(signal.SIGINT)
                break
        out, err = process.communicate()
    assert process.returncode == 130
    assert "stopping" in err
    assert "Traceback" not in err
    run = runs.find(models=tmp_path / "models")
    assert run.record.epochs >= 2
    assert str(run.name) in out
    assert len(submission.check(tmp_path / "submissions" / f"{run.name}.csv", rows=719)) == 719


def test_a_second_interrupt_drops_everything(tmp_path):
    command = [sys.executable, "-m", "kaggle_digits", "train", "--data", "sklearn", "--epochs", "100000"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if line.lstrip().startswith("1/"):
                break
        # Until the process is gone: where exactly the second one arrives is up to the operating system.
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            time.sleep(0.02)
        rest = process.stderr.read()
    assert process.returncode in (130, -signal.SIGINT)
    assert "Traceback" not in rest or process.returncode == -signal.SIGINT
    assert all((run.path / "model.keras").exists() for run in runs.listing(tmp_path / "models"))


def test_a_csv_is_checked_without_an_account(tmp_path):
    submission.write(tmp_path / "mine.csv", range(1, 28_001), [number % 10 for number in range(28_000)])
    done = call("submit", "mine.csv", "--dry-run", "--json", cwd=tmp_path)
    assert done.returncode == 0
    assert json.loads(done.stdout) == {"file": "mine.csv", "ref": None, "status": "checked", "score": None}


@pytest.fixture
def account(server, tmp_path):
    """The environment of a user who has an account on the test server."""
    home = tmp_path / "home"
    home.mkdir()
    return server.environment(home)


def test_submit_brings_the_score_home_and_the_ledger_keeps_it(server, account, tmp_path):
    submission.write(tmp_path / "mine.csv", range(1, 28_001), [number % 10 for number in range(28_000)])
    done = call("submit", "mine.csv", "--message", "first try", "--json", cwd=tmp_path, **account)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["file"], told["status"]) == ("mine.csv", "complete")
    assert server.submissions[0]["ref"] == told["ref"]
    assert re.fullmatch(r"\[sha256 [0-9a-f]{12}\] first try", server.submissions[0]["description"])
    assert float(server.submissions[0]["publicScore"]) == told["score"]
    entries = ledger.read(tmp_path / "submissions")
    assert [(entry.status, entry.ref, entry.score) for entry in entries] == [
        ("sending", None, None),
        ("pending", told["ref"], None),
        ("complete", told["ref"], told["score"]),
    ]


def test_an_upload_that_failed_is_not_reported_as_done(server, account, tmp_path):
    server.faults["upload"] = Fault(status=400)
    submission.write(tmp_path / "mine.csv", range(1, 28_001), [number % 10 for number in range(28_000)])
    done = call("submit", "mine.csv", "--json", cwd=tmp_path, **account)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "nothing was submitted" in done.stderr
    assert server.submissions == []
    assert ledger.latest(ledger.read(tmp_path / "submissions")) == []


def test_scores_brings_late_ones_home_and_shows_what_it_knows_without_kaggle(server, account, tmp_path):
    submission.write(tmp_path / "mine.csv", range(1, 28_001), [number % 10 for number in range(28_000)])
    assert call("submit", "mine.csv", "--no-wait", cwd=tmp_path, **account).returncode == 0
    offline = {**account, "HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    known = call("scores", "--json", cwd=tmp_path, **offline)
    assert known.returncode == 0
    assert "these scores may be out of date. Kaggle cannot be reached" in known.stderr
    assert [entry["status"] for entry in json.loads(known.stdout)] == ["pending"]
    told = call("scores", cwd=tmp_path, **account)
    assert (told.returncode, told.stderr) == (0, "")
    assert re.search(r"mine\.csv +\d{4}-\d\d-\d\d \d\d:\d\d +1000 +complete +0\.98765", told.stdout)
    server.calls.clear()
    assert call("scores", "--json", cwd=tmp_path, **account).returncode == 0
    assert server.calls == []


def test_scores_of_nothing_and_of_a_torn_line(tmp_path):
    assert "kaggle-digits submit" in call("scores", cwd=tmp_path).stderr
    (tmp_path / "submissions").mkdir()
    (tmp_path / "submissions" / ledger.FILE).write_text('{"time": "2026')
    done = call("scores", "--json", cwd=tmp_path)
    assert (done.returncode, json.loads(done.stdout)) == (0, [])
    assert "line 1 is incomplete" in done.stderr


def shifted_after_a_good_one(account, folder):
    labels = [number % 10 for number in range(28_000)]
    submission.write(folder / "submissions" / "good.csv", range(1, 28_001), labels)
    submission.write(folder / "shifted.csv", range(1, 28_001), labels[1:] + labels[:1])
    assert call("submit", "submissions/good.csv", cwd=folder, **account).returncode == 0


def test_a_file_unlike_the_best_one_is_not_sent_where_nobody_can_be_asked(server, account, tmp_path):
    shifted_after_a_good_one(account, tmp_path)
    dry = call("submit", "shifted.csv", "--dry-run", cwd=tmp_path, **account)
    assert dry.returncode == 0
    assert "on only 0.0% of the rows" in dry.stderr
    assert dry.stderr.endswith("next: kaggle-digits submit shifted.csv\n")
    refused = call("submit", "shifted.csv", cwd=tmp_path, **account)
    assert (refused.returncode, refused.stdout, len(server.submissions)) == (1, "", 1)
    assert "--force" in refused.stderr.splitlines()[-1]
    assert call("submit", "shifted.csv", "--force", cwd=tmp_path, **account).returncode == 0
    assert len(server.submissions) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
@pytest.mark.parametrize(("answer", "code"), [(b"n\n", 1), (b"\n", 1), (b"y\n", 0)])
def test_a_person_is_asked_about_a_file_unlike_the_best_one(answer, code, server, account, tmp_path):
    shifted_after_a_good_one(account, tmp_path)
    terminal, inside = os.openpty()
    command = [sys.executable, "-m", "kaggle_digits", "submit", "shifted.csv"]
    with subprocess.Popen(command, cwd=tmp_path, env=account, stdin=inside, stdout=inside, stderr=inside) as process:
        os.close(inside)
        told = b""
        while b"[y/N]" not in told:
            told += os.read(terminal, 1_000)
        os.write(terminal, answer)
        with contextlib.suppress(OSError):  # the end of a pseudo-terminal is an error on Linux
            while more := os.read(terminal, 1_000):
                told += more
    os.close(terminal)
    assert process.returncode == code
    assert len(server.submissions) == 2 - code
    assert b"Traceback" not in told


def test_fetch_without_an_account_says_how_to_get_one(account, tmp_path):
    del account["KAGGLE_API_TOKEN"]
    done = call("fetch", cwd=tmp_path, **account)
    assert done.returncode == 1
    assert "kaggle.com/settings" in done.stderr
    assert not (tmp_path / "data").exists()


def test_predict_names_label_and_runner_up(trained, tmp_path):
    folder, _ = trained
    test = sources.load("sklearn").test
    for name, image in zip("ab", test.images[:2], strict=True):
        Image.fromarray(255 - image).save(tmp_path / f"{name}.png")
    done = call("predict", str(tmp_path), "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    labels = predictor.load(folder=folder / "models").labels(test.images[:2])
    assert [entry["label"] for entry in told] == [str(label) for label in labels]
    assert [Path(entry["image"]).name for entry in told] == ["a.png", "b.png"]
    assert told[0]["digits"][0]["box"] == [0, 0, 28, 28]
    assert sum(told[0]["probabilities"]) == pytest.approx(1, abs=1e-4)
    table = call("predict", str(tmp_path / "a.png"), cwd=folder).stdout
    assert "runner-up" in table.splitlines()[0]


def test_evaluate_prints_a_table_or_json(trained):
    folder, _ = trained
    table = call("evaluate", cwd=folder)
    assert table.returncode == 0
    assert "95 % interval" in table.stdout
    assert "not a test score" in call("evaluate", "--data", "sklearn", cwd=folder).stderr
    told = json.loads(call("evaluate", "--json", cwd=folder).stdout)
    assert told["rows"] == 108
    assert told["rows_learned"] == 0


def test_runs_and_recipes_list_what_there_is(trained):
    folder, done = trained
    name = json.loads(done.stdout)["run"]
    assert name in call("runs", cwd=folder).stdout
    assert [run["run"] for run in json.loads(call("runs", "--json", cwd=folder).stdout)] == [name]
    compared = call("runs", "--compare", name, name, cwd=folder)
    assert "p = 1" in compared.stdout
    listed = json.loads(call("recipes", "--json", cwd=folder).stdout)
    assert sorted(recipe["name"] for recipe in listed) == recipes.names()
    assert all(recipe["summary"] for recipe in listed)
    table = call("recipes", cwd=folder).stdout
    assert all(name in table for name in recipes.names())


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["evaluate", "nothing"], 1, "no run nothing"),
        (["predict", "nothing.png"], 1, "there is no file nothing.png"),
        (["predict"], 2, "IMAGE"),
        (["runs", "--compare", "a", "b"], 1, "no run a"),
        (["train", "--resume", "nothing"], 1, "no run nothing"),
        (["train", "--resume", "nothing", "--epochs", "3"], 2, "--epochs cannot be changed"),
        (["train", "cnn", "--resume", "nothing"], 2, "knows its recipe: leave it out"),
        (["train", "nothing.py", "--resume", "nothing"], 1, "nothing.py cannot be read"),
        (["train", "nothing.py"], 1, "recipes --copy mlp > own.py"),
        (["train", "knn", "--data", "sklearn", "--tensorboard"], 1, "no epochs to log"),
        (["train", "--learning-rate", "0"], 1, "learning_rate must be above 0"),
        (["train", "knn", "--epochs", "3"], 1, "not trained in epochs"),
        (["train", "--schedule", "sideways"], 2, "--schedule"),
        (["train", "mpl"], 1, "no recipe 'mpl'"),
        (["train"], 1, "kaggle-digits fetch"),
        (["train", "--data", "nowhere"], 1, "nowhere"),
        (["train", "--data", "sklearn", "--validation", "2"], 2, "--validation"),
        (["train", "--epochs", "0"], 2, "--epochs"),
        (["train", "--seed", "-1"], 2, "--seed"),
        (["train", "--epochs", "many"], 2, "--epochs"),
        (["train", "--budget", "soon"], 2, "--budget"),
        (["train", "--budget", "5s"], 2, "of at least 10 s"),
        # How many models there is time for is known only later.
        (["train", "--budget", "20m", "--jobs", "2"], 1, "kaggle-digits fetch"),
        (["train", "--budget", "20m", "--cluster", "tcp://127.0.0.1:1"], 1, "kaggle-digits fetch"),
        (["train", "--set", "epochs"], 2, "--set takes NAME=VALUE"),
        (["train", "--set", "epoch=3"], 1, "Did you mean epochs?"),
        (["train", "--jobs", "0", "--folds", "2"], 2, "--jobs"),
        (["train", "--patience", "0"], 2, "--patience"),
        (["train", "--note", "a" * 1001], 2, "--note"),
        (["train", "--jobs", "2"], 2, "--folds"),
        (["train", "--cluster", "tcp://127.0.0.1:1"], 2, "--folds"),
        (["train", "--folds", "2", "--validation", "0.2"], 2, "--validation"),
        (["train", "--folds", "2", "--jobs", "2", "--cluster", "x"], 2, "choose one"),
        (["train", "--folds", "1"], 2, "--folds"),
        (["train", "--data", "sklearn", "--folds", "900"], 1, "number of folds"),
        (["train", "champion", "--validation", "0.2"], 2, "--validation"),
        (["train", "--data", "sklearn", "--exclude", "nothing.csv"], 1, "nothing.csv"),
        (["train", "--resume", "nothing", "--folds", "2"], 2, "--folds cannot be changed"),
        (["fetch", "--zip", "nothing.zip"], 1, "nothing.zip"),
        (["submit"], 1, "kaggle-digits train"),
        (["submit", "nothing.csv"], 1, "nothing.csv"),
        (["learn"], 2, "learn"),
        (["submit", "--now"], 2, "--now"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence_with_the_right_exit_code(tmp_path, arguments, code, told):
    with contextlib.chdir(tmp_path):
        result = CliRunner().invoke(app, arguments)
    assert result.exit_code == code
    assert told in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    sentence = [line for line in result.stderr.splitlines() if not line.startswith(("sklearn: ", "few rows: "))]
    assert code == 2 or len(sentence) <= 2


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command):
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert f"Example: kaggle-digits {command}" in result.stdout


def test_the_commands_are_these():
    assert [command.callback.__name__ for command in app.registered_commands] == COMMANDS


def test_version():
    result = CliRunner().invoke(app, ["--version"])
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", result.stdout)

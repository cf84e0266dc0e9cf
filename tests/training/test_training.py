import csv
import json

import numpy as np
import pytest
from kaggle_digits.classifiers.protocol import Silence
from kaggle_digits.recipes.architectures import Dense
from PIL import Image

from kaggle_digits import runs, sources, training
from kaggle_digits.competition import submission
from kaggle_digits.errors import DataError, DigitsError, RunError, StorageError
from kaggle_digits.predictor import models
from kaggle_digits.recipes import RECIPES, Fit, Recipe
from kaggle_digits.sources import Source

SMALL = Recipe(
    "small",
    "a small network",
    Dense(hidden=(32,)),
    Fit(epochs=3, batch_size=64, learning_rate=5e-3),
)


@pytest.fixture(scope="module")
def source():
    return sources.load("sklearn")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("training")


@pytest.fixture(scope="module")
def trained(source, folder):
    return training.train(SMALL, source, models=folder / "models", submissions=folder / "submissions")


def test_the_run_is_complete_and_found_again(trained, folder):
    assert runs.find(models=folder / "models") == trained.run
    assert sorted(path.name for path in trained.run.path.iterdir()) == [
        "confidence.png",
        "confusion.png",
        "history.csv",
        "learned.npy",
        "loss.png",
        "mistakes.png",
        "model.keras",
        "model.tflite",
        "report.json",
        "run.json",
        "samples.png",
        "started.json",
        "validation.npz",
    ]


def test_the_record_can_rebuild_the_run(trained, source):
    record = trained.run.record
    assert record["recipe"]["name"] == "small"
    assert record["recipe"]["fit"]["learning_rate"] == 5e-3
    assert record["data"]["name"] == "sklearn"
    assert record["train_rows"] + record["validation_rows"] == len(source.train)
    assert (record["seed"], record["validation"], record["classes"]) == (0, 0.1, 10)
    assert tuple(record["image_shape"]) == (28, 28)
    assert record["started"] <= record["finished"]
    assert 0 < record["train_seconds"] < record["seconds"]


def test_report_validation_rows_and_record_agree(trained):
    report = json.loads((trained.run.path / "report.json").read_text())
    with np.load(trained.run.path / "validation.npz", allow_pickle=False) as rows:
        right = rows["probabilities"].argmax(axis=1) == rows["labels"]
        assert rows["ids"].shape == right.shape
    assert report["accuracy"] == trained.run.record["validation_accuracy"] == pytest.approx(right.mean())
    assert report["rows"] == len(right) == trained.run.record["validation_rows"]


def test_validation_rows_are_not_trained_on_and_do_not_depend_on_the_seed(trained, source, tmp_path):
    other = training.train(SMALL, source, seed=7, models=tmp_path / "m", submissions=tmp_path / "s")
    ids = []
    for run in (trained.run, other.run):
        with np.load(run.path / "validation.npz") as rows:
            ids.append(rows["ids"].tolist())
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == trained.run.record["validation_rows"]


def test_the_history_has_a_line_an_epoch(trained):
    with (trained.run.path / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds"]
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]


def test_the_pictures_are_pictures(trained):
    for name in ("loss.png", "samples.png"):
        with Image.open(trained.run.path / name) as image:
            assert image.width > 700
            assert len(image.getcolors(1 << 24)) > 20


def test_the_submission_has_the_runs_name_and_is_what_kaggle_expects(trained, source, folder):
    assert trained.submission == folder / "submissions" / f"{trained.run.name}.csv"
    assert len(submission.check(trained.submission, rows=len(source.test))) == 719


def test_the_same_seed_gives_the_same_submission(trained, source, tmp_path):
    again = training.train(SMALL, source, models=tmp_path / "m", submissions=tmp_path / "s")
    assert again.submission.read_bytes() == trained.submission.read_bytes()
    assert again.report == trained.report


def test_without_a_test_set_there_is_no_submission(source, tmp_path):
    alone = Source("here", source.train, None, {})
    done = training.train(SMALL.with_fit(epochs=1), alone, models=tmp_path / "m", submissions=tmp_path / "s")
    assert done.submission is None
    assert not (tmp_path / "s").exists()


def test_a_wrong_validation_share_leaves_nothing_behind(source, tmp_path):
    with pytest.raises(DataError, match="validation share"):
        training.train(SMALL, source, validation=1.0, models=tmp_path / "m", submissions=tmp_path / "s")
    assert not (tmp_path / "m").exists()


def test_a_folder_that_cannot_be_made_is_one_sentence(source, tmp_path):
    (tmp_path / "m").write_text("a file")
    with pytest.raises(StorageError, match="cannot write"):
        training.train(SMALL, source, models=tmp_path / "m", submissions=tmp_path / "s")


def test_a_run_whose_submission_cannot_be_written_stays_unfinished(source, tmp_path):
    (tmp_path / "s").write_text("a file")
    with pytest.raises(StorageError, match="cannot write"):
        training.train(SMALL.with_fit(epochs=1), source, models=tmp_path / "m", submissions=tmp_path / "s")
    assert runs.listing(tmp_path / "m") == []
    (unfinished,) = runs.unfinished(tmp_path / "m")
    resumed = training.resume(unfinished.name, models=tmp_path / "m", submissions=tmp_path / "elsewhere")
    assert len(resumed.history) == 1
    assert resumed.submission.exists()


class StopAfter(Silence):
    """Wants to stop after so many steps."""

    def __init__(self, steps):
        self.left = steps

    def step(self, *_):
        self.left -= 1

    def wants_stop(self):
        return self.left <= 0


class StopOnce(Silence):
    """Wants to stop when fitting is over already."""

    def __init__(self):
        self.over = False

    def ends(self):
        self.over = True

    def wants_stop(self):
        return self.over


def test_a_stop_that_comes_after_the_last_epoch_is_no_interruption(source, tmp_path):
    done = training.train(SMALL, source, models=tmp_path / "m", submissions=tmp_path / "s", listener=StopOnce())
    assert not done.run.record["interrupted"]


def test_what_fails_before_anything_is_learned_leaves_no_run(source, tmp_path):
    wild = SMALL.with_fit(learning_rate=1e30, schedule="constant")
    with pytest.raises(DigitsError, match="diverged"):
        training.train(wild, source, models=tmp_path / "m", submissions=tmp_path / "s")
    assert list((tmp_path / "m").iterdir()) == []


def test_a_model_without_epochs_has_nothing_to_log(source, tmp_path):
    with pytest.raises(DigitsError, match="--tensorboard has nothing to show"):
        training.train(RECIPES["knn"], source, models=tmp_path / "m", tensorboard=True)
    assert not (tmp_path / "m").exists()


@pytest.fixture
def interrupted(source, tmp_path):
    return training.train(
        SMALL, source, models=tmp_path / "m", submissions=tmp_path / "s", listener=StopAfter(20), tensorboard=True
    )


def test_an_interrupted_training_is_usable_and_says_so(interrupted):
    assert interrupted.run.record["interrupted"]
    assert len(interrupted.history) == 2
    assert interrupted.submission.exists()
    # Its validation rows have chosen the epoch that it kept.
    assert "predicted_range" not in interrupted.run.record


def test_resumed_it_ends_as_if_nothing_had_happened(interrupted, trained, tmp_path):
    resumed = training.resume(interrupted.run.name, models=tmp_path / "m", submissions=tmp_path / "s")
    assert resumed.run.path == interrupted.run.path
    assert not resumed.run.record["interrupted"]
    assert resumed.submission.read_bytes() == trained.submission.read_bytes()
    assert resumed.report == trained.report
    assert not (resumed.run.path / "checkpoint.npz").exists()
    assert list((resumed.run.path / "logs").iterdir())
    with pytest.raises(RunError, match="nothing to resume"):
        training.resume(resumed.run.name, models=tmp_path / "m")


class Killed(BaseException):
    """What `kill -9` is to a process, as far as another test's process can feel it."""


class KilledAt(Silence):
    """Dies at the first step, or at the end."""

    def __init__(self, moment):
        self.moment = moment

    def step(self, *_):
        if self.moment == "first step":
            raise Killed

    def ends(self):
        if self.moment == "end":
            raise Killed


@pytest.mark.parametrize("moment", ["first step", "end"])
def test_a_resumed_run_stays_usable_until_it_is_rewritten(interrupted, trained, tmp_path, moment):
    where = {"models": tmp_path / "m", "submissions": tmp_path / "s"}
    before = models.load(interrupted.run.path).probabilities(trained.validation.images)
    with pytest.raises(Killed):
        training.resume(interrupted.run.name, **where, listener=KilledAt(moment))
    assert runs.find(models=tmp_path / "m").record["interrupted"]
    assert (models.load(interrupted.run.path).probabilities(trained.validation.images) == before).all()
    resumed = training.resume(interrupted.run.name, **where)
    assert resumed.report == trained.report
    assert resumed.submission.read_bytes() == trained.submission.read_bytes()


def test_of_two_that_go_on_with_one_run_the_second_is_refused(interrupted, tmp_path):
    class Second(Silence):
        refusals = 0

        def epoch(self, _epoch):
            with pytest.raises(StorageError, match="is in training just now, by another kaggle-digits"):
                training.resume(interrupted.run.name, models=tmp_path / "m", submissions=tmp_path / "s")
            assert runs.is_in_training(interrupted.run.path)
            self.refusals += 1

    second = Second()
    done = training.resume(interrupted.run.name, models=tmp_path / "m", submissions=tmp_path / "s", listener=second)
    assert second.refusals > 0
    assert not runs.is_in_training(done.run.path)


def test_data_that_has_changed_since_is_refused(interrupted, tmp_path):
    plan = interrupted.run.path / "started.json"
    record = json.loads(plan.read_text())
    record["data"]["sha256"] = {"train.csv": "another"}
    plan.write_text(json.dumps(record))
    with pytest.raises(DataError, match="not the data that .* began with"):
        training.resume(interrupted.run.name, models=tmp_path / "m", submissions=tmp_path / "s")
    # The interrupted run must not be lost by a resume that was refused.
    assert runs.find(interrupted.run.name, tmp_path / "m")

import csv
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small import NEAR, SMALL, but, recipe, report, resume, submission, train

from kaggle_digits import classifiers, recipes, runs, sources
from kaggle_digits.backend import load_keras
from kaggle_digits.competition import submission as submissions
from kaggle_digits.errors import DataError, DigitsError, RunError, StorageError
from kaggle_digits.evaluation import plots
from kaggle_digits.runs import Epoch, Listener
from kaggle_digits.sources import Source
from kaggle_digits.training import writing

HASTY = but(SMALL, {"epochs": 1})


@pytest.fixture(scope="module")
def source():
    return sources.load("sklearn")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("training")


@pytest.fixture(scope="module")
def trained(folder):
    return train(SMALL, folder)


def test_the_run_is_complete_and_found_again(trained, folder):
    assert runs.find(models=folder / "models") == trained
    assert sorted(path.name for path in trained.path.iterdir()) == [
        "confidence.png",
        "confusion.png",
        "history.csv",
        "learned.npy",
        "loss.png",
        "mistakes.png",
        "model.keras",
        "model.tflite",
        "plan.json",
        "report.json",
        "run.json",
        "samples.png",
        "validation.npz",
    ]


def test_the_record_can_rebuild_the_run(trained, source):
    record = trained.record
    assert record.plan == SMALL
    assert record.recipe.name == "flat"
    assert (record.recipe.fit.learning_rate, record.recipe.fit.epochs) == (5e-3, 3)
    assert record.recipe.arguments["units"] == 32
    asked = classifiers.prepare(recipe(SMALL), source.train, record.train_rows, SMALL.values)
    assert recipes.restore(record.recipe).fit == asked.fit
    assert (record.data.name, record.data.path, record.data.sha256) == ("sklearn", "sklearn", {})
    assert record.train_rows + record.validation_rows == len(source.train)
    assert (record.plan.seed, record.plan.validation, record.classes) == (0, 0.1, 10)
    assert record.image_shape == (28, 28)
    assert record.started <= record.finished
    assert 0 < record.train_seconds < record.seconds


def test_report_validation_rows_and_record_agree(trained):
    ids, labels, probabilities = runs.rows.validation(trained.path)
    right = probabilities.argmax(axis=1) == labels
    assert ids.shape == right.shape
    assert report(trained)["accuracy"] == trained.record.validation_accuracy == pytest.approx(right.mean())
    assert report(trained)["rows"] == len(right) == trained.record.validation_rows


def test_validation_rows_are_not_trained_on_and_do_not_depend_on_the_seed(trained, tmp_path):
    other = train(but(SMALL, seed=7), tmp_path)
    ids = [runs.rows.validation(run.path)[0].tolist() for run in (trained, other)]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == trained.record.validation_rows
    assert submission(other) != submission(trained)


def test_the_history_has_a_line_an_epoch(trained):
    with (trained.path / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds"]
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert [epoch.epoch for epoch in runs.history.read(trained.path)] == [1, 2, 3]


def test_the_pictures_are_pictures(trained):
    for name in ("loss.png", "samples.png"):
        with Image.open(trained.path / name) as image:
            assert image.width > 700
            assert len(image.getcolors(1 << 24)) > 20


def test_the_epoch_that_is_kept_is_the_one_that_is_marked(trained, source, tmp_path):
    """A training that came to its planned end keeps its last epoch, even where an earlier one validated better."""
    assert trained.record.kept == trained.record.epochs == 3
    rows = source.train.take(np.arange(20))
    history = [Epoch(number, 1.0, 0.5, loss, 0.5, 1e-3, 1.0) for number, loss in ((1, 0.1), (2, 0.5), (3, 0.9))]
    made = writing.Trained(
        classifier=None,
        files=[],
        layers=[],
        learned=rows,
        validation=rows,
        probabilities=np.full((20, 10), 0.1, np.float32),
        history=history,
        train_seconds=1.0,
        kept=3,
    )
    writing.draw(tmp_path, made, writing.write_numbers(tmp_path, made))
    plots.save(plots.learning_curves(history, 3), tmp_path / "last.png", tmp_path.name)
    plots.save(plots.learning_curves(history, 1), tmp_path / "best.png", tmp_path.name)
    drawn = (tmp_path / "loss.png").read_bytes()
    assert drawn == (tmp_path / "last.png").read_bytes()
    assert drawn != (tmp_path / "best.png").read_bytes()


def test_the_submission_has_the_runs_name_and_is_what_kaggle_expects(trained, source, folder):
    file = folder / "submissions" / f"{trained.name}.csv"
    assert len(submissions.check(file, rows=len(source.test))) == 719
    assert trained.record.submission_sha256 == hashlib.sha256(submission(trained)).hexdigest()


def test_the_same_seed_gives_the_same_submission(trained, tmp_path):
    again = train(SMALL, tmp_path)
    assert submission(again) == submission(trained)
    assert report(again) == report(trained)


def test_without_a_test_set_there_is_no_submission(source, tmp_path):
    alone = Source("here", None, source.train, None)
    done = train(HASTY, tmp_path, source=alone)
    assert done.record.submission_sha256 is None
    assert done.record.test_rows is None
    assert not (tmp_path / "submissions").exists()


@pytest.mark.parametrize(("share", "words"), [(1.0, "validation share"), (0.01, "too few to hold out a share of 0.01")])
def test_a_wrong_validation_share_leaves_nothing_behind(share, words, source, tmp_path):
    few = Source("here", None, source.train.take(np.arange(20)), None)
    with pytest.raises(DataError, match=words):
        train(but(SMALL, validation=share), tmp_path, source=few)
    assert not (tmp_path / "models").exists()


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "models").write_text("a file")
    with pytest.raises(StorageError, match="cannot write"):
        train(SMALL, tmp_path)


def test_a_run_whose_submission_cannot_be_written_stays_unfinished(tmp_path):
    (tmp_path / "submissions").write_text("a file")
    with pytest.raises(StorageError, match="cannot write"):
        train(HASTY, tmp_path)
    assert runs.listing(tmp_path / "models") == []
    (unfinished,) = runs.unfinished(tmp_path / "models")
    (tmp_path / "submissions").unlink()
    resumed = resume(unfinished.name, tmp_path)
    assert resumed.record.epochs == 1
    assert submission(resumed)


CHOSEN = {
    "schedule": lambda recipe: recipe.with_values({"schedule": "plateau"}),
    "patience": lambda recipe: recipe.with_values({"patience": 5}),
    "callbacks": lambda recipe: recipe.with_callbacks(load_keras().callbacks.Callback()),
}


@pytest.mark.parametrize("way", CHOSEN)
def test_rows_that_have_chosen_predict_no_score(way, trained, tmp_path):
    """The learning rate, the epoch or whatever a callback does may have been chosen by the validation rows."""
    assert trained.record.predicted_range is not None
    done = train(HASTY, tmp_path, recipe=CHOSEN[way](recipe(HASTY)))
    assert done.record.predicted_range is None


class StopAfter(Listener):
    """Wants to stop after so many steps."""

    def __init__(self, steps):
        self.left = steps

    def step(self, *_):
        self.left -= 1

    def wants_stop(self):
        return self.left <= 0


class StopOnce(Listener):
    """Wants to stop when fitting is over already."""

    def __init__(self):
        self.over = False

    def ends(self):
        self.over = True

    def wants_stop(self):
        return self.over


def test_a_stop_that_comes_after_the_last_epoch_is_no_interruption(tmp_path):
    assert not train(HASTY, tmp_path, listener=StopOnce()).record.interrupted


def test_what_fails_before_anything_is_learned_leaves_no_run(tmp_path):
    with pytest.raises(DigitsError, match="diverged"):
        train(but(SMALL, {"learning_rate": 1e30, "schedule": "constant"}), tmp_path)
    assert list((tmp_path / "models").iterdir()) == []


def test_a_model_without_epochs_has_nothing_to_log(tmp_path):
    with pytest.raises(DigitsError, match="no epochs to log"):
        train(but(NEAR, tensorboard=True), tmp_path)
    from sklearn.naive_bayes import GaussianNB

    own = recipes.from_function(lambda _image_shape, _classes: GaussianNB(), name="bayes")
    with pytest.raises(DigitsError, match="bayes has no epochs to log: leave --tensorboard out"):
        train(runs.Plan(data="sklearn", tensorboard=True), tmp_path, recipe=own)
    assert not (tmp_path / "models").exists()


@pytest.fixture(scope="module")
def interrupted_once(tmp_path_factory):
    return train(but(SMALL, tensorboard=True), tmp_path_factory.mktemp("interrupted"), listener=StopAfter(20))


@pytest.fixture
def interrupted(interrupted_once, tmp_path):
    """A copy of a training that was interrupted in its second epoch."""
    for name in ("models", "submissions"):
        shutil.copytree(interrupted_once.path.parents[1] / name, tmp_path / name)
    return runs.find(models=tmp_path / "models")


def test_an_interrupted_training_is_usable_and_says_so(interrupted):
    assert interrupted.record.interrupted
    assert len(runs.history.read(interrupted.path)) == interrupted.record.epochs == 2
    assert submission(interrupted)
    # Its validation rows have chosen the epoch that it kept.
    assert interrupted.record.predicted_range is None


def test_resumed_it_ends_as_if_nothing_had_happened(interrupted, trained, tmp_path):
    resumed = resume(interrupted.name, tmp_path)
    assert resumed.path == interrupted.path
    assert not resumed.record.interrupted
    assert submission(resumed) == submission(trained)
    assert report(resumed) == report(trained)
    assert not (resumed.path / "checkpoint.npz").exists()
    assert list((resumed.path / "logs").iterdir())
    with pytest.raises(RunError, match="nothing to resume"):
        resume(resumed.name, tmp_path)


class Killed(BaseException):
    """What `kill -9` is to a process, as far as another test's process can feel it."""


class KilledAt(Listener):
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
def test_a_resumed_run_stays_usable_until_it_is_rewritten(interrupted, trained, source, tmp_path, moment):
    images = source.test.images
    before = classifiers.load(interrupted).probabilities(images)
    with pytest.raises(Killed):
        resume(interrupted.name, tmp_path, listener=KilledAt(moment))
    found = runs.find(models=tmp_path / "models")
    assert found.record.interrupted
    runs.verify(found)
    assert (classifiers.load(found).probabilities(images) == before).all()
    resumed = resume(interrupted.name, tmp_path)
    assert report(resumed) == report(trained)
    assert submission(resumed) == submission(trained)


def test_of_two_that_go_on_with_one_run_the_second_is_refused(interrupted, tmp_path):
    class Second(Listener):
        refusals = 0

        def epoch(self, _epoch):
            with pytest.raises(StorageError, match="is in training just now, by another kaggle-digits"):
                resume(interrupted.name, tmp_path)
            assert runs.is_in_training(interrupted.path)
            self.refusals += 1

    second = Second()
    done = resume(interrupted.name, tmp_path, listener=second)
    assert second.refusals > 0
    assert not runs.is_in_training(done.path)


def edit(path, *keys, value):
    """Changes one value of a JSON file."""
    document = inner = json.loads(path.read_text())
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    path.write_text(json.dumps(document))


def test_data_that_has_changed_since_is_refused(interrupted, tmp_path):
    edit(interrupted.path / "plan.json", "data", "train_sha256", value={"train.csv": "another"})
    with pytest.raises(DataError, match="not the data that .* began with"):
        resume(interrupted.name, tmp_path)
    # The interrupted run must not be lost by a resume that was refused.
    assert runs.find(interrupted.name, tmp_path / "models")


def write_pictures(folder: Path, source: Source) -> Path:
    """A folder of images, six of each digit."""
    for digit in range(10):
        (folder / str(digit)).mkdir(parents=True)
        for number, place in enumerate(np.flatnonzero(source.train.known_labels == digit)[:6]):
            Image.fromarray(255 - source.train.images[place]).save(folder / str(digit) / f"{number}.png")
    return folder


def test_the_image_shape_that_a_run_began_with_stays(source, tmp_path):
    """Pictures are brought to 28 x 28 unless somebody asks for something else, and a resumed run has asked before."""
    pictures = write_pictures(tmp_path / "pictures", source)
    plan = but(SMALL, {"epochs": 4}, data=str(pictures), image_shape=(20, 20), validation=0.2)
    begun = train(plan, tmp_path, listener=StopAfter(1))
    assert begun.record.interrupted
    done = resume(begun.name, tmp_path)
    assert done.record.image_shape == (20, 20)
    assert (done.record.epochs, done.record.interrupted) == (4, False)
    assert classifiers.load(done).probabilities(np.zeros((1, 20, 20), np.uint8)).shape == (1, 10)

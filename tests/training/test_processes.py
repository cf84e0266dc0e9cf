"""Members trained side by side, by other processes of this machine."""

import os
import shutil
import signal
from pathlib import Path

import pytest
from side_by_side import Notes, children, same
from small import SMALL, but, recipe, resume, train

from kaggle_digits import machine, recipes, runs, training
from kaggle_digits.errors import DigitsError
from kaggle_digits.training import processes

HERE = but(SMALL, folds=2)
JOBS = but(HERE, jobs=2)

OWN = '''
"""A network whose second layer is of the user's own."""
import keras
from keras import layers

from kaggle_digits.recipes import Fit

fit = Fit(epochs=1, batch_size=64)


class Doubled(layers.Layer):
    def call(self, inputs):
        return 2 * inputs


def build(image_shape, classes, far=-1):
    return keras.Sequential([
        keras.Input((*image_shape, 1)), layers.Flatten(), Doubled(), layers.Dense(classes, activation="softmax"),
    ])
'''


@pytest.fixture(scope="module")
def here(in_two_folds):
    return in_two_folds


def cut(run: runs.Run, folder: Path) -> Path:
    """A copy of a run that was killed just before its members were put together."""
    path = folder / "models" / run.name
    shutil.copytree(run.path, path)
    (path / runs.RECORD).unlink()
    return path


def test_two_processes_give_what_one_gives(here, tmp_path, monkeypatch):
    """And run no module of the current folder, though it has the name of one of Python's own that all libraries use."""
    (tmp_path / "random.py").write_text("from pathlib import Path\nPath('marker').touch()\nraise SystemExit(7)\n")
    monkeypatch.chdir(tmp_path)
    notes = Notes()
    same(train(JOBS, tmp_path, listener=notes), here)
    assert not (tmp_path / "marker").exists()
    assert sum(line.startswith("fold-1: epoch") for line in notes.lines) == 3
    assert notes.lines[-1].endswith(" s")


def test_where_all_members_are_there_no_process_is_started(here, tmp_path):
    """A training killed just before its members are put together."""
    path = cut(here, tmp_path)
    notes = Notes()
    same(resume(path.name, tmp_path, jobs=2, listener=notes), here)
    assert notes.lines == []


def test_the_last_member_of_many_is_trained_as_it_would_have_been_beside_the_others(here, tmp_path):
    path = cut(here, tmp_path)
    shutil.rmtree(path / "fold-2")
    notes = Notes()
    same(resume(path.name, tmp_path, listener=notes, jobs=2), here)
    assert [line.split(",")[0] for line in notes.lines] == [f"fold-2: epoch {epoch} of 3" for epoch in (1, 2, 3)]


def test_a_process_that_is_killed_goes_on(here, tmp_path):
    notes = Notes(lambda: children()[0].kill(), at="epoch 1")
    same(train(JOBS, tmp_path, listener=notes), here)
    assert "a process was killed (signal 9); its training continues" in notes.lines


def test_half_trained_members_go_on_where_they_were(tmp_path):
    """As many at a time as they began with, without a word."""
    until = Notes(lambda: os.kill(os.getpid(), signal.SIGINT), at="epoch 6")
    with pytest.raises(training.Paused) as paused:
        train(but(JOBS, {"epochs": 60}), tmp_path, listener=until)
    notes = Notes()
    done = resume(paused.value.run, tmp_path, listener=notes)
    told = sum("epoch" in line for line in (*until.lines, *notes.lines))
    # Of each, one epoch may have been told of, but not kept yet.
    assert told <= 2 * (60 + 1)
    assert sum("epoch" in line for line in until.lines) >= 6
    assert sorted(path.name for path in done.path.iterdir() if path.is_dir()) == ["fold-1", "fold-2"]


def test_short_trainings_are_not_worth_a_process(tmp_path):
    notes = Notes()
    train(but(HERE, {"epochs": 1}), tmp_path, listener=notes)
    assert notes.lines[2:] == ["fold-1, 1 of 2", "fold-2, 2 of 2"]


@pytest.mark.parametrize(
    ("fit", "worth_it"),
    [
        ({"epochs": 2}, False),
        ({"epochs": 20}, True),
        ({"epochs": 1_000_000, "seconds": 30.0}, False),
        ({"epochs": 1_000_000, "seconds": 90.0}, True),
    ],
)
def test_what_a_process_is_worth_starting_for(fit, worth_it):
    assert processes.takes_long(recipe(SMALL).with_values(fit), 33_600) == worth_it


def test_there_is_always_one_process():
    assert 1 <= processes.most_at_once() <= machine.usable_cores()


def test_a_member_that_fails_says_why_and_leaves_the_others(tmp_path):
    with pytest.raises(DigitsError, match="a model could not be trained: the training diverged"):
        train(but(JOBS, {"learning_rate": 1e30, "schedule": "constant"}), tmp_path)
    assert not any(tmp_path.glob("**/run.json"))


def test_a_recipe_file_goes_along(tmp_path):
    """As it was when the training began, even if it is gone meanwhile."""
    own = tmp_path / "own.py"
    own.write_text(OWN)
    asked = recipes.load(str(own))
    own.unlink()
    notes = Notes()
    done = train(training.Plan(str(own), "sklearn", folds=2, jobs=2), tmp_path, recipe=asked, listener=notes)
    assert sum("epoch 1 of 1" in line for line in notes.lines) == 2
    assert done.record.recipe.members[0].arguments == {"far": -1}
    assert (done.path / "recipe.py").read_text() == OWN


def test_a_function_is_trained_in_this_process(tmp_path):
    """No other one knows it."""
    from sklearn.naive_bayes import GaussianNB

    own = recipes.from_function(lambda _image_shape, _classes: GaussianNB(), name="bayes")
    notes = Notes()
    done = train(training.Plan(data="sklearn", folds=2, jobs=2), tmp_path, recipe=own, listener=notes)
    assert notes.lines[1:] == ["fold-1, 1 of 2", "fold-2, 2 of 2"]
    assert done.record.recipe.members[0].file is None

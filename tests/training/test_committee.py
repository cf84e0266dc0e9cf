import csv
import json
import re
import shutil
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from small import NEAR, SMALL, answers, but, recipe, report, resume, submission, train

from kaggle_digits import classifiers, predictor, recipes, runs, sources, training
from kaggle_digits.classifiers.ensemble import Augmented
from kaggle_digits.competition import submission as submissions
from kaggle_digits.digits import Digits, split
from kaggle_digits.errors import DataError, RunError
from kaggle_digits.recipes import Recipe
from kaggle_digits.runs import Listener, rows
from kaggle_digits.sources import Source
from kaggle_digits.training import audit

FOLDS = but(SMALL, folds=2)
ASKED = training.Plan(data="sklearn")
BOTH = Recipe("both", members=(recipe(SMALL), recipe(NEAR)), folds=2, refit=1)


@pytest.fixture(scope="module")
def source():
    return sources.load("sklearn")


@pytest.fixture(scope="module")
def trained(in_two_folds):
    return in_two_folds


@pytest.fixture(scope="module")
def folder(trained):
    return trained.path.parents[1]


@pytest.fixture(scope="module")
def mixed(folder):
    return train(ASKED, folder, recipe=BOTH)


def member(run, name):
    """A member of a run, as a run of its own."""
    return runs.read(run.path / name)


class StopsAt(Listener):
    """Lets a training go on until a member has done so many steps."""

    def __init__(self, name, steps):
        self.member, self.steps, self.parts = name, steps, []

    def note(self, text):
        self.parts.append(text.split(",")[0])

    def step(self, *_):
        self.steps -= self.parts[-1] == self.member

    def wants_stop(self):
        return self.steps <= 0


class Notes(Listener):
    """Collects what is told of the data and the members."""

    def __init__(self):
        self.lines = []

    def note(self, text):
        self.lines.append(text)


def test_every_row_is_answered_by_the_member_that_did_not_learn_it(trained, source):
    ids, labels, probabilities = rows.validation(trained.path)
    assert ids.tolist() == source.train.ids.tolist()
    assert labels.tolist() == source.train.known_labels.tolist()
    hashes = source.train.hashes
    seen = np.zeros(len(ids), int)
    for number in (1, 2):
        one = trained.path / f"fold-{number}"
        own_ids, _, own = rows.validation(one)
        place = np.isin(ids, own_ids)
        seen += place
        augmented = np.load(one / "tta.npy")
        assert any(np.allclose(probabilities[place], asked, atol=1e-6) for asked in (own, augmented))
        assert not np.isin(hashes[place], rows.learned(one)).any()
    assert (seen == 1).all()


def test_the_score_card_agrees_with_the_rows(trained):
    record = trained.record
    _, labels, probabilities = rows.validation(trained.path)
    assert record.validation_accuracy == pytest.approx((probabilities.argmax(axis=1) == labels).mean())
    sizes = [member(trained, f"fold-{number}").record.validation_rows for number in (1, 2)]
    assert np.average(record.folds, weights=sizes) == pytest.approx(record.validation_accuracy)
    low, high = record.predicted_range
    assert low < record.validation_accuracy < high
    for name, value in {"folds": record.folds, "predicted_range": [low, high], "contaminated": None}.items():
        assert report(trained)[name] == value


def test_the_members_answer_the_test_set_together(trained, source, folder):
    predicted = submissions.check(folder / "submissions" / f"{trained.name}.csv", rows=len(source.test))
    asked = Augmented if trained.record.tta else lambda classifier: classifier
    members = [asked(classifiers.load(member(trained, f"fold-{number}"))) for number in (1, 2)]
    parts = [one.probabilities(source.test.images) for one in members]
    assert predicted == np.mean(parts, axis=0).argmax(axis=1).tolist()
    together = classifiers.load(trained).probabilities(source.test.images)
    assert together.argmax(axis=1).tolist() == predicted
    assert trained.record.parameters == 2 * member(trained, "fold-1").record.parameters


def test_who_has_no_time_for_five_views_looks_once(tmp_path):
    hasty = replace(recipe(but(SMALL, {"epochs": 1})).in_folds(2), tta=False)
    found = train(ASKED, tmp_path, recipe=hasty)
    assert not list(found.path.glob("fold-*/tta.npy"))
    assert found.record.tta is False


def test_a_committee_is_a_run_like_any_other(trained, mixed, folder):
    found = runs.find(trained.name, folder / "models")
    assert (found.record.recipe.name, found.record.recipe.folds) == ("flat", 2)
    assert [one.name for one in runs.listing(folder / "models")] == sorted([trained.name, mixed.name])
    assert predictor.evaluate(trained).report.accuracy == report(trained)["accuracy"]
    assert predictor.compare(trained, mixed).rows == 1078


def test_several_kinds_are_weighed_by_rows_that_the_choice_did_not_see(mixed):
    weights = mixed.record.members
    parts = ("fold-1", "fold-2", "refit-1")
    assert set(weights) == {f"{kind}-{part}" for kind in ("flat", "knn") for part in parts}
    assert sum(weights[f"{kind}-fold-1"] for kind in ("flat", "knn")) == pytest.approx(1)
    assert mixed.record.files.keys() == {
        f"{name}/{file}" for name, weight in weights.items() if weight > 0 for file in member(mixed, name).record.files
    }
    assert mixed.record.validation_accuracy > 0.93


def test_a_member_that_is_refit_learns_all_rows_but_a_few_and_judges_none(mixed, source):
    again = member(mixed, "flat-refit-1").record
    assert (again.train_rows, again.validation_rows, again.plan.seed) == (1056, 22, 2)
    ids, _, probabilities = rows.validation(mixed.path)
    assert ids.tolist() == source.train.ids.tolist()
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert len(mixed.record.folds) == 2
    low, high = mixed.record.predicted_range
    assert low < mixed.record.validation_accuracy < high


def test_a_plan_asks_for_models_on_all_rows_too(tmp_path):
    run = train(but(NEAR, folds=2, refit=1), tmp_path)
    assert set(run.record.members) == {"fold-1", "fold-2", "refit-1"}
    assert set(run.record.members.values()) == {1.0}


def test_one_model_without_the_validation_rows_judges_for_those_on_all_rows(tmp_path, source):
    run = train(but(SMALL, refit=2), tmp_path)
    record = run.record
    assert set(record.members) == {"fold-1", "refit-1", "refit-2"}
    assert (record.train_rows, record.validation_rows, record.folds) == (1078, 108, None)
    assert member(run, "fold-1").record.train_rows == 970
    # The rows that it was judged by are those that it would have had alone, with five views of each.
    held_out = source.train.take(split(source.train, 0.1)[1])
    ids, _, probabilities = rows.validation(run.path)
    assert ids.tolist() == held_out.ids.tolist()
    judge = Augmented(classifiers.load(member(run, "fold-1")))
    assert np.allclose(probabilities, judge.probabilities(held_out.images), atol=1e-5)
    assert record.tta
    low, high = record.predicted_range
    assert low < record.validation_accuracy < high


def test_a_member_remembers_its_own_recipe_seed_and_fold(trained, mixed):
    assert [member(trained, f"fold-{number}").record.plan.seed for number in (1, 2)] == [0, 1]
    assert [member(trained, f"fold-{number}").record.fold for number in (1, 2)] == [0, 1]
    assert member(mixed, "knn-fold-1").record.recipe == recipe(NEAR).record()


def test_interrupted_after_a_fold_it_goes_on_with_the_next(trained, tmp_path):
    with pytest.raises(training.Paused) as pause:
        train(FOLDS, tmp_path, listener=StopsAt("fold-2", 15))  # in the second of three epochs
    name = pause.value.run
    assert name in [path.name for path in runs.unfinished(tmp_path / "models")]
    with pytest.raises(RunError, match="is unfinished"):
        runs.find(name, tmp_path / "models")
    before = (tmp_path / "models" / name / "fold-1" / "run.json").read_bytes()
    path = tmp_path / "models" / name
    begun = runs.interrupted(path)
    assert begun.spent > runs.read(path / "fold-1").record.seconds
    runs.write_plan(path, msgspec.structs.replace(begun, spent=1e6))
    done = resume(name, tmp_path, listener=StopsAt("", 1))
    assert done.record.seconds > 1e6  # those before the pause count
    assert (done.path / "fold-1" / "run.json").read_bytes() == before
    assert submission(done) == submission(trained)
    assert (answers(done) == answers(trained)).all()


def test_interrupted_in_its_first_epoch_it_can_be_gone_on_with(trained, tmp_path):
    with pytest.raises(training.Paused) as pause:
        train(FOLDS, tmp_path, listener=StopsAt("fold-1", 2))
    assert submission(resume(pause.value.run, tmp_path)) == submission(trained)


def test_a_member_is_not_gone_on_with_by_itself(tmp_path):
    with pytest.raises(training.Paused) as pause:
        train(FOLDS, tmp_path, listener=StopsAt("fold-1", 15))
    with pytest.raises(RunError, match=f"is a member of {pause.value.run}"):
        resume(tmp_path / "models" / pause.value.run / "fold-1", tmp_path)


def test_without_a_mistake_there_is_nothing_to_doubt(tmp_path):
    zeros = replace(recipe(but(NEAR, {"neighbors": 1})), labels=2)
    done = train(but(ASKED, folds=2), tmp_path, recipe=zeros)
    assert done.record.validation_accuracy == 1
    assert (done.path / "doubtful.csv").read_text().count("\n") == 1
    assert done.record.predicted_range is None  # it knows two labels of the ten to come


def copy_of(run, folder):
    shutil.copytree(run.path, folder / "copy")
    return folder / "copy"


def test_a_member_that_was_tampered_with_is_noticed(trained, tmp_path):
    copy = copy_of(trained, tmp_path)
    with (copy / "fold-2" / "model.tflite").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(RunError, match=r"fold-2.model\.tflite is missing, or not the file"):
        predictor.load(copy)


@pytest.mark.parametrize(
    "change",
    [
        {"members": []},
        {"members": "fold-1"},
        {"members": {}},
        {"mean": "median"},
        {"tta": "yes"},
        {"members": {"fold-1": 0}},
        {"members": {"fold-1": -1}},
        {"members": {"fold-1": "x"}},
        *({"members": {name: 1}} for name in ("../other", "/etc", "..", "", "a/b", "fold-1\n", "fold-9")),
    ],
    ids=str,
)
def test_an_ensemble_that_was_edited_is_one_sentence(change, trained, tmp_path):
    copy = copy_of(trained, tmp_path)
    record = json.loads((copy / "run.json").read_text())
    (copy / "run.json").write_text(json.dumps({**record, **change}))
    with pytest.raises(RunError, match="was edited or is damaged|names no member|cannot be read") as caught:
        classifiers.load(runs.read(copy))
    assert len(str(caught.value).splitlines()) == 1


def test_a_committees_recipe_survives_run_json(mixed):
    restored = recipes.restore(mixed.record.recipe)
    assert restored.record() == mixed.record.recipe
    assert [one.arguments for one in restored.members] == [one.arguments for one in BOTH.members]
    assert [one.build for one in restored.members] == [one.build for one in BOTH.members]


def test_too_many_folds_are_refused_before_anything_begins(tmp_path):
    with pytest.raises(DataError, match="number of folds must be from 2 to"):
        train(but(SMALL, folds=200), tmp_path)
    assert not (tmp_path / "models").exists() or list((tmp_path / "models").iterdir()) == []


def test_doubtful_labels_are_found_and_can_be_left_out(source, tmp_path):
    labels = source.train.known_labels.copy()
    swapped = np.flatnonzero(labels == 0)[:5]
    labels[swapped] = 1
    wrong = Source("here", None, Digits(source.train.images, labels, source.train.ids), source.test)
    done = train(but(NEAR, folds=3), tmp_path, source=wrong)
    with (done.path / "doubtful.csv").open(newline="") as file:
        found = [int(row["id"]) for row in csv.DictReader(file)]
    assert set(source.train.ids[swapped].tolist()) <= set(found)
    assert len(set(source.train.ids[swapped].tolist()) & set(found[:10])) >= 4
    ids = audit.read_ids(done.path / "doubtful.csv")
    assert ids == tuple(found)
    again = train(but(NEAR, exclude=ids), tmp_path, source=wrong)
    assert again.record.plan.exclude == ids
    assert again.record.train_rows + again.record.validation_rows == 1078 - len(ids)
    assert again.record.predicted_range is None  # rows like those left out are among the rows to come


@pytest.mark.parametrize("text", ["", "label\n1\n", "\n", "\x00"])
def test_a_list_of_rows_that_makes_no_sense_is_one_sentence(text, tmp_path):
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(DataError, match="must begin with the column 'id'|cannot be read"):
        audit.read_ids(tmp_path / "list.csv")
    with pytest.raises(DataError, match="cannot be read"):
        audit.read_ids(tmp_path)


@pytest.mark.parametrize("one", ["99999", "9" * 500, "-1", "", "a.png"])
def test_an_id_that_is_not_there_is_named(one, source, tmp_path):
    (tmp_path / "list.csv").write_text(f"id,label\n3,0\n{one},1\n")
    ids = audit.read_ids(tmp_path / "list.csv")
    with pytest.raises(DataError, match=f"there is no training image with the id '{re.escape(one)}'"):
        train(but(NEAR, exclude=ids), tmp_path, source=source)
    assert not (tmp_path / "models").exists()


def test_test_rows_among_the_training_rows_are_refused_or_remembered(source, tmp_path):
    both = Digits(
        np.concatenate([source.train.images, source.test.images[:4]]),
        np.concatenate([source.train.known_labels, np.zeros(4, np.int64)]),
        np.arange(len(source.train) + 4),
    )
    leaking = replace(source, train=both)
    with pytest.raises(DataError, match="4 labelled images of sklearn are among its test images .* and 1 more"):
        train(NEAR, tmp_path, source=leaking)
    assert not (tmp_path / "models").exists()
    done = train(but(NEAR, allow_leak=True), tmp_path, source=leaking)
    assert "4 labelled images" in done.record.contaminated
    assert done.record.predicted_range is None
    assert "4 labelled images" in report(done)["contaminated"]
    (note,) = predictor.evaluate(done).notes
    assert note.startswith(f"{done.name} is contaminated: 4 labelled images")


def test_images_that_are_there_twice_are_told_of(source, tmp_path):
    twice = source.train.take(np.r_[0 : len(source.train), 0:3])
    twice = replace(source, train=replace(twice, ids=np.arange(len(twice))))
    heard = Notes()
    done = train(NEAR, tmp_path, source=twice, listener=heard)
    told = "3 labelled images are the same as an earlier one; they"
    assert heard.lines[1:] == [f"{told} may be learned and judged by; --folds helps"]
    assert done.record.repeated_rows == 3
    assert done.record.predicted_range is None
    heard = Notes()
    done = train(but(NEAR, folds=3), tmp_path, source=twice, listener=heard)
    assert heard.lines[1] == f"{told} stay in one fold"
    assert done.record.predicted_range is not None

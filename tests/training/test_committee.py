import csv
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from kaggle_digits.classifiers.protocol import Silence
from kaggle_digits.classifiers.shifts import Shifted
from kaggle_digits.recipes.architectures import Dense, Neighbors

from kaggle_digits import runs, sources, training
from kaggle_digits.competition import submission
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DataError, RunError
from kaggle_digits.files import storage
from kaggle_digits.predictor import evaluating, models
from kaggle_digits.recipes import Committee, Fit, Recipe, from_json
from kaggle_digits.sources import Source
from kaggle_digits.training import audit

SMALL = Recipe("small", "", Dense(hidden=(32,)), Fit(epochs=3, batch_size=64, learning_rate=5e-3))
NEAR = Recipe("near", "", Neighbors(neighbors=3, components=20))
BOTH = Recipe("both", "", Committee((SMALL, NEAR), folds=3))


@pytest.fixture(scope="module")
def source():
    return sources.load("sklearn")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("committee")


@pytest.fixture(scope="module")
def trained(source, folder):
    return training.train(SMALL, source, folds=3, models=folder / "models", submissions=folder / "submissions")


@pytest.fixture(scope="module")
def mixed(source, folder):
    return training.train(BOTH, source, models=folder / "models", submissions=folder / "submissions")


class StopsAt(Silence):
    """Lets a training go on until a member has done so many steps."""

    def __init__(self, member, steps):
        self.member, self.steps, self.parts = member, steps, []

    def note(self, text):
        self.parts.append(text.split(",")[0])

    def step(self, *_):
        self.steps -= self.parts[-1] == self.member

    def wants_stop(self):
        return self.steps <= 0


def test_every_row_is_answered_by_the_member_that_did_not_learn_it(trained, source):
    ids, labels, probabilities = runs.validation_rows(trained.run)
    assert ids.tolist() == source.train.ids.tolist()
    assert labels.tolist() == source.train.known_labels.tolist()
    hashes = source.train.hashes
    seen = np.zeros(len(ids), int)
    for number in (1, 2, 3):
        member = runs.find(trained.run.path / f"fold-{number}")
        own_ids, _, own = runs.validation_rows(member)
        place = np.isin(ids, own_ids)
        seen += place
        in_views = np.load(member.path / "shifted.npy")
        assert any(np.allclose(probabilities[place], way, atol=1e-6) for way in (own, in_views))
        assert not np.isin(hashes[place], runs.learned_rows(member)).any()
    assert (seen == 1).all()


def test_the_score_card_agrees_with_the_rows(trained):
    record = trained.run.record
    _, labels, probabilities = runs.validation_rows(trained.run)
    assert record["validation_accuracy"] == pytest.approx((probabilities.argmax(axis=1) == labels).mean())
    sizes = [runs.find(trained.run.path / f"fold-{number}").record["validation_rows"] for number in (1, 2, 3)]
    assert np.average(record["folds"], weights=sizes) == pytest.approx(record["validation_accuracy"])
    low, high = record["predicted_range"]
    assert low < record["validation_accuracy"] < high
    report = json.loads((trained.run.path / "report.json").read_text())
    for name, value in {"folds": record["folds"], "predicted_range": [low, high], "contaminated": None}.items():
        assert report[name] == value


def test_the_members_answer_the_test_set_together(trained, source):
    predicted = submission.check(trained.submission, rows=len(source.test))
    asked = Shifted if json.loads((trained.run.path / "ensemble.json").read_text())["shifts"] else lambda member: member
    members = [asked(models.load(trained.run.path / f"fold-{number}")) for number in (1, 2, 3)]
    parts = [member.probabilities(source.test.images) for member in members]
    assert predicted == np.mean(parts, axis=0).argmax(axis=1).tolist()
    model = models.load(trained.run.path)
    assert model.labels(source.test.images).tolist() == predicted
    assert model.info().parameters == 3 * models.load(trained.run.path / "fold-1").info().parameters


def test_who_has_no_time_for_five_views_looks_once(source, folder):
    hasty = Recipe("hasty", "", Committee((SMALL.with_fit(epochs=1),), folds=3, views=False))
    found = training.train(hasty, source, models=folder / "hasty", submissions=folder / "submissions")
    assert not list(found.run.path.glob("fold-*/shifted.npy"))
    assert json.loads((found.run.path / "ensemble.json").read_text())["shifts"] is False


def test_a_committee_is_a_run_like_any_other(trained, mixed, folder):
    assert runs.find(trained.run.name, folder / "models").record["recipe"]["kind"] == "Committee"
    assert {run.name for run in runs.listing(folder / "models")} == {trained.run.name, mixed.run.name}
    assert evaluating.own_validation(trained.run).report.accuracy == trained.report.accuracy
    assert evaluating.compare(trained.run, mixed.run).rows == 1078


def test_several_kinds_are_weighed_by_rows_that_the_choice_did_not_see(mixed):
    weights = mixed.run.record["members"]
    assert set(weights) == {f"{kind}-fold-{fold}" for kind in ("small", "near") for fold in (1, 2, 3)}
    assert json.loads((mixed.run.path / "ensemble.json").read_text())["weights"] == {
        name: weight for name, weight in weights.items() if weight > 0
    }
    assert mixed.report.accuracy > 0.93


def test_interrupted_after_a_fold_it_goes_on_with_the_next(trained, source, tmp_path):
    listener = StopsAt("fold-2", 15)  # in the second of three epochs
    with pytest.raises(training.Paused) as pause:
        training.train(SMALL, source, folds=3, models=tmp_path, submissions=tmp_path / "s", listener=listener)
    assert pause.value.run in [path.name for path in runs.unfinished(tmp_path)]
    with pytest.raises(RunError, match="never finished"):
        models.load(tmp_path / pause.value.run)
    before = (tmp_path / pause.value.run / "fold-1" / "run.json").read_bytes()
    rest = StopsAt("", 1)
    done = training.resume(pause.value.run, models=tmp_path, submissions=tmp_path / "s", listener=rest)
    assert (done.run.path / "fold-1" / "run.json").read_bytes() == before
    assert done.submission.read_bytes() == trained.submission.read_bytes()
    assert (done.probabilities == trained.probabilities).all()


def test_interrupted_in_its_first_epoch_it_can_be_gone_on_with(trained, source, tmp_path):
    with pytest.raises(training.Paused) as pause:
        training.train(
            SMALL, source, folds=3, models=tmp_path, submissions=tmp_path / "s", listener=StopsAt("fold-1", 2)
        )
    done = training.resume(pause.value.run, models=tmp_path, submissions=tmp_path / "s")
    assert done.submission.read_bytes() == trained.submission.read_bytes()


def test_a_member_is_not_gone_on_with_by_itself(source, tmp_path):
    with pytest.raises(training.Paused) as pause:
        training.train(
            SMALL, source, folds=3, models=tmp_path, submissions=tmp_path / "s", listener=StopsAt("fold-2", 15)
        )
    with pytest.raises(RunError, match=f"is a member of {pause.value.run}"):
        training.resume(tmp_path / pause.value.run / "fold-2", models=tmp_path, submissions=tmp_path / "s")


def test_without_a_mistake_there_is_nothing_to_doubt(source, tmp_path):
    zeros = Recipe("zeros", "", Neighbors(neighbors=1, components=20), labels=2)
    done = training.train(zeros, source, folds=2, models=tmp_path, submissions=tmp_path / "s")
    assert done.report.accuracy == 1
    assert (done.run.path / "doubtful.csv").read_text().count("\n") == 1
    assert "predicted_range" not in done.run.record  # it knows two labels of the ten to come


def test_a_member_that_was_tampered_with_is_noticed(trained, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(trained.run.path, copy)
    with (copy / "fold-2" / "model.tflite").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(RunError, match=r"fold-2.model\.tflite is missing, or not the file"):
        models.load(copy)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"mean": "median", "weights": {"fold-1": 1}}', '{"mean": "logits", "weights": {}}']
    + [json.dumps({"mean": "logits", "weights": {name: 1}}) for name in ("../other", "/etc", "..", "", "a/b")]
    + ['{"mean": "logits", "weights": {"fold-1": 0}}', '{"mean": "logits", "weights": {"fold-1": "x"}}'],
)
def test_a_damaged_ensemble_is_one_sentence(text, trained, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(trained.run.path, copy)
    (copy / "ensemble.json").write_text(text)
    record = json.loads((copy / "run.json").read_text())
    record["files"]["ensemble.json"] = storage.sha256(copy / "ensemble.json")  # so that the file itself is looked at
    (copy / "run.json").write_text(json.dumps(record))
    with pytest.raises(RunError, match=r"ensemble\.json (cannot be read|is not an ensemble)"):
        models.load(copy)


def test_a_committees_recipe_survives_json():
    assert from_json(json.loads(json.dumps(BOTH.as_json()))) == BOTH


def test_too_many_folds_are_refused_before_anything_begins(source, tmp_path):
    with pytest.raises(DataError, match="number of folds must be from 2 to"):
        training.train(SMALL, source, folds=200, models=tmp_path, submissions=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_doubtful_labels_are_found_and_can_be_left_out(source, tmp_path):
    labels = source.train.known_labels.copy()
    swapped = np.flatnonzero(labels == 0)[:5]
    labels[swapped] = 1
    wrong = Source("here", Digits(source.train.images, labels, source.train.ids), source.test, {})
    done = training.train(NEAR, wrong, folds=3, models=tmp_path, submissions=tmp_path)
    with (done.run.path / "doubtful.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = [int(row["id"]) for row in rows]
    assert set(source.train.ids[swapped].tolist()) <= set(found)
    assert len(set(source.train.ids[swapped].tolist()) & set(found[:10])) >= 4
    ids = audit.read_ids(done.run.path / "doubtful.csv", source.train.ids.tolist())
    again = training.train(NEAR, wrong, exclude=ids, models=tmp_path, submissions=tmp_path)
    assert again.run.record["excluded"] == ids
    assert again.run.record["train_rows"] + again.run.record["validation_rows"] == 1078 - len(ids)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "must begin with the column 'id'"),
        ("label\n1\n", "must begin with the column 'id'"),
        ("id\n99999\n", "row 2: there is no training image with the id '99999'"),
    ],
)
def test_a_list_of_rows_that_makes_no_sense_is_one_sentence(text, sentence, source, tmp_path):
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(DataError, match=sentence):
        audit.read_ids(tmp_path / "list.csv", source.train.ids.tolist())
    with pytest.raises(DataError, match="cannot be read"):
        audit.read_ids(tmp_path, source.train.ids.tolist())


def test_test_rows_among_the_training_rows_are_refused_or_remembered(source, tmp_path):
    both = Digits(
        np.concatenate([source.train.images, source.test.images[:4]]),
        np.concatenate([source.train.known_labels, np.zeros(4, np.int64)]),
        np.arange(len(source.train) + 4),
    )
    leaking = replace(source, train=both)
    with pytest.raises(DataError, match="4 labelled images of sklearn are among its test images .* and 1 more"):
        training.train(NEAR, leaking, models=tmp_path, submissions=tmp_path)
    assert list(tmp_path.iterdir()) == []
    done = training.train(NEAR, leaking, allow_leak=True, models=tmp_path, submissions=tmp_path)
    assert "4 labelled images" in done.run.record["contaminated"]
    assert "predicted_range" not in done.run.record
    assert "4 labelled images" in json.loads((done.run.path / "report.json").read_text())["contaminated"]
    (note,) = evaluating.own_validation(done.run).notes
    assert note.startswith(f"{done.run.name} is contaminated: 4 labelled images")


def test_images_that_are_there_twice_are_told_of(source, tmp_path):
    twice = source.train.take(np.r_[0 : len(source.train), 0:3])
    twice = replace(twice, ids=np.arange(len(twice)))
    heard = StopsAt("", 1)
    done = training.train(NEAR, replace(source, train=twice), models=tmp_path, submissions=tmp_path, listener=heard)
    [told] = heard.parts
    assert told.startswith("3 labelled images are the same as an earlier one; they may be learned and judged by")
    assert done.run.record["repeated_rows"] == 3
    assert "predicted_range" not in done.run.record
    heard = StopsAt("", 1)
    done = training.train(
        NEAR, replace(source, train=twice), folds=3, models=tmp_path, submissions=tmp_path, listener=heard
    )
    assert heard.parts[0] == "3 labelled images are the same as an earlier one; they stay in one fold"
    assert "predicted_range" in done.run.record

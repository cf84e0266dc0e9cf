"""Every kind of model, asked through the library: what holds for one must hold for all."""

import shutil

import numpy as np
import pytest

from kaggle_digits import predictor, sources, training
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DataError, RunError
from kaggle_digits.runs import rows


@pytest.fixture(scope="module")
def source():
    return sources.load("sklearn")


@pytest.fixture(scope="module", params=["mlp", "cnn", "binary", "knn", "svm", "forest", "logistic"])
def run(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    values = {"epochs": 1} if request.param == "cnn" else {}
    plan = training.Plan(request.param, "sklearn", values)
    return training.train(plan, models=folder / "models", submissions=folder / "submissions")


@pytest.fixture(scope="module")
def model(run):
    return predictor.load(folder=run.path.parent)


@pytest.fixture(scope="module")
def validation(run, source):
    """The digits that were held out when the run was trained."""
    ids, _, _ = rows.validation(run.path)
    return source.train.take(np.flatnonzero(np.isin(source.train.ids, ids)))


def test_a_loaded_model_answers_as_the_trained_one_did(model, run, validation):
    answers = model.probabilities(validation.images)
    assert answers.dtype == np.float32
    assert answers.shape == (len(validation), model.classes)
    assert answers.sum(axis=1) == pytest.approx(1, abs=1e-4)
    ids, labels, noted = rows.validation(run.path)
    order = [validation.ids.tolist().index(each) for each in ids.tolist()]
    assert np.array_equal(validation.known_labels[order], labels)
    assert np.array_equal(answers[order].argmax(axis=1), noted.argmax(axis=1))


def test_it_has_learned_something(model, run, validation):
    report = model.evaluate(validation)
    assert report.accuracy == pytest.approx(run.record.validation_accuracy)
    assert report.accuracy > (0.05 if run.record.recipe.name == "cnn" else 0.85)


def test_one_image_is_answered_as_a_batch_of_one(model, validation):
    image = validation.images[0]
    assert model.probabilities(image) == pytest.approx(model.probabilities(image[None])[0], abs=1e-6)
    assert model.labels(image) == model.labels(image[None])[0]


def test_its_record_says_what_it_is(model):
    record = model.run.record
    assert (model.image_shape, model.classes) == ((28, 28), 2 if record.recipe.name == "binary" else 10)
    assert len(record.layers) >= 1
    if record.recipe.name == "mlp":
        assert record.parameters == 850_586


@pytest.mark.parametrize(
    ("images", "told"),
    [
        (np.zeros((2, 20, 20), np.uint8), "takes images of 28 x 28 pixels. Received: 20 x 20"),
        (np.zeros((2, 28, 28), np.float32), "float32"),
        (np.zeros(784, np.uint8), r"\(784,\)"),
    ],
)
def test_images_of_another_form_are_refused(model, images, told):
    with pytest.raises(DataError, match=told):
        model.probabilities(images)


def test_a_model_knows_what_it_has_learned(model, run, source, validation):
    assert model.rows_learned(validation) == 0
    assert model.rows_learned(source.train) == run.record.train_rows


def test_a_changed_file_is_not_loaded(run, tmp_path):
    copy = tmp_path / run.name
    shutil.copytree(run.path, copy)
    (copy / next(iter(run.record.files))).write_bytes(b"something else")
    with pytest.raises(RunError, match="not the file that the training wrote"):
        predictor.load(copy)


def test_evaluating_the_own_validation_rows_gives_the_accuracy_of_the_training(run):
    evaluated = predictor.evaluate(run)
    assert evaluated.report.accuracy == pytest.approx(run.record.validation_accuracy)
    assert evaluated.rows_learned == 0


def test_evaluating_rows_that_were_learned_says_so(run):
    evaluated = predictor.evaluate(run, "sklearn")
    assert evaluated.rows_learned == run.record.train_rows
    assert any("not a test score" in note for note in evaluated.notes)
    assert {"confidence.png", "confusion.png", "mistakes.png", "report.json"} <= {
        path.name for path in evaluated.folder.iterdir()
    }


def test_labels_that_a_model_does_not_know_are_left_out_and_said(run, source):
    known = run.record.classes
    evaluated = predictor.evaluate(run, "sklearn")
    assert evaluated.report.rows == int((source.train.known_labels < known).sum())
    assert any("left out" in note for note in evaluated.notes) == (known < 10)
    if known < 10:
        with pytest.raises(DataError, match="knows the labels 0 to 1 only"):
            predictor.load(run.path).evaluate(source.train)


def test_a_model_refuses_digits_without_labels(model, source):
    unlabelled = Digits(source.test.images, None, source.test.ids)
    with pytest.raises(DataError, match="no labels"):
        model.evaluate(unlabelled)

"""Every kind of model, asked through the library: what holds for one must hold for all."""

import numpy as np
import pytest
from kaggle_digits.recipes.architectures import Network

from kaggle_digits import predictor, runs, sources, training
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DataError, RunError
from kaggle_digits.recipes import RECIPES


@pytest.fixture(scope="module")
def source():
    return sources.load("sklearn")


@pytest.fixture(scope="module", params=["mlp", "cnn", "binary", "knn", "svm", "forest", "logistic"])
def trained(request, source, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    recipe = RECIPES[request.param]
    if request.param == "cnn":
        recipe = recipe.with_fit(epochs=1)
    return training.train(recipe, source, models=folder / "models", submissions=folder / "submissions")


@pytest.fixture(scope="module")
def model(trained):
    return predictor.load(folder=trained.run.path.parent)


def test_a_loaded_model_answers_as_the_trained_one_did(model, trained):
    answers = model.probabilities(trained.validation.images)
    assert answers.dtype == np.float32
    assert answers.shape == (len(trained.validation), model.classes)
    assert answers.sum(axis=1) == pytest.approx(1, abs=1e-4)
    assert answers == pytest.approx(trained.probabilities, abs=1e-4)
    assert np.array_equal(answers.argmax(axis=1), trained.probabilities.argmax(axis=1))


def test_it_has_learned_something(model, trained):
    report = model.evaluate(trained.validation)
    assert report.confusion == trained.report.confusion
    assert report.loss == pytest.approx(trained.report.loss, rel=1e-4)
    assert report.accuracy > (0.05 if trained.run.record["recipe"]["name"] == "cnn" else 0.85)


def test_one_image_is_answered_as_a_batch_of_one(model, trained):
    image = trained.validation.images[0]
    assert model.probabilities(image) == pytest.approx(model.probabilities(image[None])[0], abs=1e-6)
    assert model.labels(image) == model.labels(image[None])[0]


def test_information(model, trained):
    info = model.info()
    recipe = RECIPES[trained.run.record["recipe"]["name"]]
    assert (info.recipe, info.kind) == (recipe.name, type(recipe.model).__name__)
    assert (info.image_shape, info.classes) == ((28, 28), recipe.labels or 10)
    assert len(info.layers) >= 1
    if isinstance(recipe.model, Network):
        assert info.parameters == recipe.expected.parameters


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


def test_the_submission_has_a_label_for_every_image(trained, source):
    lines = trained.submission.read_text().splitlines()
    assert len(lines) == len(source.test) + 1


def test_a_model_knows_what_it_has_learned(model, trained, source):
    assert model.rows_learned(trained.validation) == 0
    learned = trained.run.record["train_rows"]
    assert model.rows_learned(source.train) == learned


def test_a_changed_file_is_not_loaded(trained, tmp_path):
    name = next(iter(trained.run.record["files"]))
    copy = tmp_path / trained.run.name
    copy.mkdir()
    for path in trained.run.path.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    (copy / name).write_bytes(b"something else")
    with pytest.raises(RunError, match="not the file that the training wrote"):
        predictor.load(copy)


def test_evaluating_the_own_validation_rows_gives_the_report_of_the_training(trained):
    judged = predictor.evaluate(trained.run)
    assert judged.report == trained.report
    assert judged.rows_learned == 0


def test_evaluating_rows_that_were_learned_says_so(trained):
    judged = predictor.evaluate(runs.find(trained.run.path), "sklearn")
    assert judged.rows_learned == trained.run.record["train_rows"]
    assert any("not a test score" in note for note in judged.notes)
    assert {path.name for path in judged.folder.iterdir()} == {
        "confidence.png",
        "confusion.png",
        "mistakes.png",
        "report.json",
    }


def test_labels_that_a_model_does_not_know_are_left_out_and_said(trained, source):
    known = trained.run.record["classes"]
    judged = predictor.evaluate(runs.find(trained.run.path), "sklearn")
    assert judged.report.rows == int((source.train.known_labels < known).sum())
    assert any("left out" in note for note in judged.notes) == (known < 10)
    if known < 10:
        with pytest.raises(DataError, match="knows the labels 0 to 1 only"):
            predictor.load(trained.run.path).evaluate(source.train)


def test_a_model_refuses_digits_without_labels(model, source):
    unlabelled = Digits(source.test.images, None, source.test.ids)
    with pytest.raises(DataError, match="no labels"):
        model.evaluate(unlabelled)

import io as memory
import tracemalloc
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from skops import io

from kaggle_digits import evaluation, recipes, sources
from kaggle_digits.classifiers import classic
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DataError, DigitsError, RunError


class Anything:
    """A type that is on nobody's list."""


def rows_of(digits):
    return digits.images.reshape(len(digits), -1).astype(np.float32) / 255


@pytest.fixture(scope="module")
def digits():
    train = sources.load("sklearn").train
    return train.take(np.arange(800)), train.take(np.arange(800, len(train)))


@pytest.mark.parametrize("name", ["forest", "knn"])
def test_the_same_seed_gives_the_same_answers(digits, name):
    first, again = (classic.fit(recipes.load(name), *digits, 3).probabilities(digits[1].images) for _ in range(2))
    assert np.array_equal(first, again)


def test_temperature_changes_no_prediction_of_the_svm(digits):
    model = classic.fit(recipes.load("svm"), *digits, 0)
    rows = rows_of(digits[1])
    decisions = model.model.decision_function(rows)
    assert np.array_equal(decisions.argmax(axis=1), model.probabilities(digits[1].images).argmax(axis=1))


def test_the_temperature_is_scikit_learns_where_that_has_rows_enough(digits):
    model = classic.fit(recipes.load("svm"), *digits, 0)
    theirs = CalibratedClassifierCV(FrozenEstimator(model.model), method="temperature")
    theirs.fit(rows_of(digits[1]), digits[1].known_labels)
    answers = model.probabilities(digits[1].images)
    assert answers == pytest.approx(theirs.predict_proba(rows_of(digits[1])), abs=0.01)
    assert model.temperature == pytest.approx(1 / theirs.calibrated_classifiers_[0].calibrators[0].beta_, rel=0.03)


@pytest.mark.parametrize("rows", [1, 12])
def test_the_temperature_needs_neither_many_validation_rows_nor_every_label(digits, rows):
    train, validation = digits
    few = validation.take(np.arange(rows))
    model = classic.fit(recipes.load("svm"), train, few, 0)
    answers = model.probabilities(validation.images)
    assert answers.shape == (len(validation), 10)
    assert answers.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert evaluation.evaluate(validation.known_labels, answers).accuracy > 0.9
    decisions = model.model.decision_function(rows_of(validation))
    assert np.array_equal(answers.argmax(axis=1), decisions.argmax(axis=1))


def test_the_temperature_is_saved_with_the_model(digits, tmp_path):
    model = classic.fit(recipes.load("svm"), *digits, 0)
    assert model.save(tmp_path) == ["model.skops"]
    loaded = classic.load(tmp_path)
    assert loaded.temperature == model.temperature
    answers = model.probabilities(digits[1].images)
    assert loaded.probabilities(digits[1].images) == pytest.approx(answers, abs=1e-5)


@pytest.mark.parametrize("name", ["forest", "knn", "logistic", "svm"])
@pytest.mark.parametrize("each", [1, 2])
def test_fewer_rows_than_the_recipe_has_components_or_neighbors_will_do(digits, name, each):
    train, validation = digits
    rows = np.concatenate([np.flatnonzero(train.known_labels == label)[:each] for label in range(10)])
    assert (
        classic.fit(recipes.load(name), train.take(rows), validation, 0).probabilities(validation.images).shape[1] == 10
    )


@pytest.mark.parametrize(
    ("name", "wrong"), [("knn", {"neighbors": 0}), ("svm", {"penalty": -1.0}), ("forest", {"trees": 0})]
)
def test_an_argument_that_makes_no_sense_is_one_sentence(digits, name, wrong):
    with pytest.raises(DigitsError, match=f"{name} cannot be built with .*{next(iter(wrong))}=") as caught:
        classic.fit(recipes.load(name).with_values(wrong), *digits, 0)
    assert len(str(caught.value).splitlines()) == 1


def test_fewer_rows_than_neighbors_will_do(digits):
    train, validation = (part.of_labels(2) for part in digits)
    rows = [int(np.flatnonzero(train.known_labels == label)[0]) for label in (0, 1)]
    model = classic.fit(recipes.load("knn"), train.take(np.array(rows)), validation, 0)
    assert model.probabilities(validation.images).shape == (len(validation), 2)


def test_images_of_fewer_pixels_than_the_recipe_has_components_will_do(digits):
    train, validation = (Digits(part.images[:, ::6, ::6], part.labels, part.ids) for part in digits)
    for name in ("knn", "svm"):
        assert classic.fit(recipes.load(name), train, validation, 0).probabilities(validation.images).shape[1] == 10


def test_a_label_without_examples_is_named(digits):
    train = digits[0]
    some = train.take(np.flatnonzero(train.known_labels != 4))
    with pytest.raises(DataError, match="no training row is labelled 4: knn needs"):
        classic.fit(recipes.load("knn"), some, digits[1], 0)


def test_a_forest_is_loaded_without_holding_what_its_trees_are_made_of(digits, tmp_path):
    train, validation = digits
    random = np.random.default_rng(0).permutation(train.known_labels)  # so that the trees are large
    model = classic.fit(recipes.load("forest").with_values({"trees": 20}), replace(train, labels=random), validation, 0)
    model.save(tmp_path)
    answers = model.probabilities(validation.images)
    size = sum(tree.tree_.value.nbytes + tree.tree_.node_count * 64 for tree in model.model.estimators_)
    classic.load(tmp_path)
    tracemalloc.start()
    loaded = classic.load(tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.6 * size
    assert np.array_equal(loaded.probabilities(validation.images), answers)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04", b"\x80\x04\x95 a pickle"])
def test_a_file_that_is_no_model_is_one_sentence(tmp_path, content):
    (tmp_path / "model.skops").write_bytes(content)
    with pytest.raises(RunError, match=r"model\.skops is not a model that can be loaded"):
        classic.load(tmp_path)


def test_a_type_that_is_not_on_the_list_is_never_made(tmp_path):
    io.dump(Anything(), tmp_path / "model.skops")
    with pytest.raises(RunError, match="Untrusted types"):
        classic.load(tmp_path)


def test_a_pickle_in_the_archive_is_not_opened(digits, tmp_path):
    classic.fit(recipes.load("knn"), *digits, 0).save(tmp_path)
    path, changed = tmp_path / "model.skops", memory.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = b"cos\nsystem\n(S'echo owned'\ntR." if name.endswith(".npy") else old.read(name)
            new.writestr(name, content)
    path.write_bytes(changed.getvalue())
    with pytest.raises(RunError, match="not a model that can be loaded"):
        classic.load(tmp_path)


def test_one_label_is_told_from_the_other(digits):
    train, validation = (part.of_labels(2) for part in digits)
    assert isinstance(train, Digits)
    model = classic.fit(recipes.load("svm"), train, validation, 0)
    answers = model.probabilities(validation.images)
    assert answers.shape == (len(validation), 2)
    assert np.array_equal(answers.argmax(axis=1), model.model.predict(rows_of(validation)))
    assert evaluation.evaluate(validation.known_labels, answers).loss < 0.1

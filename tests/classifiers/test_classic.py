import io as memory
import zipfile

import numpy as np
import pytest
from skops import io

from kaggle_digits.classifiers import classic
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DataError, RunError
from kaggle_digits.recipes import RECIPES
from kaggle_digits.sources import bundled


class Anything:
    """A type that is on nobody's list."""


@pytest.fixture(scope="module")
def digits():
    train, _ = bundled.load()
    return train.take(np.arange(800)), train.take(np.arange(800, len(train)))


@pytest.mark.parametrize("name", ["forest", "knn"])
def test_the_same_seed_gives_the_same_answers(digits, name):
    first, again = (classic.fit(RECIPES[name], *digits, 3).probabilities(digits[1].images) for _ in range(2))
    assert np.array_equal(first, again)


def test_temperature_changes_no_prediction_of_the_svm(digits):
    model = classic.fit(RECIPES["svm"], *digits, 0)
    rows = digits[1].images.reshape(len(digits[1]), -1).astype(np.float32) / 255
    decisions = model.model.estimator.estimator.decision_function(rows)
    assert np.array_equal(decisions.argmax(axis=1), model.probabilities(digits[1].images).argmax(axis=1))


def test_a_label_without_examples_is_named(digits):
    train = digits[0]
    some = train.take(np.flatnonzero(train.known_labels != 4))
    with pytest.raises(DataError, match="no training row is labelled 4: knn needs"):
        classic.fit(RECIPES["knn"], some, digits[1], 0)


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
    classic.fit(RECIPES["logistic"], *digits, 0).save(tmp_path)
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
    model = classic.fit(RECIPES["svm"], train, validation, 0)
    assert model.probabilities(validation.images).shape == (len(validation), 2)

"""Digits of other hands, learned beside the data's."""

import pytest

from kaggle_digits import predictor, sources, training
from kaggle_digits.digits import split
from kaggle_digits.errors import DataError, DigitsError


@pytest.fixture(scope="module")
def source():
    return sources.load("sklearn")


def begin(source, folder, **values):
    plan = training.Plan("logistic", "sklearn", also=str(folder / "mine"), **values)
    return training.train(plan, source=source, models=folder / "models", submissions=folder / "submissions")


def test_they_are_learned_and_never_judged_by(source, tmp_path):
    learned, held_out = split(source.train, 0.1)
    judged = source.train.images[held_out[0]]
    own = source.train.images[:2] // 2
    predictor.keep_corrections([*own, judged], "373", tmp_path / "mine")
    run = begin(source, tmp_path)
    assert (run.record.train_rows, run.record.validation_rows) == (len(learned) + 2, len(held_out))
    assert run.record.plan.also == str(tmp_path / "mine") and run.record.data.also_sha256
    # An image that is held out is judged by only.
    assert predictor.load(run.path).rows_learned(sources.load(str(tmp_path / "mine")).train) == 2


def test_images_to_label_are_refused(source, tmp_path):
    predictor.keep_corrections([source.test.images[0]], "3", tmp_path / "mine")
    with pytest.raises(DataError, match=r"1 labelled images of .* are among its test images .*or --also"):
        begin(source, tmp_path)
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize("values", [{"folds": 2}, {"on": "kaggle"}])
def test_one_model_here_learns_them(source, tmp_path, values):
    predictor.keep_corrections([source.train.images[0] // 2], "3", tmp_path / "mine")
    with pytest.raises(DigitsError, match="leave --also"):
        begin(source, tmp_path, **values)

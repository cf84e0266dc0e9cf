"""Digits of other hands, learned beside the data's."""

import pytest

from kaggle_digits import predictor, sources, training
from kaggle_digits.digits import Digits, split
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


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_member_in_folds_learns_them_and_no_fold_is_judged_by_them(source, tmp_path, jobs):
    own, same = source.train.images[0] // 2, source.train.images[1]
    predictor.keep_corrections([own, same], "37", tmp_path / "mine")
    run = begin(source, tmp_path, folds=2, jobs=jobs)
    rows = len(source.train)
    # One that is among the data's rows is learned as such: by the members of other folds.
    assert (run.record.train_rows, run.record.validation_rows) == (rows + 1, rows)
    assert run.record.plan.also == str(tmp_path / "mine") and run.record.data.also_sha256
    members = [predictor.load(run.path / name) for name in ("fold-1", "fold-2")]
    assert [member.rows_learned(Digits.numbered(own[None])) for member in members] == [1, 1]
    assert sum(member.rows_learned(Digits.numbered(same[None])) for member in members) == 1
    assert sum(member.run.record.validation_rows for member in members) == rows


def test_without_any_it_is_said_how_to_make_some(source, tmp_path):
    plan = training.Plan("logistic", "sklearn", also=str(tmp_path / "corrections"))
    with pytest.raises(
        DataError, match=r"no corrections in .* yet\. Make some: kaggle-digits predict PICTURE --correct DIGITS\.$"
    ):
        training.train(plan, source=source, models=tmp_path / "models", submissions=tmp_path / "submissions")


def test_they_do_not_travel_to_kaggle(source, tmp_path):
    predictor.keep_corrections([source.train.images[0] // 2], "3", tmp_path / "mine")
    with pytest.raises(DigitsError, match="--also is not sent to Kaggle"):
        begin(source, tmp_path, on="kaggle")

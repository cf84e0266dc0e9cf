import numpy as np
import pytest

from kaggle_digits import predictor, sources, training
from kaggle_digits.errors import DataError, RunError


@pytest.fixture(scope="module")
def train(tmp_path_factory):
    source = sources.load("sklearn")

    def train_one(name, **options):
        folder = tmp_path_factory.mktemp(name)
        plan = training.Plan(name, "sklearn", **options)
        return training.train(plan, source=source, models=folder, submissions=folder / "s")

    return train_one


def test_two_runs_are_compared_on_the_rows_they_share(train):
    first, second = train("logistic"), train("knn", seed=1)
    comparison = predictor.compare(first, second)
    assert comparison.rows == 108
    assert comparison.accuracies == (first.record.validation_accuracy, second.record.validation_accuracy)
    difference = comparison.only_first_right - comparison.only_second_right
    assert difference == pytest.approx(108 * (comparison.accuracies[0] - comparison.accuracies[1]))
    same = predictor.compare(first, first)
    assert (same.only_first_right, same.only_second_right, same.p_value) == (0, 0, 1.0)


def test_runs_validated_on_other_rows_cannot_be_compared(train):
    with pytest.raises(RunError, match="different rows"):
        predictor.compare(train("logistic"), train("logistic", validation=0.2))


def drawn(folder):
    return {path.name for path in folder.iterdir() if path.suffix in (".png", ".svg")}


def test_pictures_of_a_network_in_another_form_and_its_inside(train):
    run = train("flat", values={"epochs": 2})
    assert drawn(run.path) == {f"{name}.png" for name in ("confidence", "confusion", "loss", "mistakes", "samples")}
    before = drawn(run.path)
    predictor.evaluate(run, pictures=predictor.Pictures(".svg", look_inside=True))
    inside = {"filters.svg", "looks.svg", "map.svg"}
    assert drawn(run.path) == before | {name.replace("png", "svg") for name in before} | inside
    assert f"{run.name}, flat" in (run.path / "map.svg").read_text()


def test_the_inside_of_another_model_on_other_data(train):
    run = train("logistic")
    evaluated = predictor.evaluate(run, "sklearn", pictures=predictor.Pictures(look_inside=True))
    assert drawn(evaluated.folder) >= {"confusion.png", "looks.png", "map.png"}
    assert "filters.png" not in drawn(evaluated.folder)


def test_pictures_need_the_data_and_numbers_do_not(tmp_path):
    digits = sources.load("sklearn").train
    np.save(tmp_path / "X.npy", digits.images[:200])
    np.save(tmp_path / "y.npy", digits.labels[:200])
    plan = training.Plan("logistic", str(tmp_path))
    run = training.train(plan, models=tmp_path / "models", submissions=tmp_path / "submissions")
    (tmp_path / "y.npy").unlink()
    assert predictor.evaluate(run).report.rows == 20
    with pytest.raises(DataError, match="the pictures show the rows that .*-logistic was validated on, and "):
        predictor.evaluate(run, pictures=predictor.Pictures(".pdf"))

import pytest

from kaggle_digits import predictor, sources, training
from kaggle_digits.errors import RunError


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

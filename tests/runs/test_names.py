"""Runs are found by what people call them."""

from pathlib import Path

import made_runs
import pytest

from kaggle_digits import runs
from kaggle_digits.errors import RunError


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Four complete runs and one that was interrupted."""
    made_runs.make(tmp_path, "mlp", 0, accuracy=0.97)
    made_runs.make(tmp_path, "cnn", 1, accuracy=0.99)
    made_runs.make(tmp_path, "knn", 2, accuracy=0.999, data=made_runs.BUNDLED)
    made_runs.make(tmp_path, "mlp", 3, accuracy=0.98)
    made_runs.begin(tmp_path, "cnn", 4)
    return tmp_path


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        (None, "20261120-150000-mlp"),
        ("mlp", "20261120-150000-mlp"),
        ("cnn", "20261120-130000-cnn"),
        ("20261120-14", "20261120-140000-knn"),
        ("20261120-120000-mlp", "20261120-120000-mlp"),
        ("best", "20261120-130000-cnn"),  # knn learned other data than the newest run
    ],
)
def test_a_run_has_many_names(models: Path, word: str | None, meant: str) -> None:
    assert runs.find(word, models).name == meant


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("20261120", "5 runs in .* begin with 20261120: 20261120-120000-mlp, .*-cnn. Give more of the name."),
        ("svm", "there is no run of svm in .*. Train one: kaggle-digits train svm."),
        ("mpl", "there is no run mpl in .*. Did you mean mlp?"),
        ("20261120-16", "20261120-160000-cnn is unfinished. Continue it: kaggle-digits train --resume"),
        ("", "there is no run "),
        ("no/where", "there is no run no/where"),
    ],
)
def test_what_is_no_run_says_what_to_do(models: Path, word: str, sentence: str) -> None:
    with pytest.raises(RunError, match=sentence):
        runs.find(word, models)


def test_without_a_run_there_is_one_to_train(tmp_path: Path) -> None:
    for word in (None, "best"):
        with pytest.raises(RunError, match="no complete run in .*kaggle-digits train"):
            runs.find(word, tmp_path)
    with pytest.raises(RunError, match="no run mlp in .*none yet. Train one: kaggle-digits train."):
        runs.find("mlp", tmp_path)


def test_of_many_only_the_newest_are_listed(tmp_path: Path) -> None:
    for hour in range(7):
        made_runs.make(tmp_path, hours=hour)
    with pytest.raises(RunError, match="The runs there: the newest 5 of 7: 20261120-140000-mlp, .*180000-mlp.$"):
        runs.find("nothing", tmp_path)
    with pytest.raises(RunError, match="7 runs in .* begin with 2026: the newest 5 of 7: 20261120-14"):
        runs.find("2026", tmp_path)


def test_a_name_goes_before_a_beginning_and_a_recipe(tmp_path: Path) -> None:
    runs.rename(made_runs.make(tmp_path), "wide")
    runs.rename(made_runs.make(tmp_path, hours=1), "wide-2")
    assert runs.find("wide", tmp_path).name == "wide"


def test_best_passes_over_what_has_learned_test_rows(tmp_path: Path) -> None:
    honest = made_runs.make(tmp_path, accuracy=0.95)
    leaking = made_runs.make(tmp_path, hours=1, accuracy=1.0, contaminated="700 rows of test.csv are in train.csv")
    assert runs.best([honest, leaking]) == honest
    assert runs.best([leaking]) == leaking


def test_best_of_equals_is_the_newest(tmp_path: Path) -> None:
    both = [made_runs.make(tmp_path, hours=hour) for hour in (0, 1)]
    assert runs.best(both) == both[1]


def test_what_is_gone_on_with_is_the_recipes_interrupted_run(models: Path) -> None:
    assert runs.resumable("cnn", models).name == "20261120-160000-cnn"
    assert runs.resumable("20261120-16", models).name == "20261120-160000-cnn"
    # What is removed must be named itself.
    with pytest.raises(RunError, match="cnn is not the name of a run"):
        runs.folder("cnn", models)

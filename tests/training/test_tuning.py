"""A search for better values: what it tries, remembers and says, with models that are fitted in a moment."""

import csv
from pathlib import Path

import pytest

from kaggle_digits import training
from kaggle_digits.errors import RunError
from kaggle_digits.runs import Listener, Plan

pytest.importorskip("optuna")

OWN = '''
"""Gaussians, unless they are built wrongly."""
from sklearn.naive_bayes import GaussianNB


def build(image_shape, classes, smoothing=0.1, wrong=False):
    if wrong:
        raise ValueError("built wrongly")
    return GaussianNB(var_smoothing=smoothing)


search = {"smoothing": (0.01, 1.0), "wrong": (False, True)}
'''


class Notes(Listener):
    """Collects what is told, and presses Ctrl-C at the first line that begins with these words."""

    def __init__(self, stop_at: str = "never") -> None:
        self.lines: list[str] = []
        self.stop_at = stop_at

    def note(self, text: str) -> None:
        self.lines.append(text)
        if text.startswith(self.stop_at):
            raise KeyboardInterrupt


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    (tmp_path / "own.py").write_text(OWN)
    return Plan(str(tmp_path / "own.py"), "sklearn")


def test_the_best_that_was_tried_is_checked_on_fresh_rows(plan: Plan, tmp_path: Path) -> None:
    notes = Notes()
    study = training.tune(plan, trials=8, models=tmp_path, listener=notes)
    assert study.trials[0].values == {"smoothing": 0.1, "wrong": False}
    assert {one.state for one in study.trials} == {"complete", "failed"}
    assert any("failed: " in line and "built wrongly" in line for line in notes.lines)
    assert study.best.accuracy == max(one.accuracy or 0.0 for one in study.trials)
    assert study.best.values["wrong"] is False
    assert study.check is not None
    assert len(study.check.start) == len(study.check.best) == 3
    assert study.command.endswith(f"--set smoothing={study.best.values['smoothing']} --set wrong=False")
    with (study.path / "trials.csv").open(newline="") as file:
        assert [row["state"] for row in csv.DictReader(file)] == [one.state for one in study.trials]


def test_an_interrupted_search_goes_on(plan: Plan, tmp_path: Path) -> None:
    begun = training.tune(plan, trials=3, models=tmp_path, listener=Notes("trial 0:"))
    assert (begun.interrupted, begun.check, len(begun.trials)) == (True, None, 1)
    done = training.tune(plan, trials=3, study=begun.path.name, models=tmp_path)
    assert (done.interrupted, len(done.trials)) == (False, 3)
    assert done.trials[0] == begun.trials[0]
    with pytest.raises(RunError, match="began with another recipe, data or values"):
        training.tune(Plan("knn", "sklearn"), study=begun.path.name, models=tmp_path)


def test_without_a_whole_trial_nothing_is_left(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        training.tune(plan, trials=3, models=tmp_path / "models", listener=Notes("searching"))
    assert not list((tmp_path / "models").iterdir())

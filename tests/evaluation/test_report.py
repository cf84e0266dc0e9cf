"""What an evaluation leaves in a folder."""

import json

import numpy as np
import pytest

from kaggle_digits import evaluation
from kaggle_digits.digits import Digits


@pytest.fixture(scope="module")
def judged():
    rng = np.random.default_rng(0)
    digits = Digits(rng.integers(0, 256, (40, 28, 28)).astype(np.uint8), np.arange(40) % 10, np.arange(40))
    probabilities = rng.dirichlet(np.full(10, 0.2), 40).astype(np.float32)
    return digits, probabilities, evaluation.evaluate(digits.labels, probabilities)


def test_report_json_names_its_labels_and_has_the_score_card_of_folds(tmp_path, judged):
    card = {"folds": [0.5, 0.6], "predicted_range": (0.4, 0.7), "contaminated": None}
    evaluation.write_report(tmp_path, judged[2], {**card, "seed": 3})
    written = json.loads((tmp_path / "report.json").read_text())
    assert written.pop("predicted_range") == [0.4, 0.7]
    assert (written.pop("folds"), written.pop("contaminated")) == ([0.5, 0.6], None)
    assert written == json.loads(json.dumps(judged[2].as_json()))
    assert list(written["labels"]) == [str(label) for label in range(10)]
    assert written["labels"]["3"].keys() == {"precision", "recall", "f1", "support"}


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_the_pictures_are_drawn_in_the_form_asked_for(tmp_path, judged, suffix):
    evaluation.draw_report(tmp_path, *judged, about="20261127-mlp, my digits", suffix=suffix)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {f"{name}{suffix}" for name in ("confusion", "mistakes", "confidence", "samples")}
    if suffix == ".svg":
        assert all("20261127-mlp, my digits" in path.read_text() for path in tmp_path.iterdir())

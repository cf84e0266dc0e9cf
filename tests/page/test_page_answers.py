"""What the page says of digits and marks, beside what the package says."""

import json
import random
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from kaggle_digits import page
from kaggle_digits.predictor import LeftOut, PredictedDigit, Prediction

NODE = shutil.which("node")
BOX = [0, 0, 9, 9]


def digits(chance, count):
    """Digits in the page's form: most sure, some unlike any, some between two labels, some never to be believed."""
    for _ in range(count):
        label, other = chance.sample(range(10), 2)
        probability = chance.choice([0.9999, 0.9999, 0.95, 0.8, 0.55])
        probabilities = np.full(10, 0.02 * (1 - probability))
        probabilities[[label, other]] = probability, 0.84 * (1 - probability)
        share = chance.choice([0.9999, 0.9999, 0.9999, 0.97, 0.6, 0.0])
        yield {
            "probabilities": probabilities.round(6).tolist(),
            "box": BOX,
            "image": [],
            "isSure": bool(probability * share >= 0.5),
            "share": share,
            "standsApart": chance.random() < 0.2,
        }


def cases():
    chance = random.Random(1)
    for number in range(600):
        counts = [chance.choice([1, 1, 2, 3, 5]) for _ in range(chance.choice([0, 1, 1, 1, 2]))]
        lines = [list(digits(chance, count)) for count in counts]
        marks = [
            {"box": BOX, "after": chance.randrange(sum(counts) + 1), "mayBeDigit": chance.random() < 0.1}
            for _ in range(chance.choice([0, 0, 1, 2, 4]))
        ]
        yield {"lines": lines, "marks": marks, "turned": 90 * (number % 4)}


def said(case):
    """What the package says."""
    lines = [[predicted(digit) for digit in line] for line in case["lines"]]
    marks = [LeftOut(tuple(mark["box"]), mark["after"], mark["mayBeDigit"]) for mark in case["marks"]]
    return Prediction("a.png", lines, (9, 9), marks, turned=case["turned"])


def predicted(digit):
    shares = digit["probabilities"]
    first, second = sorted(range(10), key=lambda label: -shares[label])[:2]
    more = digit["isSure"], digit["share"], digit["standsApart"]
    return PredictedDigit(first, shares[first], second, shares[second], shares, tuple(digit["box"]), *more)


def test_the_page_says_what_the_package_says(tmp_path):
    if NODE is None:
        pytest.skip("Node is not installed")
    asked = list(cases())
    (tmp_path / "engine.js").write_text(page.engine(), encoding="utf-8")
    (tmp_path / "cases.json").write_text(json.dumps(asked))
    command = [NODE, Path(__file__).parent / "answers.js", tmp_path / "engine.js", tmp_path / "cases.json"]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    ours = [said(case) for case in asked]
    assert [each["answer"] for each in told] == [each.answer for each in ours]
    assert len({each.doubt for each in ours}) > 30  # of all kinds
    for theirs, own in zip(told, map(Prediction.as_json, ours), strict=True):
        alike = ("label", "unsure", "guess", "doubt", "left_out", "turned")
        assert {name: theirs[name] for name in alike} == {name: own[name] for name in alike}
        assert theirs["probability"] == pytest.approx(own["probability"], abs=1e-6)
        for digit, expected in zip(theirs["digits"], own["digits"], strict=True):
            assert {name: digit[name] for name in expected} == expected

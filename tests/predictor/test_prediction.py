"""What a prediction says in words, and when it is unsure."""

import pytest

from kaggle_digits.predictor.prediction import LeftOut, PredictedDigit, Prediction


def prediction(count, probability, left_out=(), **said):
    rest = (1 - probability) / 9
    shares = [rest] * 7 + [probability] + [rest] * 2
    digit = PredictedDigit(7, probability, 0, rest, shares, (0, 0, 9, 9), **said)
    return Prediction("a.png", [[digit] * count], (9 * count, 9), list(left_out))


@pytest.mark.parametrize(
    ("count", "probability", "is_unsure"),
    [(2, 0.8, True), (2, 0.87, False), (5, 0.93, True), (5, 0.96, False), (30, 0.993, True), (30, 0.997, False)],
)
def test_the_more_digits_the_surer_they_must_be(count, probability, is_unsure):
    several = prediction(count, probability)
    assert several.is_unsure == is_unsure
    assert several.label == (None if is_unsure else "7" * count)
    assert several.doubt == ("likely to be wrong somewhere" if is_unsure else "")


@pytest.mark.parametrize(
    ("said", "doubt"),
    [
        ({"probability": 0.99, "is_digit": 0.4}, "unlike any digit"),
        ({"probability": 0.5, "is_digit": 0.9}, "7 or 0"),
    ],
)
def test_why_a_digit_is_unsure(said, doubt):
    assert prediction(1, is_sure=False, **said).answer == f"unsure: {doubt}"


def test_a_mark_that_may_be_a_digit_makes_all_unsure():
    marks = [LeftOut((0, 0, 5, 5), 2, may_be_digit=True)]
    assert prediction(3, 0.999, marks).doubt == "what was left out may be a digit"

"""What a prediction says in words, and when it is unsure."""

import math

import pytest

from kaggle_digits.predictor.prediction import LeftOut, PredictedDigit, Prediction


def prediction(count, probability, left_out=(), **said):
    rest = (1 - probability) / 9
    shares = [rest] * 7 + [probability] + [rest] * 2
    digit = PredictedDigit(7, probability, 0, rest, shares, (0, 0, 9, 9), **said)
    return Prediction("a.png", [[digit] * count], (9 * count, 9), list(left_out))


@pytest.mark.parametrize(
    ("count", "probability", "doubt"),
    [
        (2, 0.8, "7 or 0"),
        (2, 0.87, ""),
        (5, 0.93, "several close readings"),
        (5, 0.96, ""),
        (30, 0.993, "several close readings"),
        (30, 0.997, ""),
    ],
)
def test_the_more_digits_the_surer_they_must_be(count, probability, doubt):
    several = prediction(count, probability)
    assert several.is_unsure == bool(doubt)
    assert several.label == (None if doubt else "7" * count)
    assert several.doubt == doubt


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
    unsure = prediction(3, 0.999, marks_after(2, may_be_digit=True))
    assert unsure.answer == "unsure: 777 (a mark may be a digit; left out: 1 mark, after digit 2)"
    assert unsure.probability is None  # of all digits, the mark among them: nobody knows
    assert unsure.as_json()["left_out"] == [{"box": [0, 0, 5, 5], "after": 2, "may_be_digit": True}]


def marks_after(*places, **said):
    return [LeftOut((0, 0, 5, 5), place, **said) for place in places]


SURE = {"label": 2, "runner_up": 7, "probability": 0.999}
RIVALS = {"label": 7, "runner_up": 1, "probability": 0.45, "is_sure": False}
OTHERS = {"label": 4, "runner_up": 9, "probability": 0.45, "is_sure": False}
IN_A_WORD = {"label": 0, "runner_up": 6, "probability": 1.0, "is_digit": 0.0, "is_sure": False}
STROKE = {"label": 1, "runner_up": 7, "probability": 1.0, "is_digit": 0.6}


def row(*digits, left_out=()):
    made = [PredictedDigit(runner_up_probability=0, probabilities=[], box=(0, 0, 9, 9), **digit) for digit in digits]
    return Prediction("a.png", [made], (9, 9), list(left_out))


@pytest.mark.parametrize(
    ("digits", "answer"),
    [
        ([SURE, SURE, RIVALS], "unsure: 22? (7 or 1)"),
        ([RIVALS, SURE, OTHERS], "unsure: ?2? (7 or 1, 4 or 9)"),
        ([RIVALS, OTHERS, IN_A_WORD], "unsure: ??? (3 of 3 digits unclear)"),
        ([IN_A_WORD, IN_A_WORD], "unsure: ?? (unlike any digit)"),
        ([SURE, SURE, STROKE, SURE], "unsure: 2212 (digit 3 may be no digit)"),
        ([SURE, STROKE, SURE, STROKE], "unsure: 2121 (digits 2 and 4 may be no digits)"),
        ([STROKE, STROKE, STROKE], "unsure: 111 (several close readings)"),
    ],
)
def test_of_several_digits_the_answer_says_why_it_is_unsure(digits, answer):
    assert row(*digits).answer == answer
    assert f"({row(*digits).as_json()['doubt']})" in answer


@pytest.mark.parametrize("digits", [[IN_A_WORD], [SURE, IN_A_WORD], [SURE, RIVALS], [SURE, STROKE, SURE]])
def test_no_probability_says_that_what_is_unsure_is_sure(digits):
    unsure = row(*digits)
    assert unsure.is_unsure and unsure.probability < 0.75
    told = unsure.as_json()["digits"]
    assert math.prod(each["probability"] * each["is_digit"] for each in told) == pytest.approx(unsure.probability)
    assert [each["guess"] for each in told] == [str(each["label"]) for each in digits]


@pytest.mark.parametrize(
    ("places", "said"),
    [
        ((0,), "1 mark, before the first digit"),
        ((2, 2), "2 marks, after digit 2"),
        ((2, 4), "2 marks, after digits 2 and 4"),
        ((0, 4), "2 marks, before the first digit and after digit 4"),
        ((1, 2, 4), "3 marks, after digits 1, 2 and 4"),
        ((0, 1, 2, 4), "4 marks"),
    ],
)
def test_what_was_left_out_has_its_places(places, said):
    assert prediction(4, 0.999, marks_after(*places)).answer == f"7777 (left out: {said})"


def test_a_long_answer_that_is_unsure_is_told_in_short():
    unsure = row(*[SURE, IN_A_WORD] * 40, left_out=marks_after(3))
    assert unsure.told(10) == "unsure: 2?2?2?2?2? ... (unlike any digit; left out: 1 mark, after digit 3)"
    assert unsure.told() == unsure.answer and len(unsure.answer) > 120
    assert row(*[SURE] * 40).told(10) == "2" * 40

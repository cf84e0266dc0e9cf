"""What a model says of a picture: lines of digits, each with its probability and its place; and what it left out."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from kaggle_digits import photos

Box = tuple[int, int, int, int]

_MOST_PLACES = 3  # of marks that were left out, in words
_MOST_DOUBTS = 2  # in words
_TURNED = {0: "", 90: "turned to the right", 180: "turned upside down", 270: "turned to the left"}


@dataclass(frozen=True)
class PredictedDigit:
    """One digit of a picture.

    Attributes:
        label: the likeliest label.
        probability: its probability, 0 to 1, calibrated.
        runner_up: the second likeliest label.
        runner_up_probability: its probability, 0 to 1.
        probabilities: of all labels, in order.
        box: left, top, right and bottom in pixels of the picture as one sees it, the last two exclusive.
        is_sure: whether the label is to be believed.
        is_digit: the probability that it is a digit at all, 0 to 1; 0 in a word or a hatching.
        stands_apart: whether there is a wide gap, or something that was left out, before it in its line.
    """

    label: int
    probability: float
    runner_up: int
    runner_up_probability: float
    probabilities: list[float]
    box: Box
    is_sure: bool = True
    is_digit: float = 1.0
    stands_apart: bool = False

    @property
    def certainty(self) -> float:
        """The probability that it is a digit, and this one, 0 to 1."""
        return self.probability * self.is_digit

    @property
    def doubt(self) -> str:
        """In words why it is unsure; empty where it is not."""
        if self.is_sure:
            return ""
        return "unlike any digit" if self.may_be_none else self.rivals

    @property
    def may_be_none(self) -> bool:
        """Whether it is less certain that it is a digit than which one."""
        return self.is_digit < self.probability

    @property
    def rivals(self) -> str:
        """The two likeliest labels, in words."""
        return f"{self.label} or {self.runner_up}"

    def as_json(self) -> dict[str, Any]:
        """The command line's form of it."""
        return {
            "label": str(self.label) if self.is_sure else None,
            "guess": str(self.label),
            "probability": self.probability,
            "probabilities": self.probabilities,
            "is_digit": self.is_digit,
            "box": list(self.box),
        }


@dataclass(frozen=True)
class LeftOut:
    """Ink that is no digit, such as a sign or a letter.

    Attributes:
        box: as a digit's.
        after: how many digits of the picture come before it, in reading order.
        may_be_digit: whether it could well be a digit after all.
    """

    box: Box
    after: int
    may_be_digit: bool = False

    def as_json(self) -> dict[str, Any]:
        """The command line's form of it."""
        return {"box": list(self.box), "after": self.after, "may_be_digit": self.may_be_digit}


@dataclass(frozen=True)
class Prediction:
    """What a model says of one picture or row of pixels.

    Attributes:
        image: the file, or for a CSV or .npy file its name and the row's number, from 1.
        lines: the digits, lines from the top, each from left to right; empty where there are none.
        size: width and height of the picture, or of a row's image, in pixels.
        left_out: what is no digit, in reading order.
        layout: how the picture was read, for those who asked to see it.
        seen: the digits as the model saw them, with boxes in the picture as `layout` shows it; for the same.
        seen_marks: what was left out, likewise.
        turned: degrees to the right by which the picture was turned before it was read: 0, 90, 180 or 270.
        adapted_to: how many corrections of its user the answer minds.
        first_of_several: whether the file holds more pictures, which were not read: pages, or frames.
    """

    image: str
    lines: list[list[PredictedDigit]]
    size: tuple[int, int]
    left_out: list[LeftOut] = field(default_factory=list)
    layout: photos.Layout | None = field(default=None, compare=False, repr=False)
    seen: tuple[photos.Digit, ...] = field(default=(), compare=False, repr=False)
    seen_marks: tuple[photos.Mark, ...] = field(default=(), compare=False, repr=False)
    turned: int = 0
    adapted_to: int = 0
    first_of_several: bool = False

    @property
    def digits(self) -> list[PredictedDigit]:
        """All digits in reading order."""
        return [digit for line in self.lines for digit in line]

    @property
    def is_unsure(self) -> bool:
        """Whether there are digits, but not to be believed: one of them is unsure, or all of them together are."""
        if not self.digits:
            return False
        are_sure = all(digit.is_sure for digit in self.digits) and not self._may_miss_one
        return not are_sure or (len(self.digits) > 1 and _together(self.digits) < photos.together(len(self.digits)))

    @property
    def label(self) -> str | None:
        """The digits, a space between lines and before one that stands apart; None where none is or it is unsure."""
        return self.guess if self.digits and not self.is_unsure else None

    @property
    def guess(self) -> str | None:
        """The likeliest digits, whether sure or not; None where there are none."""
        return self._text(lambda digit: str(digit.label)) if self.digits else None

    @property
    def probability(self) -> float | None:
        """That all digits are digits, and are right, 0 to 1; None without any, or where a mark may be one, too."""
        return round(_together(self.digits), 6) if self.digits and not self._may_miss_one else None

    @property
    def _may_miss_one(self) -> bool:
        return any(mark.may_be_digit for mark in self.left_out)

    def _text(self, letter: Callable[[PredictedDigit], str]) -> str:
        return " ".join("".join(" " * digit.stands_apart + letter(digit) for digit in line) for line in self.lines)

    @property
    def doubt(self) -> str:
        """In words why it is unsure; empty where it is not."""
        if not self.is_unsure:
            return ""
        unsure = [digit.doubt for digit in self.digits if not digit.is_sure]
        doubts = list(dict.fromkeys(unsure))
        if len(doubts) > _MOST_DOUBTS:
            return f"{len(unsure)} of {len(self.digits)} digits unclear"
        if doubts:
            return ", ".join(doubts)
        return "a mark may be a digit" if self._may_miss_one else self._weakness

    @property
    def _weakness(self) -> str:
        """Why digits that are sure one by one are not so together: one of them, or two, without which they were."""
        digits = self.digits
        weakest = sorted(range(len(digits)), key=lambda place: digits[place].certainty)
        for count in (1, 2):
            weak = sorted(weakest[:count])
            if _together([digits[place] for place in weakest[count:]]) < photos.together(len(digits)):
                continue
            if all(digits[place].may_be_none for place in weak):
                none = "no digit" if count == 1 else "no digits"
                return f"{_numbered([place + 1 for place in weak])} may be {none}"
            if count == 1:
                return digits[weak[0]].rivals
        return "several close readings"

    @property
    def answer(self) -> str:
        """The label, or the digits that are sure and why there is no label; what was left out; how it was turned."""
        return self.told()

    def told(self, most: int | None = None) -> str:
        """The answer; where it is unsure, with at most so many characters of digits."""
        if self.label is not None:
            said, why = self.label, ""
        elif not self.digits:
            said, why = "no digit found", ""
        elif len(self.digits) == 1:
            said, why = f"unsure: {self.doubt}", ""
        else:
            text = self._text(lambda digit: str(digit.label) if digit.is_sure else "?")
            is_short = most is None or len(text) <= most
            said, why = f"unsure: {text if is_short else f'{text[:most].rstrip()} ...'}", self.doubt
        remarks = "; ".join(filter(None, (why, self.remark)))
        return f"{said} ({remarks})" if remarks else said

    @property
    def remark(self) -> str:
        """What was left out and where, or how the picture was turned, in words; empty where neither is so."""
        if not self.left_out:
            return _TURNED[self.turned]
        marks = "1 mark" if len(self.left_out) == 1 else f"{len(self.left_out)} marks"
        places = sorted({mark.after for mark in self.left_out})
        if not self.digits or len(places) > _MOST_PLACES:
            return f"left out: {marks}"
        first, others = ["before the first digit"] * (0 in places), list(filter(None, places))
        where = [*first, f"after {_numbered(others)}"] if others else first
        return f"left out: {marks}, {' and '.join(where)}"

    def as_json(self) -> dict[str, Any]:
        """The command line's form: a string of digits, and an entry for each digit with its box."""
        digits = self.digits
        return {
            "image": self.image,
            "label": self.label,
            "probability": self.probability,
            "probabilities": digits[0].probabilities if len(digits) == 1 else None,
            "digits": [digit.as_json() for digit in digits],
            "unsure": self.is_unsure,
            "guess": self.guess,
            "doubt": self.doubt or None,
            "left_out": [mark.as_json() for mark in self.left_out],
            "turned": self.turned,
            "adapted_to": self.adapted_to,
            "first_of_several": self.first_of_several,
        }


def _together(digits: Sequence[PredictedDigit]) -> float:
    return math.prod(digit.certainty for digit in digits)


def _numbered(numbers: Sequence[int]) -> str:
    """Some digits by their places, in words."""
    *others, last = map(str, numbers)
    return f"digits {', '.join(others)} and {last}" if others else f"digit {last}"

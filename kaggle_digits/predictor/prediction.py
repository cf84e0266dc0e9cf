"""What a model says of a picture: lines of digits, each with its probability and its place; and what it left out."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kaggle_digits import photos

Box = tuple[int, int, int, int]

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
        is_digit: the probability that it is a digit at all, 0 to 1.
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
    def doubt(self) -> str:
        """In words why it is unsure; empty where it is not."""
        if self.is_sure:
            return ""
        if self.is_digit < self.probability:
            return "unlike any digit"
        return f"{self.label} or {self.runner_up}"

    def as_json(self) -> dict[str, Any]:
        """The command line's form of it."""
        return {
            "label": str(self.label) if self.is_sure else None,
            "probability": self.probability,
            "probabilities": self.probabilities,
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

    @property
    def digits(self) -> list[PredictedDigit]:
        """All digits in reading order."""
        return [digit for line in self.lines for digit in line]

    @property
    def is_unsure(self) -> bool:
        """Whether there are digits, but not to be believed: one of them is unsure, or all of them together are."""
        if not self.digits:
            return False
        are_sure = all(digit.is_sure for digit in self.digits) and not any(mark.may_be_digit for mark in self.left_out)
        return not are_sure or (len(self.digits) > 1 and self._together < photos.together(len(self.digits)))

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
        """That all digits are right, 0 to 1; None where there are none."""
        return round(self._together, 6) if self.digits else None

    @property
    def _together(self) -> float:
        return math.prod(digit.probability * (digit.is_digit or 1) for digit in self.digits)

    def _text(self, letter: Callable[[PredictedDigit], str]) -> str:
        return " ".join("".join(" " * digit.stands_apart + letter(digit) for digit in line) for line in self.lines)

    @property
    def doubt(self) -> str:
        """In words why it is unsure; empty where it is not."""
        if not self.is_unsure:
            return ""
        doubts = {digit.doubt for digit in self.digits if not digit.is_sure}
        if not doubts:
            may_be_digit = any(mark.may_be_digit for mark in self.left_out)
            return "what was left out may be a digit" if may_be_digit else "likely to be wrong somewhere"
        return doubts.pop() if len(doubts) == 1 else "several digits are unsure"

    @property
    def answer(self) -> str:
        """The label, or in words why there is none; how much was left out; and whether the picture was turned."""
        if self.label is not None:
            said = self.label
        elif not self.digits:
            said = "no digit found"
        elif len(self.digits) == 1:
            said = f"unsure: {self.doubt}"
        else:
            said = f"unsure: {self._text(lambda digit: str(digit.label) if digit.is_sure else '?')}"
        return f"{said} ({self.remark})" if self.remark else said

    @property
    def remark(self) -> str:
        """What was left out and where, or how the picture was turned, in words; empty where neither is so."""
        if not self.left_out:
            return _TURNED[self.turned]
        marks = "1 mark" if len(self.left_out) == 1 else f"{len(self.left_out)} marks"
        places = sorted({mark.after for mark in self.left_out})
        if not self.digits or len(places) > 1:
            return f"left out: {marks}"
        where = "before the first digit" if places[0] == 0 else f"after digit {places[0]}"
        return f"left out: {marks}, {where}"

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
            "left_out": [{"box": list(mark.box), "after": mark.after} for mark in self.left_out],
            "turned": self.turned,
            "adapted_to": self.adapted_to,
        }

"""What a model says of a picture: lines of digits, each with its probability and its place."""

from dataclasses import dataclass, field
from typing import Any

from kaggle_digits import photos

Box = tuple[int, int, int, int]


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
    """

    label: int
    probability: float
    runner_up: int
    runner_up_probability: float
    probabilities: list[float]
    box: Box
    is_sure: bool = True

    def as_json(self) -> dict[str, Any]:
        """The command line's form of it."""
        return {
            "label": str(self.label) if self.is_sure else None,
            "probability": self.probability,
            "probabilities": self.probabilities,
            "box": list(self.box),
        }


@dataclass(frozen=True)
class Prediction:
    """What a model says of one picture or row of pixels.

    Attributes:
        image: the file, or for a CSV or .npy file its name and the row's number, from 1.
        lines: the digits, lines from the top, each from left to right; empty where there are none.
        size: width and height of the picture, or of a row's image, in pixels.
        layout: how the picture was read, for those who asked to see it.
        seen: the digits as the model saw them, with boxes in the picture as `layout` shows it.
    """

    image: str
    lines: list[list[PredictedDigit]]
    size: tuple[int, int]
    layout: photos.Layout | None = field(default=None, compare=False, repr=False)
    seen: tuple[photos.Digit, ...] = field(default=(), compare=False, repr=False)

    @property
    def digits(self) -> list[PredictedDigit]:
        """All digits in reading order."""
        return [digit for line in self.lines for digit in line]

    @property
    def label(self) -> str | None:
        """The digits, a space between lines; None where there are none or one of them is unsure."""
        if not self.digits or not all(digit.is_sure for digit in self.digits):
            return None
        return " ".join("".join(str(digit.label) for digit in line) for line in self.lines)

    @property
    def probability(self) -> float | None:
        """That all digits are right, 0 to 1; None where there are none."""
        if not self.digits:
            return None
        product = 1.0
        for digit in self.digits:
            product *= digit.probability
        return round(product, 6)

    @property
    def answer(self) -> str:
        """The label, or in words why there is none."""
        if self.label is not None:
            return self.label
        if not self.digits:
            return "no digit found"
        if len(self.digits) == 1:
            return f"unsure: {self.digits[0].label} or {self.digits[0].runner_up}"
        text = " ".join("".join(str(d.label) if d.is_sure else "?" for d in line) for line in self.lines)
        return f"unsure: {text}"

    def as_json(self) -> dict[str, Any]:
        """The command line's form: a string of digits, and an entry for each digit with its box."""
        digits = self.digits
        return {
            "image": self.image,
            "label": self.label,
            "probability": self.probability,
            "probabilities": digits[0].probabilities if len(digits) == 1 else None,
            "digits": [digit.as_json() for digit in digits],
        }

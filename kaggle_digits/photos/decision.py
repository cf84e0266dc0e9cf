"""Which way of reading a picture is the likeliest, and whether it is likely at all."""

import itertools
import statistics
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.photos.layout import Layout, Span
from kaggle_digits.photos.plausible import NEVER, SURE

MOST_TOUCHING = 4  # digits in one connected part of ink; a zigzag looks like many ones
FEWEST_STROKES, CLOSEST = 5, 0.25  # of a hatching, which would else be read as so many ones; and heights apart
UNLIKELY_COST = 1.0  # nats, for a digit that would not be believed, its form and its probability taken together
LEAST = 1e-6  # probability; its logarithm ends the scale


@dataclass(frozen=True, eq=False)
class Digit:
    """One digit of a picture.

    Attributes:
        probabilities: float32 `(classes,)`.
        box: left, top, right and bottom in pixels, the last two exclusive.
        image: uint8 `(height, width)`, what the model saw.
        least: the probability from which on it is read; above 1 where it has not the form of a digit.
    """

    probabilities: NDArray[np.float32]
    box: tuple[int, int, int, int]
    image: NDArray[np.uint8]
    least: float = SURE

    @property
    def label(self) -> int:
        """The likeliest label."""
        return int(self.probabilities.argmax())

    @property
    def is_sure(self) -> bool:
        """Whether the label is to be believed."""
        return float(self.probabilities.max()) >= self.least


def decide(layout: Layout, probabilities: NDArray[np.float32]) -> list[list[Digit]]:
    """The likeliest digits of a picture: lines from the top, each from left to right.

    Args:
        layout: all ways to read it.
        probabilities: float32 `(len(layout.spans), classes)`, calibrated, of its images.

    Source: the best path over segments, as Y. LeCun et al., Gradient-Based Learning Applied to Document Recognition,
    1998, chapter VI.
    """
    scores = _scores(layout, probabilities)
    lines = []
    for number, slices in enumerate(layout.lines):
        numbers = [place for place, span in enumerate(layout.spans) if span.line == number]
        chosen = _best_path(slices, numbers, layout.spans, scores)
        touching = Counter(layout.spans[place].piece for place in chosen)
        lines.append([_digit(layout, place, probabilities[place], touching) for place in chosen])
    return [[replace(digit, least=NEVER) for digit in line] for line in lines] if _is_hatching(lines) else lines


def is_settled(layout: Layout, probabilities: NDArray[np.float32]) -> bool:
    """Whether a plain layout is read as the full one would be, since no other reading can be likelier.

    Args:
        layout: from `Writing.layout`, plain.
        probabilities: float32 `(len(layout.spans), classes)`, calibrated, of its images.
    """
    scores = _scores(layout, probabilities)
    reached = [0.0] * len(layout.lines)
    for span, score in zip(layout.spans, scores, strict=True):
        reached[span.line] += float(score)
    # No probability is above 1, so that another reading cannot reach more than what it costs at least.
    return all(own >= -rival for own, rival in zip(reached, layout.rivals, strict=True))


def _scores(layout: Layout, probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    """What every span adds to the sum of its line, in nats."""
    highest = probabilities.max(axis=1, initial=0)
    costs = np.array([span.cost for span in layout.spans])
    # A lone piece that is no digit is a scribble, rather than several digits that touch.
    are_one = len({span.piece for span in layout.spans}) == 1
    is_lone = np.array([are_one and span.after - span.first == sum(layout.lines) for span in layout.spans], np.bool_)
    unlikely = UNLIKELY_COST * (~is_lone & (highest < np.array(layout.leasts)))
    return np.asarray(np.log(np.maximum(highest, LEAST)) - costs - unlikely, np.float64)


def _is_hatching(lines: list[list[Digit]]) -> bool:
    """Whether there are nothing but strokes, and they are closer to each other than anyone writes ones."""
    digits = [digit for line in lines for digit in line]
    if len(digits) < FEWEST_STROKES or {digit.label for digit in digits} != {1}:
        return False
    heights = [digit.box[3] - digit.box[1] for digit in digits]
    steps = [other.box[0] - one.box[0] for line in lines for one, other in itertools.pairwise(line)]
    return bool(steps) and statistics.median(steps) < CLOSEST * statistics.median(heights)


def _best_path(slices: int, numbers: list[int], spans: list[Span], scores: NDArray[np.float64]) -> list[int]:
    """The spans that cover all slices of a line with the greatest sum of scores."""
    reached: list[tuple[float, list[int]]] = [(float("-inf"), []) for _ in range(slices + 1)]
    reached[0] = 0.0, []
    for place in sorted(numbers, key=lambda place: spans[place].first):
        span = spans[place]
        before, path = reached[span.first]
        if before + scores[place] > reached[span.after][0]:
            reached[span.after] = before + float(scores[place]), [*path, place]
    return reached[-1][1]


def _digit(layout: Layout, place: int, probabilities: NDArray[np.float32], touching: Counter[int]) -> Digit:
    span = layout.spans[place]
    least = NEVER if touching[span.piece] > MOST_TOUCHING else layout.leasts[place]
    return Digit(probabilities, span.box, layout.images[place], least)

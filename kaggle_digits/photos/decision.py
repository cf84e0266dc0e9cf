"""Which way of reading a picture is the likeliest, and whether it is likely at all."""

import itertools
import statistics
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.photos.layout import Layout, Span
from kaggle_digits.photos.marks import MARK

SURE, NEVER = 0.5, 2.0  # the least probability of a digit to be read; and of one in a word
FEWEST_STROKES, CLOSEST = 5, 0.25  # of a hatching, which would else be read as so many ones; and heights apart
RARE = 1.0  # nats, for a mark: most of what people want read is digits
DOUBTFUL = 0.02  # the probability of being a digit with which a mark as high as one may be one after all
LETTER = 0.4, 0.6, 0.52  # the least width and height of a letter, in those of digits; and width in its own height
LETTERS = 2  # so many times a line's letters may be its digits in a word
DOT = 0.3, 0.5  # heights of a digit, that a dot is large and lies above or below it, at most: no digit, but a ? or a j
# Heights of digits from which on they stand apart, at least, and for just two; and how much wider than between
# neighbours the gap is: so many times that, or so many heights, whatever is less.
GAP, WIDE, WIDER, FURTHER = 0.5, 1.0, 2.0, 0.45
UNLIKELY_COST = 1.0  # nats, for a digit that would not be believed
LEAST = 1e-6  # probability; its logarithm ends the scale
RISK, SPREAD = 0.4, 0.35  # see `together`
FEWEST_TURNED, CLEAR_TURNED = 3, 0.95  # digits, and their probability together, for which a picture is read turned
UPRIGHT = 0.5  # the probability from which on a picture is not turned if nothing is left out: 31811 is 11818 turned


@dataclass(frozen=True, eq=False)
class Digit:
    """One digit of a picture.

    Attributes:
        probabilities: float32 `(classes,)`.
        box: left, top, right and bottom in pixels, the last two exclusive.
        image: uint8 `(height, width)`, what the model saw.
        least: the probability from which on it is read; above 1 in a word.
        share: the probability that it is a digit at all.
        stands_apart: whether there is a wide gap or another mark before it, in its line.
    """

    probabilities: NDArray[np.float32]
    box: tuple[int, int, int, int]
    image: NDArray[np.uint8]
    least: float = SURE
    share: float = 1.0
    stands_apart: bool = False

    @property
    def label(self) -> int:
        """The likeliest label."""
        return int(self.probabilities.argmax())

    @property
    def is_sure(self) -> bool:
        """Whether the label is to be believed."""
        return float(self.probabilities.max()) * self.share >= self.least


@dataclass(frozen=True, eq=False)
class Mark:
    """Ink of a picture that is no digit: a sign, a letter, dirt.

    Attributes:
        box: left, top, right and bottom in pixels, the last two exclusive.
        after: how many digits of the picture come before it, in reading order.
        image: uint8 `(height, width)`, as the model saw it.
        may_be_digit: whether it could well be a digit after all.
    """

    box: tuple[int, int, int, int]
    after: int
    image: NDArray[np.uint8]
    may_be_digit: bool = False


@dataclass(frozen=True, eq=False)
class Reading:
    """What a picture says.

    Attributes:
        lines: the digits, lines from the top, each from left to right; none is empty.
        marks: what was left out, in reading order.
    """

    lines: list[list[Digit]]
    marks: list[Mark]


def decide(layout: Layout, probabilities: NDArray[np.float32]) -> Reading:
    """The likeliest digits of a picture, and what else there is.

    Args:
        layout: all ways to read it.
        probabilities: float32 `(len(layout.spans), classes)`, calibrated, of its images.

    Source: the best path over segments, as Y. LeCun et al., Gradient-Based Learning Applied to Document Recognition,
    1998, chapter VI.
    """
    probabilities = _in_all(layout, probabilities)
    as_digit, as_mark = _scores(layout, probabilities)
    lines: list[list[Digit]] = []
    marks: list[Mark] = []
    for number, slices in enumerate(layout.lines):
        numbers = [place for place, span in enumerate(layout.spans) if span.line == number]
        chosen = _best_path(slices, numbers, layout.spans, np.maximum(as_digit, as_mark))
        digits = [place for place in chosen if as_digit[place] >= as_mark[place]]
        before = sum(map(len, lines))
        marks += _marks(layout, chosen, digits, before)
        if digits:
            line = _line(layout, chosen, digits, probabilities)
            letters = sum(_is_like_a_letter(layout.spans[place]) for place in chosen if place not in digits)
            is_word = LETTERS * letters > len(digits)
            lines.append([replace(digit, least=NEVER) for digit in line] if is_word else line)
    is_lone = sum(map(len, lines)) == 1 and not layout.is_whole
    is_hatching, least = _is_hatching(lines), together(1) if is_lone else 0.0

    def settled(digit: Digit) -> Digit:
        is_none = is_hatching or any(_is_dot(mark, digit) for mark in marks)
        return replace(digit, least=NEVER if is_none else max(digit.least, least))

    return Reading([[settled(digit) for digit in line] for line in lines], marks)


def together(count: int) -> float:
    """The least probability of all digits of a picture, so many, that is believed.

    Several digits are right more often than the product of their probabilities says, and a page of them less often.
    Chosen on simulated pictures: of 2,600 now 2,446 are read rightly and 39 wrongly; with 0.5 for one digit and 0.8 for
    several it is 2,461 and 49.
    """
    return float(1 - RISK / count**SPREAD)


def is_settled(layout: Layout, probabilities: NDArray[np.float32]) -> bool:
    """Whether a plain layout is read as the full one would be, since no other reading can be likelier.

    Args:
        layout: from `Writing.layout`, plain.
        probabilities: float32 `(len(layout.spans), classes)`, calibrated, of its images.
    """
    scores = np.maximum(*_scores(layout, _in_all(layout, probabilities)))
    reached = [0.0] * len(layout.lines)
    for span, score in zip(layout.spans, scores, strict=True):
        reached[span.line] += float(score)
    # No probability is above 1, so that another reading cannot reach more than what it costs at least.
    return all(own >= -rival for own, rival in zip(reached, layout.rivals, strict=True))


def most_probable(layout: Layout, probabilities: NDArray[np.float32]) -> float:
    """What the probability of a picture's digits cannot exceed if nothing is left out, however it is read.

    Args:
        layout: from `Writing.layout`, plain.
        probabilities: float32 `(len(layout.spans), classes)`, calibrated, of its images.
    """
    shares = 1 - layout.mark_probabilities[:, MARK]
    highest = _in_all(layout, probabilities).max(axis=1, initial=0) * shares
    return float(np.prod(highest[[span.is_only for span in layout.spans]]))


def heard(probabilities: NDArray[np.float32], marks: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a model that knows ten digits says, and the network of marks beside it: float32 `(n, classes)`.

    `marks` is float32 `(n, 11)`, from `mark_probabilities`.
    """
    if probabilities.shape[1] != MARK:
        return probabilities
    both = probabilities * np.maximum(marks[:, :MARK], LEAST)
    return np.asarray(both / both.sum(axis=1, keepdims=True), np.float32)


def _in_all(layout: Layout, probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a model says, what is heard beside it, and what is lifted."""
    if layout.lifts is None or probabilities.shape[1] == MARK:
        return heard(probabilities, layout.mark_probabilities)
    lifted = probabilities * np.exp(layout.lifts)
    return np.asarray(lifted / lifted.sum(axis=1, keepdims=True), np.float32)


def _scores(layout: Layout, probabilities: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What every span adds to the sum of its line, in nats: as a digit, and as another mark."""
    marks = layout.mark_probabilities[:, MARK].astype(np.float64)
    highest = probabilities.max(axis=1, initial=0) * (1 - marks)
    costs, mark_costs = (np.array([getattr(span, name) for span in layout.spans]) for name in ("cost", "mark_cost"))
    as_mark = np.log(np.maximum(marks, LEAST)) - mark_costs - RARE
    if layout.is_whole:
        as_mark = np.full(len(marks), -np.inf)
    # A lone piece that is no digit is a scribble, rather than several digits that touch.
    unlikely = UNLIKELY_COST * (~layout.are_lone & (highest < SURE))
    return np.asarray(np.log(np.maximum(highest, LEAST)) - costs - unlikely, np.float64), as_mark


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


def _is_like_a_letter(span: Span) -> bool:
    """Whether a mark is as large as letters are, and most signs are not."""
    width, height = span.size
    return width >= max(LETTER[0], LETTER[2] * height) and height >= LETTER[1]


def _is_dot(mark: Mark, digit: Digit) -> bool:
    """Whether a mark is a dot right above or below a digit."""
    left, top, right, bottom = mark.box
    height = digit.box[3] - digit.box[1]
    gap = max(top - digit.box[3], digit.box[1] - bottom)
    is_small = max(right - left, bottom - top) <= DOT[0] * height
    return is_small and left < digit.box[2] and digit.box[0] < right and 0 <= gap <= DOT[1] * height


def _marks(layout: Layout, chosen: list[int], digits: list[int], before: int) -> list[Mark]:
    """The marks of a line; slices of one piece beside each other are one."""
    found: list[Mark] = []
    piece = None
    for place in chosen:
        span = layout.spans[place]
        may_be_one = 1 - float(layout.mark_probabilities[place, MARK]) >= DOUBTFUL
        is_doubtful = may_be_one and _is_like_a_letter(span)
        if place in digits:
            before, piece = before + 1, None
        elif span.piece == piece:
            left, top, right, bottom = zip(found[-1].box, span.box, strict=True)
            box = min(left), min(top), max(right), max(bottom)
            found[-1] = Mark(box, before, _image(layout, span, box), is_doubtful or found[-1].may_be_digit)
        else:
            found.append(Mark(span.box, before, layout.images[place], is_doubtful))
            piece = span.piece
    return found


def _image(layout: Layout, last: Span, box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """What the model saw of a mark of several slices; of one that it never saw whole, the most of it."""
    ends = [place for place, span in enumerate(layout.spans) if (span.line, span.after) == (last.line, last.after)]
    inside = [place for place in ends if layout.spans[place].box[0] >= box[0]]
    most: NDArray[np.uint8] = layout.images[min(inside, key=lambda place: layout.spans[place].first)]
    return most


def _line(layout: Layout, chosen: list[int], digits: list[int], probabilities: NDArray[np.float32]) -> list[Digit]:
    boxes = [layout.spans[place].box for place in digits]
    gaps = [other[0] - one[2] for one, other in itertools.pairwise(boxes)]
    height = statistics.median(bottom - top for _, top, _, bottom in boxes)
    # Some neighbours are of one number; of two digits none need be.
    wide = WIDE * height
    if len(gaps) > 1:
        usual = sorted(gaps)[len(gaps) // 4]
        wide = max(GAP * height, usual + min(WIDER * usual, FURTHER * height))
    made = [_digit(layout, digits[0], probabilities[digits[0]])]
    for (one, other), gap in zip(itertools.pairwise(digits), gaps, strict=True):
        is_apart = gap > wide or chosen.index(other) - chosen.index(one) > 1
        made.append(replace(_digit(layout, other, probabilities[other]), stands_apart=is_apart))
    return made


def _digit(layout: Layout, place: int, probabilities: NDArray[np.float32]) -> Digit:
    span = layout.spans[place]
    share = 1 - float(layout.mark_probabilities[place, MARK])
    return Digit(probabilities, span.box, layout.images[place], share=share)

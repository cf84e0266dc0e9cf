"""Photos, scans and drawings of digits, found and brought to the form of MNIST's.

    layout = photos.lay_out(picture)                    # everything that may be a digit, as 28 x 28
    reading = photos.decide(layout, model.probabilities(layout.images))

Between the two a model judges the images; those of many pictures can be judged at once. In most pictures every piece
of ink is plainly one digit; for those there is a shorter way to the same reading:

    writing = photos.look(picture)
    layout = writing.layout(plain=True)
    if not photos.is_settled(layout, model.probabilities(layout.images)):
        layout = writing.layout()
"""

from kaggle_digits.photos.constants import constants
from kaggle_digits.photos.decision import (
    CLEAR_TURNED,
    FEWEST_TURNED,
    UPRIGHT,
    Digit,
    Mark,
    Reading,
    decide,
    heard,
    is_settled,
    most_probable,
    together,
)
from kaggle_digits.photos.layout import Layout, Writing, is_ready, lay_out, look, turned, whole
from kaggle_digits.photos.marks import MARK, in_line, mark_features, mark_probabilities, weights
from kaggle_digits.photos.standard import as_mnist
from kaggle_digits.photos.votes import counted, leaning

__all__ = [
    "CLEAR_TURNED",
    "FEWEST_TURNED",
    "MARK",
    "UPRIGHT",
    "Digit",
    "Layout",
    "Mark",
    "Reading",
    "Writing",
    "as_mnist",
    "constants",
    "counted",
    "decide",
    "heard",
    "in_line",
    "is_ready",
    "is_settled",
    "lay_out",
    "leaning",
    "look",
    "mark_features",
    "mark_probabilities",
    "most_probable",
    "together",
    "turned",
    "weights",
    "whole",
]

"""Photos, scans and drawings of digits, found and brought to the form of MNIST's.

    layout = photos.lay_out(picture)                    # everything that may be a digit, as 28 x 28
    lines = photos.decide(layout, model.probabilities(layout.images))

Between the two a model judges the images; those of many pictures can be judged at once.
"""

from kaggle_digits.photos.decision import Digit, decide
from kaggle_digits.photos.layout import Layout, is_ready, lay_out, whole
from kaggle_digits.photos.plausible import SURE
from kaggle_digits.photos.standard import as_mnist
from kaggle_digits.photos.votes import counted, leaning

__all__ = ["SURE", "Digit", "Layout", "as_mnist", "counted", "decide", "is_ready", "lay_out", "leaning", "whole"]

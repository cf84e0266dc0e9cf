"""Test-time augmentation: an image is also looked at one pixel further up, down, left and right."""

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.classifiers.classifier import Classifier

SHIFTS = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
"""Pixels down and to the right; the first view is the image as it is."""


class Augmented:
    """A classifier that answers with the mean of what another one says of an image's five views.

    Source: A. Krizhevsky et al., ImageNet Classification with Deep Convolutional Neural Networks, 2012, section 4.1.
    """

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See `Classifier.probabilities`; takes five times as long."""
        views = [self.classifier.probabilities(shifted(images, down, right)) for down, right in SHIFTS]
        together: NDArray[np.float32] = np.mean(views, axis=0, dtype=np.float32)
        return together


def shifted(images: NDArray[np.uint8], down: int, right: int) -> NDArray[np.uint8]:
    """Images moved by whole pixels; what comes in at an edge is paper, what leaves at another is lost.

    Args:
        images: uint8 `(n, height, width)`, 0 is paper.
        down: pixels, less than the height; below 0 is up.
        right: pixels, less than the width; below 0 is left.
    """
    _, height, width = images.shape
    padded = np.pad(images, ((0, 0), (max(down, 0), max(-down, 0)), (max(right, 0), max(-right, 0))))
    return padded[:, max(-down, 0) :, max(-right, 0) :][:, :height, :width]

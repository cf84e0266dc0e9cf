"""Batches for a training, the next ones made ready while the network learns from the last."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.classifiers.augmentation import AT_ONCE, Distort
from kaggle_digits.digits import Digits

Batch = tuple[NDArray[np.uint8], NDArray[np.int64] | NDArray[np.float32]]
Teach = Callable[[NDArray[np.uint8], int], NDArray[np.float32]]


def one_epoch(
    digits: Digits, batch_size: int, distort: Distort | None, teach: Teach | None, rng: np.random.Generator
) -> Iterator[Batch]:
    """Every row once, in random order, but for the few that do not fill a last batch.

    A batch of another size would be compiled anew; its rows have their turn in the next epoch. The same generator gives
    the same order and distortions.

    Args:
        digits: labelled digits.
        batch_size: rows a batch; fewer where there are not so many rows.
        distort: makes distorted images of a chunk of them, or None to leave them as they are.
        teach: gives what to learn instead of the labels, for distorted images from a place on in the order; or None.
        rng: the generator.

    Yields:
        Images, uint8 `(batch_size, height, width)`, and labels, int64 `(batch_size,)`; or what a teacher says of the
        images, float32 `(batch_size, classes)`.
    """
    size = min(batch_size, len(digits))
    rows = rng.permutation(len(digits))[: len(digits) // size * size]
    chunk = max(1, AT_ONCE // size) * size

    def prepare(start: int) -> Batch:
        chosen = rows[start : start + chunk]
        images, labels = digits.images[chosen], digits.known_labels[chosen]
        if distort is not None:
            images = distort(images, rng)
        return images, labels if teach is None else teach(images, start)

    # One thread only: chunks are made one after the other, so that the generator's numbers come in the same order.
    with ThreadPoolExecutor(1) as aside:
        ahead = aside.submit(prepare, 0)
        for start in range(chunk, len(rows) + chunk, chunk):
            images, labels = ahead.result()
            if start < len(rows):
                ahead = aside.submit(prepare, start)
            for first in range(0, len(images), size):
                yield images[first : first + size], labels[first : first + size]

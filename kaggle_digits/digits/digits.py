"""The package's one currency: images of digits, with their labels and ids."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from kaggle_digits.digits import duplicates
from kaggle_digits.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Digits:
    """Images of digits. They are checked here once, so that code which is handed `Digits` need not check again.

    Attributes:
        images: uint8 `(n, height, width)`, 0 is paper and 255 is ink. Networks scale them to [0, 1] themselves, in
            their first layer; nothing else divides by 255.
        labels: int64 `(n,)`, each from 0 to `classes - 1`, or None where nobody knows them.
        ids: int64 or str `(n,)`, what a submission or a report calls each image: 1 to n for Kaggle's rows.
        classes: how many different labels there can be.

    Raises:
        DataError: shapes, dtypes or ranges are not these.
    """

    images: "NDArray[np.uint8]"
    labels: "NDArray[np.int64] | None"
    ids: "NDArray[np.int64] | NDArray[np.str_]"
    classes: int = 10

    def __post_init__(self) -> None:
        count = len(self.images)
        if self.images.ndim != 3 or self.images.dtype != "uint8" or 0 in self.images.shape:
            raise DataError(
                "images must be uint8 of shape (n, height, width) with at least one image. "
                f"Received: {self.images.dtype} {self.images.shape}."
            )
        if self.ids.shape != (count,):
            raise DataError(f"{count} images need {count} ids. Received: {self.ids.shape}.")
        if self.labels is None:
            return
        if self.labels.shape != (count,) or self.labels.dtype != "int64":
            raise DataError(
                f"{count} images need {count} int64 labels. Received: {self.labels.dtype} {self.labels.shape}."
            )
        low, high = int(self.labels.min()), int(self.labels.max())
        if low < 0 or high >= self.classes:
            raise DataError(f"labels must be from 0 to {self.classes - 1}. Received: {low} to {high}.")

    def __len__(self) -> int:
        return len(self.images)

    @property
    def image_shape(self) -> tuple[int, int]:
        """Height and width of every image, in pixels."""
        return self.images.shape[1], self.images.shape[2]

    @property
    def known_labels(self) -> "NDArray[np.int64]":
        """int64 `(n,)`, the labels, for code that cannot do without.

        Raises:
            DataError: these digits have none.
        """
        if self.labels is None:
            raise DataError("these digits have no labels: one can predict them, but not train on or score them.")
        return self.labels

    def of_labels(self, count: int) -> "Digits":
        """Only the digits labelled 0 to `count - 1`, as digits of so many classes.

        Raises:
            DataError: there are no labels, or no such digits.
        """
        import numpy as np

        rows = np.flatnonzero(self.known_labels < count)
        if len(rows) == 0:
            raise DataError(f"none of {len(self)} digits is labelled 0 to {count - 1}.")
        return Digits(self.images[rows], self.known_labels[rows], self.ids[rows], count)

    def without(self, ids: "Collection[int | str]") -> "Digits":
        """All digits but those with these ids.

        Raises:
            DataError: none would be left.
        """
        import numpy as np

        if not ids:
            return self
        unwanted = set(ids)
        rows = np.flatnonzero([one not in unwanted for one in self.ids.tolist()])
        if len(rows) == 0:
            raise DataError(f"none of {len(self)} digits would be left.")
        return self.take(rows)

    @cached_property
    def hashes(self) -> "NDArray[np.uint64]":
        """uint64 `(n,)`, a hash of each image's pixels, by which rows are recognised again (BLAKE2b)."""
        import numpy as np

        digests = (hashlib.blake2b(image, digest_size=8).digest() for image in np.ascontiguousarray(self.images))
        return np.frombuffer(b"".join(digests), "<u8")

    def take(self, rows: "NDArray[np.intp]") -> "Digits":
        """The digits at `rows`, integers `(m,)`, in that order."""
        labels = None if self.labels is None else self.labels[rows]
        return Digits(self.images[rows], labels, self.ids[rows], self.classes)


def split(digits: Digits, fraction: float, seed: int) -> "tuple[NDArray[np.intp], NDArray[np.intp]]":
    """Holds out a share of the rows, the same share of every label.

    Args:
        digits: labelled digits.
        fraction: the share to hold out, above 0 and below 1.
        seed: which of the many possible splits.

    Returns:
        Two int arrays, each in ascending order: the rows to train on, and the rows held out.

    Raises:
        DataError: there are no labels, the fraction is out of range, or a side would be empty.
    """
    import numpy as np

    if not 0 < fraction < 1:
        raise DataError(f"the validation share must be above 0 and below 1, for example 0.1. Received: {fraction}.")
    labels = digits.known_labels
    rng = np.random.default_rng(seed)
    by_label = np.lexsort((rng.random(len(labels)), labels))
    # Walking through the rows sorted by label and taking one whenever the running total passes the next whole
    # number takes the same share of every label, to within one row, and `round(n * fraction)` rows in all.
    passed = np.floor(np.arange(1, len(labels) + 1) * fraction + 0.5)
    taken = np.diff(passed, prepend=0.0) > 0
    held_out = np.sort(by_label[taken])
    kept = np.sort(by_label[~taken])
    if len(held_out) == 0 or len(kept) == 0:
        raise DataError(f"{len(labels)} rows are too few to hold out a share of {fraction}.")
    return kept, held_out


def folds(digits: Digits, count: int, seed: int) -> "NDArray[np.intp]":
    """Deals the rows into folds: the same share of every label in each, and images that are nearly the same together.

    Args:
        digits: labelled digits.
        count: how many folds, at least 2.
        seed: which of the many possible ways.

    Returns:
        Integers `(n,)`, the fold of each row, from 0 to `count - 1`.

    Raises:
        DataError: there are no labels, or fewer rows of some label than folds; those that are nearly the same count
            as one.
    """
    import numpy as np

    labels = digits.known_labels
    group, members, sizes = np.unique(duplicates.groups(digits.images), return_inverse=True, return_counts=True)
    rarest = int(np.unique(labels[group], return_counts=True)[1].min())
    if not 2 <= count <= rarest:
        raise DataError(
            f"the number of folds must be from 2 to {rarest}, the images of the rarest label that are not nearly the "
            f"same. Received: {count}."
        )
    rng = np.random.default_rng(seed)
    fold_of = np.zeros(len(group), np.intp)
    for label in np.unique(labels):
        # A group goes where its first row belongs; the large ones first, each to the fold that has the fewest rows.
        own = np.flatnonzero(labels[group] == label)
        own = own[np.lexsort((rng.random(len(own)), -sizes[own]))]
        single = own[sizes[own] == 1]
        rows = np.zeros(count, np.intp)
        for number in own[sizes[own] > 1]:
            fold_of[number] = rows.argmin()
            rows[fold_of[number]] += sizes[number]
        fold_of[single] = _filling_up(rows, len(single), rng)
    return fold_of[members]


def _filling_up(rows: "NDArray[np.intp]", more: int, rng: "np.random.Generator") -> "NDArray[np.intp]":
    """Where `more` rows go so that folds that hold `rows` already become as equal as they can."""
    import numpy as np

    places = []
    for _ in range(more):
        places.append(int(rows.argmin()))
        rows[places[-1]] += 1
    return rng.permutation(np.array(places, np.intp))

"""The package's one currency: images of digits, with their labels and ids."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.digits import duplicates
from kaggle_digits.errors import DataError


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

    images: NDArray[np.uint8]
    labels: NDArray[np.int64] | None
    ids: NDArray[np.int64] | NDArray[np.str_]
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
    def known_labels(self) -> NDArray[np.int64]:
        """int64 `(n,)`, the labels, for code that cannot do without; raises DataError where there are none."""
        if self.labels is None:
            raise DataError("these digits have no labels: predict them; training and evaluating need labels.")
        return self.labels

    @classmethod
    def numbered(cls, images: NDArray[np.uint8], labels: NDArray[np.int64] | None = None, classes: int = 10) -> Self:
        """Digits whose ids are 1 to n; the rest is as in `Digits`."""
        return cls(images, labels, np.arange(1, len(images) + 1), classes)

    def of_labels(self, count: int) -> Self:
        """Only the digits labelled 0 to `count - 1`, as that many classes; raises DataError where there are none."""
        rows = np.flatnonzero(self.known_labels < count)
        if len(rows) == 0:
            raise DataError(f"none of {len(self)} digits is labelled 0 to {count - 1}.")
        return replace(self.take(rows), classes=count)

    def without(self, ids: Collection[int | str]) -> Self:
        """All digits but those with these ids; raises DataError where none would be left."""
        if not ids:
            return self  # with the hashes that are known already
        unwanted = set(ids)
        rows = np.flatnonzero([one not in unwanted for one in self.ids.tolist()])
        if len(rows) == 0:
            raise DataError(f"none of {len(self)} digits would be left.")
        return self.take(rows)

    @cached_property
    def hashes(self) -> NDArray[np.uint64]:
        """uint64 `(n,)`, a hash of each image's pixels, by which rows are recognised again (BLAKE2b)."""
        digests = (hashlib.blake2b(image, digest_size=8).digest() for image in np.ascontiguousarray(self.images))
        return np.frombuffer(b"".join(digests), "<u8")

    @cached_property
    def near_duplicates(self) -> NDArray[np.intp]:
        """Integers `(n,)`, the group of images that are nearly the same to which each belongs; see `duplicates`."""
        return duplicates.groups(self.images, self.hashes)

    def followed_by(self, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> Self:
        """These digits and more of the same shape after them, whose ids go down from -1.

        Args:
            images: uint8 `(m, height, width)`.
            labels: int64 `(m,)`; raises DataError where these digits have no such labels.
        """
        return replace(
            self,
            images=np.concatenate([self.images, images]),
            labels=np.concatenate([self.known_labels, labels]),
            ids=np.concatenate([self.ids, -1 - np.arange(len(images))]),
        )

    def take(self, rows: NDArray[np.intp]) -> Self:
        """The digits at `rows`, integers `(m,)`, in that order."""
        labels = None if self.labels is None else self.labels[rows]
        taken = replace(self, images=self.images[rows], labels=labels, ids=self.ids[rows])
        if "hashes" in vars(self):  # worked out once
            vars(taken)["hashes"] = self.hashes[rows]
        return taken


def classes_of(labels: NDArray[np.int64]) -> int:
    """How many classes digits with these labels have: 2 where all are 0 or 1, else 10."""
    return 2 if labels.max() < 2 else 10

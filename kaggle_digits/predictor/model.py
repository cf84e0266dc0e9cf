"""A trained model and what it says of images."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kaggle_digits import classifiers, evaluation, runs
from kaggle_digits.classifiers import Classifier, calibration
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DataError, RunError, first_line
from kaggle_digits.predictor.touch import Touch
from kaggle_digits.runs import Run, rows
from kaggle_digits.sources import image_folder


@dataclass(frozen=True)
class Model:
    """A trained model: what answers, and the run that it comes from.

    Attributes:
        run: the run.
        classifier: what answers.
        touch: what its user has put right, for `predict` alone; see `personal`.
    """

    run: Run
    classifier: Classifier
    touch: Touch | None = None

    @property
    def image_shape(self) -> tuple[int, int]:
        """Height and width of the images that it takes, in pixels."""
        return self.run.record.image_shape

    @property
    def classes(self) -> int:
        """How many labels it tells apart."""
        return self.run.record.classes

    @property
    def learned_from_pictures(self) -> bool:
        """Whether it learned from a folder of images: new ones must then be brought to its form in the same way."""
        return self.run.record.data.kind == image_folder.KIND

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The probability of every label, calibrated: at the temperature that the run's validation rows ask for.

        Args:
            images: uint8 `(n, height, width)`, or one image `(height, width)`; 0 is paper and 255 is ink.

        Returns:
            float32 `(n, classes)`, or `(classes,)` for one image; each row sums to 1.

        Raises:
            DataError: the images have another shape or dtype.
            RunError: the model cannot answer, or is another one than the run's.
        """
        if images.dtype != "uint8" or images.ndim not in (2, 3):
            raise DataError(
                "images must be uint8 of shape (n, height, width), 0 is paper and 255 is ink. "
                f"Received: {images.dtype} {images.shape}."
            )
        if images.shape[-2:] != self.image_shape:
            ours, theirs = (" x ".join(map(str, shape)) for shape in (self.image_shape, images.shape[-2:]))
            raise DataError(f"{self.run.name} takes images of {ours} pixels. Received: {theirs}.")
        if images.size == 0:
            raise DataError(f"there is no image to look at. Received: {images.shape}.")
        answers = self._answers(images.reshape(-1, *self.image_shape))
        calibrated = calibration.apply(answers, self.run.record.temperature)
        return calibrated.reshape(*images.shape[:-2], self.classes)

    def _answers(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """What the classifier says, which may come from elsewhere and be for other images, or other labels."""
        try:
            answers = self.classifier.probabilities(images)
        except (ValueError, TypeError, RuntimeError, IndexError, AttributeError) as error:
            raise RunError(f"the model of {self.run.name} cannot answer ({first_line(error)}). Train again.") from error
        if answers.shape != (len(images), self.classes) or not np.isfinite(answers).all():
            raise RunError(f"the model of {self.run.name} does not match its run.json. Train again.")
        return answers

    def labels(self, images: NDArray[np.uint8]) -> NDArray[np.int64]:
        """The likeliest label of every image: int64 `(n,)`, or a scalar array for one image.

        Raises:
            DataError: as `probabilities`.
        """
        return np.asarray(self.probabilities(images).argmax(axis=-1), np.int64)

    def evaluate(self, digits: Digits) -> evaluation.Report:
        """What the model is worth on labelled digits.

        Raises:
            DataError: they have no labels, another shape, or labels that the model does not know.
        """
        if int(digits.known_labels.max()) >= self.classes:
            raise DataError(
                f"{self.run.name} knows the labels 0 to {self.classes - 1} only; keep those rows: "
                f"digits.of_labels({self.classes})."
            )
        return evaluation.evaluate(digits.known_labels, self.probabilities(digits.images))

    def rows_learned(self, digits: Digits) -> int:
        """How many of the digits it was trained on: on those, a good score proves nothing.

        Raises:
            RunError: the run's list of them is damaged.
        """
        return int(np.isin(digits.hashes, rows.learned(self.run.path)).sum())


def load(run: str | Path | None = None, folder: Path = runs.FOLDER) -> Model:
    """Loads the model of a run, by its name or path; of the newest one; or, where there is none, the package's reader.

    Nothing in its files can run code. `reader` names the reader, whatever runs there are.

    Raises:
        RunError: there is no such run, or its files are not those that the training wrote.
    """
    found = runs.find(run, folder, or_reader=True)
    runs.verify(found)
    return Model(found, classifiers.load(found))

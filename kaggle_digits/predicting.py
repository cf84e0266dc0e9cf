"""From pictures, folders of pictures or a CSV of pixel rows to labels with probabilities."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaggle_digits.digits import Digits
from kaggle_digits.errors import DataError
from kaggle_digits.models import Model
from kaggle_digits.sources import image_folder, kaggle_csv

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Prediction:
    """What a model says of one image.

    Attributes:
        image: the file, or for a CSV the file and the row's id.
        label: the likeliest label.
        probability: its probability, 0 to 1.
        runner_up: the second likeliest label.
        runner_up_probability: its probability, 0 to 1.
        probabilities: of all labels, in order.
        size: width and height of the picture, in pixels.
    """

    image: str
    label: int
    probability: float
    runner_up: int
    runner_up_probability: float
    probabilities: list[float]
    size: tuple[int, int]

    def as_json(self) -> dict[str, Any]:
        """The command line's form: a string of digits, and an entry for each digit with its box."""
        digit = {
            "label": str(self.label),
            "probability": self.probability,
            "probabilities": self.probabilities,
            "box": [0, 0, *self.size],
        }
        return {"image": self.image, **{name: digit[name] for name in list(digit)[:3]}, "digits": [digit]}


def predict(
    model: Model,
    paths: Sequence[Path],
    *,
    skip_broken: bool = False,
    on_skip: Callable[[Path, str], None] = lambda _path, _reason: None,
) -> list[Prediction]:
    """Labels every picture that the paths name.

    Args:
        model: what answers.
        paths: pictures, folders of pictures, and CSVs of the form of test.csv, in any mixture.
        skip_broken: leave out pictures that cannot be read, instead of stopping.
        on_skip: is told which picture is left out, and why.

    Raises:
        DataError: there is nothing there, or something cannot be read.
    """
    predictions: list[Prediction] = []
    pictures: list[Path] = []
    for path in paths:
        if path.is_dir():
            pictures += image_folder.find_images(path)
        elif path.suffix.lower() == ".csv":
            digits = kaggle_csv.read(path, labelled=False)
            names = [f"{path}:{number}" for number in digits.ids]
            predictions += _ask(model, digits, names, [digits.image_shape[::-1]] * len(digits))
        else:
            pictures.append(path)
    if pictures:
        digits = image_folder.read_images(pictures, model.image_shape, skip_broken=skip_broken, on_skip=on_skip)
        names = [str(name) for name in digits.ids]
        predictions += _ask(model, digits, names, [_size(name) for name in names])
    if not predictions:
        raise DataError(f"there is no picture in {', '.join(map(str, paths))}. PNG, JPEG, BMP and WebP are read.")
    return predictions


def _ask(model: Model, digits: Digits, names: list[str], sizes: list[tuple[int, int]]) -> list[Prediction]:
    answers = zip(names, model.probabilities(digits.images), sizes, strict=True)
    return [_prediction(name, probabilities, size) for name, probabilities, size in answers]


def _prediction(name: str, probabilities: "NDArray[np.float32]", size: tuple[int, int]) -> Prediction:
    second, first = (int(label) for label in probabilities.argsort(kind="stable")[-2:])
    shares = [round(float(share), 6) for share in probabilities]
    return Prediction(name, first, shares[first], second, shares[second], shares, size)


def _size(name: str) -> tuple[int, int]:
    from PIL import Image

    with Image.open(name) as picture:
        return picture.size

"""From pictures, folders of pictures, or a CSV or .npy file of pixels to labels with probabilities."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaggle_digits import evaluation
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DataError
from kaggle_digits.models import Model
from kaggle_digits.sources import image_folder, kaggle_csv, npy_pair

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CSV, _ARRAY = ".csv", ".npy"


@dataclass(frozen=True)
class Prediction:
    """What a model says of one image.

    Attributes:
        image: the file, or for a CSV or .npy file its name and the row's number, from 1.
        label: the likeliest label.
        probability: its probability, 0 to 1.
        runner_up: the second likeliest label.
        runner_up_probability: its probability, 0 to 1.
        probabilities: of all labels, in order.
        size: width and height of the picture, or of a row's image, in pixels.
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
    on_note: Callable[[str], None] = lambda _note: None,
) -> list[Prediction]:
    """Labels every picture that the paths name, in their order.

    Args:
        model: what answers.
        paths: pictures, folders of pictures, CSVs of the form of test.csv or train.csv (whose labels are ignored), and
            .npy files of the form of X.npy, in any mixture.
        skip_broken: leave out pictures that cannot be read, instead of stopping.
        on_skip: is told which picture is left out, and why.
        on_note: is told what was found in an array and put right.

    Raises:
        DataError: there is nothing there, or something cannot be read.
    """
    named = {path: _pictures(path) for path in paths if not _holds_rows(path)}
    # All pictures are read at once, so that one sentence counts the broken ones of all folders.
    pictures = list(dict.fromkeys(picture for listed in named.values() for picture in listed))
    answered: dict[Path, Prediction] = {}
    if pictures:
        read = image_folder.read_images(pictures, model.image_shape, skip_broken=skip_broken, on_skip=on_skip)
        answered = _ask_pictures(model, read)
    predictions: list[Prediction] = []
    for path in paths:
        if path in named:
            predictions += [answered[picture] for picture in named[path] if picture in answered]
        else:
            predictions += _ask_rows(model, path, on_note)
    if not predictions:
        raise DataError(
            f"there is no picture in {', '.join(map(str, paths))}. PNG, JPEG, BMP and WebP are read, and CSV and .npy "
            "files of pixels where they are named themselves."
        )
    return predictions


def _holds_rows(path: Path) -> bool:
    return path.suffix.lower() in (_CSV, _ARRAY) and not path.is_dir()


def _pictures(path: Path) -> list[Path]:
    return image_folder.find_images(path) if path.is_dir() else [path]


def _ask_pictures(model: Model, read: image_folder.Pictures) -> dict[Path, Prediction]:
    names = [str(name) for name in read.digits.ids]
    return dict(zip(read.paths, _ask(model, read.digits, names, read.sizes), strict=True))


def _ask_rows(model: Model, path: Path, on_note: Callable[[str], None]) -> list[Prediction]:
    notes: tuple[str, ...] = ()
    if path.suffix.lower() == _CSV:
        digits = kaggle_csv.read_images(path)
    else:
        digits, notes = npy_pair.read_images(path)
    for note in notes:
        on_note(note)
    height, width = digits.image_shape
    names = [f"{image_folder.printable(str(path))}:{number}" for number in digits.ids]
    return _ask(model, digits, names, [(width, height)] * len(digits))


def _ask(model: Model, digits: Digits, names: list[str], sizes: list[tuple[int, int]]) -> list[Prediction]:
    answers = model.probabilities(digits.images)
    ranks = evaluation.ranked(answers, 2)
    return [_prediction(*each) for each in zip(names, answers, ranks, sizes, strict=True)]


def _prediction(
    name: str, probabilities: "NDArray[np.float32]", ranks: "NDArray[np.intp]", size: tuple[int, int]
) -> Prediction:
    first, second = ranks.tolist()
    shares = [round(float(share), 6) for share in probabilities]
    return Prediction(name, first, shares[first], second, shares[second], shares, size)

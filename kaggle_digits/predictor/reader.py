"""A model that is asked about pictures: opened, found to hold digits, judged, and turned where that helps."""

import math
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kaggle_digits import photos
from kaggle_digits.errors import DataError
from kaggle_digits.machine import usable_cores
from kaggle_digits.predictor.model import Model
from kaggle_digits.predictor.prediction import Box, LeftOut, PredictedDigit, Prediction
from kaggle_digits.sources import image_file, image_folder

_S = TypeVar("_S")
_T = TypeVar("_T")
_LONGEST = 1024  # pixels of a picture's longer side that are looked at; a digit of a twentieth still has fifty
_QUARTERS = {270: 1, 180: 2, 90: 3}  # degrees to the right, and quarter turns to the left


@dataclass(frozen=True, eq=False)
class _Opened:
    """A picture, after a turn, and the ways to read it: the plain one or all; and what they are made from, if it is."""

    path: Path
    picture: image_file.Picture
    layout: photos.Layout
    writing: photos.Writing | None = None
    turned: int = 0


@dataclass(frozen=True)
class Reader:
    """A model that is asked about pictures."""

    model: Model
    keep_stages: bool

    def read(self, paths: Sequence[Path]) -> tuple[dict[Path, Prediction], dict[Path, str]]:
        """Predictions of those that can be read, and why the others cannot."""
        opened: list[_Opened] = []
        broken: dict[Path, str] = {}
        for path, result in zip(paths, _at_once(self._open, paths), strict=True):
            if isinstance(result, DataError):
                broken[path] = str(result)
            else:
                opened.append(result)
        answered = list(zip(opened, self._ask_all([each.layout for each in opened]), strict=True))
        # Most pictures are plain to read; the other ways to read the rest take their time.
        settled = [photos.is_settled(each.layout, answer) for each, answer in answered]
        rest = _at_once(self._in_full, [each for each, done in zip(opened, settled, strict=True) if not done])
        again = zip(rest, self._ask_all([each.layout for each in rest]), strict=True)
        final = [one if done else next(again) for one, done in zip(answered, settled, strict=True)]
        return {each.path: self._settled(each, answer) for each, answer in final}, broken

    def _settled(self, opened: _Opened, probabilities: NDArray[np.float32]) -> Prediction:
        """What a picture says; one that is not clear as it is, after a quarter turn or two, if it is clear then.

        Of what is left out or unsure, most is as it should be. So nothing may be so in a picture that is turned.
        """
        upright = self._prediction(opened, probabilities)
        found = len(upright.digits) + len(upright.left_out)
        # Strokes that are never to be believed may lie as they should for all that: their labels count.
        likely = math.prod(digit.certainty or digit.probability for digit in upright.digits)
        stands = not upright.left_out and round(likely, 6) >= photos.UPRIGHT
        if opened.writing is None or stands or _is_clear(upright) or found < photos.FEWEST_TURNED:
            return upright
        turns = {degrees: photos.turned(opened.writing, quarters) for degrees, quarters in _QUARTERS.items()}
        plain = [self._laid_out(writing, plain=True) for writing in turns.values()]
        most = [photos.most_probable(*each) for each in zip(plain, self._ask_all(plain), strict=True)]
        others = [
            replace(self._in_full(replace(opened, writing=writing)), turned=degrees)
            for (degrees, writing), least in zip(turns.items(), most, strict=True)
            if least >= photos.CLEAR_TURNED
        ]
        answers = self._ask_all([each.layout for each in others])
        turned = [self._prediction(each, answer) for each, answer in zip(others, answers, strict=True)]
        whole = [each for each in turned if not each.left_out and len(each.digits) >= photos.FEWEST_TURNED]
        return max(filter(_is_clear, whole), key=lambda each: each.probability or 0.0, default=upright)

    def _prediction(self, opened: _Opened, probabilities: NDArray[np.float32]) -> Prediction:
        layout = opened.layout
        reading = photos.decide(layout, probabilities)
        read = [[_read_digit(digit, opened.picture) for digit in line] for line in reading.lines]
        marks = [LeftOut(_box(mark.box, opened.picture), mark.after, mark.may_be_digit) for mark in reading.marks]
        seen = tuple(digit for line in reading.lines for digit in line)
        name = image_folder.printable(opened.path.as_posix())
        adapted_to = 0 if self.model.touch is None else len(self.model.touch.labels)
        said = Prediction(
            name,
            read,
            opened.picture.size,
            marks,
            turned=opened.turned,
            adapted_to=adapted_to,
            first_of_several=opened.picture.first_of_several,
        )
        return replace(said, layout=layout, seen=seen, seen_marks=tuple(reading.marks)) if self.keep_stages else said

    def _open(self, path: Path) -> _Opened | DataError:
        shape = self.model.image_shape
        try:
            if self.model.learned_from_pictures:
                return self._as_learned(path)
            picture = image_file.read_picture(path, _LONGEST)
        except DataError as error:
            return error
        if photos.is_ready(picture.pixels, shape):
            digit = image_file.as_digit(np.asarray(Image.fromarray(picture.pixels).convert("L")), shape)
            return self._whole(path, picture, digit)
        writing = photos.look(picture.pixels)
        return _Opened(path, picture, self._laid_out(writing, plain=True), writing)

    def _as_learned(self, path: Path) -> _Opened:
        """A picture brought to the model's form from all its pixels, as the folder's were for training."""
        greys = image_file.read(path)
        digit = image_file.as_digit(greys, self.model.image_shape)
        step = -(-max(greys.shape) // _LONGEST)
        picture = image_file.Picture(greys[::step, ::step].copy(), greys.shape[::-1])
        return self._whole(path, picture, digit)

    def _whole(self, path: Path, picture: image_file.Picture, digit: NDArray[np.uint8]) -> _Opened:
        return _Opened(path, picture, self._touched(photos.whole(picture.pixels, digit, self.keep_stages)))

    def _in_full(self, opened: _Opened) -> _Opened:
        return opened if opened.writing is None else replace(opened, layout=self._laid_out(opened.writing))

    def _laid_out(self, writing: photos.Writing, *, plain: bool = False) -> photos.Layout:
        return self._touched(writing.layout(self.model.image_shape, plain=plain, keep_stages=self.keep_stages))

    def _touched(self, layout: photos.Layout) -> photos.Layout:
        """A layout with the personal touch, if there is one."""
        if self.model.touch is None or not layout.spans:
            return layout
        return replace(layout, lifts=self.model.touch.lifts(layout.features, self.model.classes))

    def _ask_all(self, layouts: list[photos.Layout]) -> list[NDArray[np.float32]]:
        """The answers to the images of every layout.

        What is alone in a picture may have been stretched to fill it: its answer is the mean with narrow leaning ones.
        """
        if sum(len(layout.images) for layout in layouts) == 0:
            return [np.zeros((0, self.model.classes), np.float32) for _ in layouts]
        are_voted = [bool(layout.are_lone.any()) and not layout.is_whole for layout in layouts]
        asked = [
            photos.leaning(one.images) if voted else one.images for one, voted in zip(layouts, are_voted, strict=True)
        ]
        said = np.split(self.model.probabilities(np.concatenate(asked)), np.cumsum([len(each) for each in asked])[:-1])
        return [photos.counted(one) if voted else one for one, voted in zip(said, are_voted, strict=True)]


def _is_clear(prediction: Prediction) -> bool:
    return prediction.label is not None and (prediction.probability or 0.0) >= photos.CLEAR_TURNED


def _at_once(function: Callable[[_S], _T], subjects: Sequence[_S]) -> list[_T]:
    """What the function gives for every subject, worked out on all cores: decoders and filters let others run."""
    if min(len(subjects), usable_cores()) < 2:
        return [function(subject) for subject in subjects]
    # Decoders silence warnings while they read, which threads do to one another unless all is silent already.
    with warnings.catch_warnings(), ThreadPoolExecutor(usable_cores()) as pool:
        warnings.simplefilter("ignore")
        return list(pool.map(function, subjects))


def _box(box: Box, picture: image_file.Picture) -> Box:
    """A box of the pixels looked at, in those of the file's picture."""
    width, height = picture.size
    across, down = width / picture.pixels.shape[1], height / picture.pixels.shape[0]
    left, top, right, bottom = box
    return (
        int(left * across),
        int(top * down),
        min(width, -int(-right * across // 1)),
        min(height, -int(-bottom * down // 1)),
    )


def _read_digit(digit: photos.Digit, picture: image_file.Picture) -> PredictedDigit:
    read = predicted_digit(digit.probabilities, _box(digit.box, picture))
    return replace(
        read,
        is_sure=digit.is_sure,
        is_digit=round(digit.share, 6) if digit.least <= 1 else 0.0,
        stands_apart=digit.stands_apart,
    )


def predicted_digit(probabilities: NDArray[np.float32], box: Box) -> PredictedDigit:
    """A digit with such probabilities, float32 `(classes,)`, in such a place."""
    shares = [round(float(share), 6) for share in probabilities]
    first, second = sorted(range(len(shares)), key=lambda label: -float(probabilities[label]))[:2]
    return PredictedDigit(first, shares[first], second, shares[second], shares, box)

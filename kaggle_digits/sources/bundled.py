"""scikit-learn's 1,797 bundled digits, so that every command can be tried with no account and no download."""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.digits import Digits, split
from kaggle_digits.sources.source import Source, SourceKind

KIND = "sklearn"
_SIDE = 28
_INK_SIDE = 20  # MNIST draws its digits into 20 x 20 pixels and leaves a margin of 4 around them
_TEST_SHARE = 0.4  # the competition's own: 28,000 of 70,000
_SPLIT_SEED = 0


def recognises(path: Path) -> bool:
    """Whether a path is the word that stands for these digits."""
    return str(path) == KIND


def load(_path: Path = Path(KIND), _image_shape: tuple[int, int] = (28, 28), _skip_broken: bool = False) -> Source:
    """The digits of `sklearn.datasets.load_digits`, brought to the competition's shape.

    They were written by 43 people and reduced to 8 x 8 pixels of 17 greys; here they are enlarged to 20 x 20 and
    given MNIST's margin.

    Returns:
        1,078 labelled digits to train on, and 719 whose labels are withheld, as in test.csv. Images are uint8
        `(n, 28, 28)`; ids run from 1 in both. The split is always the same one.

    Source: E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998.
    """
    return _loaded()


@cache
def _loaded() -> Source:
    """Once in a process: with them, hashes and near duplicates are remembered, which every training asks for."""
    from sklearn.datasets import load_digits

    small, labels = load_digits(return_X_y=True)
    images = np.stack([_enlarge(image) for image in small.reshape(-1, 8, 8)])
    everything = Digits.numbered(images, labels.astype(np.int64))
    train_rows, test_rows = split(everything, _TEST_SHARE, _SPLIT_SEED)
    train, test = everything.take(train_rows), everything.take(test_rows)
    return Source(KIND, None, Digits.numbered(train.images, train.labels), Digits.numbered(test.images))


def _enlarge(image: NDArray[np.float64]) -> NDArray[np.uint8]:
    """8 x 8 greys from 0 to 16 as 28 x 28 from 0 to 255."""
    from PIL import Image

    grey = Image.fromarray((image * (255 / 16)).round().astype(np.uint8))
    inked = grey.resize((_INK_SIDE, _INK_SIDE), Image.Resampling.BICUBIC)
    margin = (_SIDE - _INK_SIDE) // 2
    return np.pad(np.asarray(inked), margin)


SOURCE = SourceKind(KIND, f"the digits that come with scikit-learn: --data {KIND}", recognises, load)

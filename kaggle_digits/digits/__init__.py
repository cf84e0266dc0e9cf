"""The package's one currency: images of digits, with labels and ids; splits, folds and near duplicates."""

from kaggle_digits.digits.digits import Digits, classes_of
from kaggle_digits.digits.splitting import folds, split

__all__ = ["Digits", "classes_of", "duplicates", "folds", "split"]

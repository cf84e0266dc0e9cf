"""The package's one currency: images of digits, with labels and ids; splits, folds and near duplicates."""

from kaggle_digits.digits.digits import Digits, folds, split

__all__ = ["Digits", "duplicates", "folds", "split"]

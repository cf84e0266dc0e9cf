"""The network of mlp, trained for 150 epochs to answer as strong does."""

import msgspec

from kaggle_digits.recipes.builtin import mlp_long
from kaggle_digits.recipes.builtin.mlp import build

__all__ = ["build", "fit"]

fit = msgspec.structs.replace(mlp_long.fit, teacher="strong", unlabelled=True)

"""The network of mlp, which learns strong's answers."""

import msgspec

from kaggle_digits.recipes.builtin import mlp_long
from kaggle_digits.recipes.builtin.mlp import build

__all__ = ["build", "fit"]

fit = msgspec.structs.replace(mlp_long.fit, teacher="strong", unlabelled=True)

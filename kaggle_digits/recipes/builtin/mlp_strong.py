"""The network of mlp, which learns strong's answers."""

from kaggle_digits.recipes import Distortions, Fit
from kaggle_digits.recipes.builtin.mlp import build

__all__ = ["build", "fit"]

fit = Fit(
    epochs=150,
    batch_size=256,
    learning_rate=3e-3,
    weight_decay=0.1,
    distortions=Distortions(rotation=10, shift=2, zoom=0.1, shear=0.1, elastic=0.7),
    teacher="strong",
    unlabelled=True,
    precision="auto",
)

"""Recipes: what can be trained, and how. A recipe is a Python file; `builtin/` holds those that come with the package.

recipes.names()                        # of the built-in ones
recipes.load("mlp")                    # one of them
recipes.load("own.py")                 # a file of one's own, which is run
recipes.from_function(build, fit=...)  # without a file
"""

from kaggle_digits.recipes.blaming import RecipeFile, blaming
from kaggle_digits.recipes.fit import Distortions, Fit, Precision, Schedule
from kaggle_digits.recipes.loading import (
    Outline,
    from_function,
    is_file,
    load,
    load_built_in,
    names,
    outline,
    restore,
    run,
    source,
)
from kaggle_digits.recipes.measurements import Measured, measurements
from kaggle_digits.recipes.recipe import Recipe, RecipeRecord, Value

__all__ = [
    "DEFAULT",
    "Distortions",
    "Fit",
    "Measured",
    "Outline",
    "Precision",
    "Recipe",
    "RecipeFile",
    "RecipeRecord",
    "Schedule",
    "Value",
    "blaming",
    "from_function",
    "is_file",
    "load",
    "load_built_in",
    "measurements",
    "names",
    "outline",
    "restore",
    "run",
    "source",
]

DEFAULT = "mlp"

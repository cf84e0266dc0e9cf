"""Records of runs that nobody trained, which several test files share."""

from datetime import UTC, datetime
from typing import Any

from kaggle_digits.recipes import Recipe, RecipeRecord
from kaggle_digits.runs import Beginning, DataRecord, Plan

NOON = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


def beginning(recipe: Recipe | RecipeRecord, **fields: Any) -> Beginning:
    """What a run of a recipe on scikit-learn's digits began with, but for some fields.

    Args:
        recipe: the recipe or its record.
        **fields: of `Beginning`.
    """
    known: dict[str, Any] = {
        "plan": Plan(recipe.name, "sklearn"),
        "recipe": recipe.record() if isinstance(recipe, Recipe) else recipe,
        "data": DataRecord(name="sklearn", path="sklearn", kind="sklearn", sha256={}),
        "classes": 10,
        "image_shape": (28, 28),
        "versions": {},
        "machine": "",
        "started": NOON,
    }
    return Beginning(**{**known, **fields})


RESULTS: dict[str, Any] = {
    "train_rows": 900,
    "validation_rows": 100,
    "validation_accuracy": 0.9,
    "validation_interval": (0.82, 0.95),
    "parameters": 7850,
    "layers": [],
    "epochs": 3,
    "kept": 3,
    "temperature": 1.0,
    "seconds": 2.0,
    "train_seconds": 1.0,
}
"""What `runs.complete` wants to know of a training."""

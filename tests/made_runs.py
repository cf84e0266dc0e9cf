"""Run folders made by hand, in a millisecond: for what lists, finds, renames and removes them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from kaggle_digits import runs
from kaggle_digits.files import storage
from kaggle_digits.recipes import Recipe, RecipeRecord
from kaggle_digits.runs import Beginning, DataRecord, Plan, Run

NOON = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
CSV = DataRecord(name="data", path="data", kind="kaggle-csv", train_sha256={"train.csv": "a" * 64})
BUNDLED = DataRecord(name="sklearn", path="sklearn", kind="sklearn", train_sha256={})


def beginning(recipe: str | Recipe | RecipeRecord = "mlp", hours: float = 0, **fields: Any) -> Beginning:
    """What a run began with, at noon or so many hours later.

    Args:
        recipe: a name, or a recipe with every value.
        hours: after noon.
        **fields: of `Beginning`, that are not as they usually are.
    """
    recipe = RecipeRecord(name=recipe) if isinstance(recipe, str) else recipe
    record = recipe.record() if isinstance(recipe, Recipe) else recipe
    known: dict[str, Any] = {
        "plan": Plan(record.name),
        "recipe": record,
        "data": CSV,
        "classes": 10,
        "image_shape": (28, 28),
        "versions": {},
        "machine": "a machine",
        "started": NOON + timedelta(hours=hours),
    }
    return Beginning(**{**known, **fields})


def begin(models: Path, recipe: str | Recipe = "mlp", hours: float = 0, **fields: Any) -> Path:
    """A run that begins at noon, or so many hours later, and never ends."""
    own = {name: value for name, value in fields.items() if name in Beginning.__struct_fields__}
    return runs.start(models, beginning(recipe, hours, **own))


def complete(path: Path, beginning: Beginning, files: list[str], accuracy: float = 0.9, **results: Any) -> Run:
    """Completes a run with what a training might have given; `results` are further fields of `runs.Record`."""
    known: dict[str, Any] = {
        "train_rows": 900,
        "validation_rows": 100,
        "validation_accuracy": accuracy,
        "validation_interval": (max(0.0, round(accuracy - 0.05, 6)), min(1.0, round(accuracy + 0.05, 6))),
        "parameters": 10,
        "layers": [],
        "epochs": 0,
        "temperature": 1.0,
        "seconds": 10.0,
        "train_seconds": 5.0,
    }
    return runs.complete(path, beginning, files, **{**known, **results})


def make(models: Path, recipe: str | Recipe = "mlp", hours: float = 0, accuracy: float = 0.9, **fields: Any) -> Run:
    """A complete run that began at noon, or so many hours later; `fields` are of `runs.Record`."""
    path = begin(models, recipe, hours, **fields)
    (path / "model.keras").write_bytes(b"model")
    results = {name: value for name, value in fields.items() if name not in Beginning.__struct_fields__}
    return complete(path, runs.interrupted(path), ["model.keras"], accuracy, **results)


def blend(models: Path, weights: dict[str, float], hours: float = 5, **fields: Any) -> Run:
    """A blend of runs in the folder, by their names, with their weights."""
    digests = {name: storage.sha256(models / name / runs.RECORD) for name in weights}
    layers = [runs.LayerRecord(name, "mlp", (), 10) for name in weights]
    return make(models, "blend", hours, members=weights, blended=digests, layers=layers, **fields)

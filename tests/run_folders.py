"""Runs that never trained anything, for tests of what is done with their folders."""

from datetime import UTC, datetime

from kaggle_digits.recipes import RecipeRecord
from kaggle_digits.runs import Beginning, DataRecord, Plan

NOON = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


def beginning(recipe: str = "mlp", started: datetime = NOON, **plan: object) -> Beginning:
    """What such a run began with; keywords are fields of its plan."""
    return Beginning(
        plan=Plan(recipe=recipe, **plan),
        recipe=RecipeRecord(name=recipe, built_in=True),
        data=DataRecord(name="sklearn", path="sklearn", kind="sklearn", train_sha256={}),
        classes=10,
        image_shape=(28, 28),
        versions={},
        machine="test",
        started=started,
    )

"""Small trainings that several test files share."""

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from kaggle_digits import recipes, training
from kaggle_digits.recipes import Recipe
from kaggle_digits.runs import Plan, Run, rows

SMALL = Plan("flat", "sklearn", {"units": 32, "epochs": 3, "batch_size": 64, "learning_rate": 5e-3, "jit": False})
"""A network that is trained in a second, and is usable."""

NEAR = Plan("knn", "sklearn", {"neighbors": 3, "components": 20})
"""A model without epochs."""


def but(plan: Plan, values: dict[str, object] | None = None, **fields: object) -> Plan:
    """The same plan with other fields, and some other values of its recipe."""
    return msgspec.structs.replace(plan, values={**plan.values, **(values or {})}, **fields)


def recipe(plan: Plan) -> Recipe:
    """The recipe of a plan."""
    return recipes.load(plan.recipe or "mlp").with_values(plan.values)


def train(plan: Plan, folder: Path, **more: Any) -> Run:
    """Trains with the folders `models` and `submissions` of a folder; `more` is what `training.train` takes."""
    return training.train(plan, models=folder / "models", submissions=folder / "submissions", **more)


def resume(run: str | Path, folder: Path, **more: Any) -> Run:
    """Goes on with a training of `train`."""
    return training.resume(run, models=folder / "models", submissions=folder / "submissions", **more)


def submission(run: Run) -> bytes:
    """The submission of a run of `train`."""
    return (run.path.parents[1] / "submissions" / f"{run.name}.csv").read_bytes()


def report(run: Run) -> dict[str, Any]:
    """What report.json says."""
    document: dict[str, Any] = json.loads((run.path / "report.json").read_text())
    return document


def answers(run: Run) -> NDArray[np.float32]:
    """The probabilities of the rows that a run was validated on."""
    return rows.validation(run.path)[2]

"""Small trainings that several test files share."""

import msgspec

from kaggle_digits import recipes
from kaggle_digits.recipes import Recipe
from kaggle_digits.runs import Plan

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

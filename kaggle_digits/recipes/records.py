"""Recipes read from run.json again, so that an interrupted training can go on."""

from typing import Any, cast, get_args

from kaggle_digits.errors import RunError
from kaggle_digits.files.conforming import conforms
from kaggle_digits.recipes.architectures import Classic, Network
from kaggle_digits.recipes.recipe import Committee, Fit, Recipe

_LARGEST_SIZE = 10_000


def from_json(record: dict[str, Any]) -> Recipe:
    """The recipe that `as_json` told of, so that an interrupted training can go on with it.

    Raises:
        RunError: this release knows no such model, or it has other parts.
    """
    try:
        fit = record["fit"] and Fit.from_json(record["fit"])
        recipe = Recipe(record["name"], record["summary"], _model(record), fit, record["labels"])
        if not (conforms(recipe, Recipe) and _has_sizes(_sizes(recipe, record))):
            raise ValueError("its values are not of the right kind")
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(f"this release cannot go on with such a recipe ({error}). Train from the beginning.") from error
    return recipe


def _sizes(recipe: Recipe, record: dict[str, Any]) -> Any:
    """What of a record is about sizes; those of a committee's members were looked at with the members."""
    return recipe.model.folds if isinstance(recipe.model, Committee) else record["model"]


def _has_sizes(value: Any) -> bool:
    """Whether every whole number in the record of a model is one that a model can be made of."""
    if isinstance(value, dict):
        return all(map(_has_sizes, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_has_sizes, value))
    return isinstance(value, bool) or not isinstance(value, int) or 0 < value <= _LARGEST_SIZE


def _model(record: dict[str, Any]) -> Network | Classic | Committee:
    if record["kind"] == Committee.__name__:
        model = record["model"]
        views = model.get("views", True)  # older runs do not say
        return Committee(tuple(map(from_json, model["recipes"])), model["folds"], views)
    kinds = {kind.__name__: kind for kind in (*get_args(Network), *get_args(Classic))}
    return cast(Network | Classic, kinds[record["kind"]](**_with_tuples(record["model"])))


def _with_tuples(value: Any) -> Any:
    """JSON gives tuples back as lists."""
    if isinstance(value, dict):
        return {name: _with_tuples(one) for name, one in value.items()}
    return tuple(map(_with_tuples, value)) if isinstance(value, list) else value

"""What is searched: values of a recipe, and between what."""

from typing import Any

from kaggle_digits import recipes
from kaggle_digits.errors import DigitsError
from kaggle_digits.recipes import Recipe, Value

_LOG_FROM = 10.0  # a range whose end is so many times its beginning is searched on a logarithmic scale

Range = tuple[Any, ...]
"""Lowest and highest, or several choices."""

Space = dict[str, Range]


def space(recipe: Recipe) -> Space:
    """What is searched: the recipe's own `search`, else what most often matters of its fit."""
    if recipe.search:
        return {name: _range(recipe, name, tuple(values)) for name, values in recipe.search.items()}
    if recipe.fit is None:
        raise DigitsError(f'{recipe.name} says nothing of what to search. Add search = {{"name": (low, high)}} to it.')
    rate = recipe.fit.learning_rate
    return {"learning_rate": (rate / 4, rate * 4), "weight_decay": (0.0, 0.3), "label_smoothing": (0.0, 0.2)}


def _range(recipe: Recipe, name: str, values: Range) -> Range:
    if start(recipe, name) is None and name not in recipe.arguments:
        raise DigitsError(
            f"{recipe.name} has no value called {name!r} to search. See: kaggle-digits recipes --copy mlp."
        )
    if len(values) < 2 or (_is_numeric(values) and values[0] >= values[1]):
        raise DigitsError(f"search[{name!r}] must be (low, high), or several choices. Received: {values}.")
    return values


def _is_numeric(values: Range) -> bool:
    return len(values) == 2 and all(isinstance(one, int | float) and not isinstance(one, bool) for one in values)


def start(recipe: Recipe, name: str) -> Value:
    """What a recipe has for a name before anything is tried."""
    if name in recipe.arguments:
        return recipe.arguments[name]
    found = getattr(recipe.fit, name, None)
    if found is None and recipe.fit is not None:
        found = getattr(recipe.fit.distortions, name, 0.0 if name in recipes.Distortions.__struct_fields__ else None)
    return found


def suggest(trial: Any, space: Space) -> dict[str, Any]:
    values = {}
    for name, choices in space.items():
        if not _is_numeric(choices):
            values[name] = trial.suggest_categorical(name, list(choices))
            continue
        low, high = choices
        log = low > 0 and high / low >= _LOG_FROM
        if isinstance(low, int) and isinstance(high, int):
            values[name] = trial.suggest_int(name, low, high, log=log)
        else:
            values[name] = float(f"{trial.suggest_float(name, low, high, log=log):.4g}")
    return values

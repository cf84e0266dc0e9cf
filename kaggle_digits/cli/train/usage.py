"""Options of `train` that make no sense together: they would be ignored in silence, so they are refused."""

from typing import Any

import typer

from kaggle_digits import recipes
from kaggle_digits.errors import DigitsError

_WHEN_GOING_ON = {"resume", "models", "submissions", "cluster", "jobs", "as_json"}
_ONLY_HERE = {"data", "skip_broken", "allow_leak", "tensorboard", "budget", "cluster", "jobs"}


def check(context: typer.Context) -> None:
    """Makes sure that no option would be ignored.

    Raises:
        BadParameter: one would; the sentence names it.
    """
    said = {
        str(parameter.name): parameter.opts[0]
        for parameter in context.command.params
        if (source := context.get_parameter_source(parameter.name or "")) and source.name == "COMMANDLINE"
    }
    if "resume" in said:
        for name in sorted(set(said) - _WHEN_GOING_ON):
            raise typer.BadParameter(f"{said[name]} cannot be changed by a training that goes on: --resume.")
    else:
        _check_machine(said, context.params)
        _check_folds(said, context.params)


def seconds(budget: str | None) -> float | None:
    """What --budget says.

    Raises:
        BadParameter: it is no time.
    """
    if budget is None:
        return None
    from kaggle_digits.training import budget as budgets

    try:
        return budgets.parse(budget)
    except DigitsError as error:
        raise typer.BadParameter(str(error)) from None


def _check_machine(said: dict[str, str], values: dict[str, Any]) -> None:
    if values["on"] == "here":
        return
    for name in sorted(set(said) & _ONLY_HERE):
        raise typer.BadParameter(f"{said[name]} is for trainings on this machine: leave it out, or --on kaggle.")


def _check_folds(said: dict[str, str], values: dict[str, Any]) -> None:
    in_folds = values["folds"] is not None or _is_committee(values["recipe"])
    if not in_folds and said.keys() & {"jobs", "cluster"}:
        raise typer.BadParameter("--jobs and --cluster train several models: they need --folds.")
    if {"jobs", "cluster"} <= said.keys():
        raise typer.BadParameter("--jobs is for this machine, --cluster for others: choose one.")
    if in_folds and "validation" in said:
        raise typer.BadParameter("with --folds every row is held out once: leave --validation out.")


def _is_committee(recipe: str | None) -> bool:
    return recipe is not None and isinstance(recipes.get(recipe).model, recipes.Committee)

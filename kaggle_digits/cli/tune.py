"""The command `tune`."""

import time
from typing import Annotated, Literal

import typer

from kaggle_digits import runs
from kaggle_digits.cli import console
from kaggle_digits.cli.options import DATA, MODELS, AsJson, Models, complete_recipe, print_json
from kaggle_digits.cli.progress import EpochLines
from kaggle_digits.errors import DigitsError
from kaggle_digits.runs import Plan

EXAMPLE = "tune mlp --budget 10m"


def tune(
    recipe: Annotated[
        str | None,
        typer.Argument(
            metavar="RECIPE|FILE.py", help="What to tune.", show_default="mlp", autocompletion=complete_recipe
        ),
    ] = None,
    trials: Annotated[int | None, typer.Option(min=1, metavar="N", help="Number of trials; the default is 40.")] = None,
    budget: Annotated[str | None, typer.Option(metavar="TIME", help="Finish within this time: 10m, 1h.")] = None,
    data: Annotated[str, typer.Option(metavar="WHERE", help="The digits, as for train.")] = str(DATA),
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, metavar="N", help="Random seed of the search.")] = 0,
    sampler: Annotated[
        Literal["tpe", "random"], typer.Option(help="tpe learns from earlier trials; random does not.")
    ] = "tpe",
    resume: Annotated[str | None, typer.Option(metavar="STUDY", help="Continue a search.")] = None,
    models: Models = MODELS,
    as_json: AsJson = False,
) -> None:
    """Search for better values of a recipe.

    The search uses other rows than those that `train` validates on."""
    began = time.perf_counter()
    try:
        seconds = None if budget is None else runs.seconds(budget)
    except DigitsError as error:
        raise typer.BadParameter(str(error)) from None
    from kaggle_digits import training
    from kaggle_digits.cli.reports import study as reports

    plan = Plan(recipe, data, seed=seed, budget=seconds)
    study = training.tune(
        plan, trials=trials, sampler=sampler, study=resume, models=models, listener=EpochLines(), began=began
    )
    if as_json:
        print_json(reports.document(study))
    else:
        console.show(reports.text(study))
    if study.interrupted:
        console.tell(f"interrupted; to continue: kaggle-digits tune {recipe or ''} --resume {study.path.name}")
        raise typer.Exit(130)

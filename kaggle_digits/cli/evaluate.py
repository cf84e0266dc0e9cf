"""The command `evaluate`: a trained model, evaluated."""

from typing import Annotated, Literal

import typer

from kaggle_digits.cli import console
from kaggle_digits.cli.options import MODELS, WHICH_RUN, AsJson, Models, SkipBroken, complete_run, print_json

EXAMPLE = "evaluate --data my-digits"


def evaluate(
    run: Annotated[str | None, typer.Argument(metavar="RUN", help=WHICH_RUN, autocompletion=complete_run)] = None,
    data: Annotated[
        str | None,
        typer.Option(metavar="WHERE", help="Labelled digits, as for train. The default is the run's validation rows."),
    ] = None,
    form: Annotated[
        Literal["png", "svg", "pdf"] | None,
        typer.Option("--format", help="Draw all pictures again, as png, svg or pdf."),
    ] = None,
    look_inside: Annotated[
        bool,
        typer.Option("--look-inside", help="Also draw where the model looks, its filters and a map of the digits."),
    ] = False,
    skip_broken: SkipBroken = False,
    models: Models = MODELS,
    as_json: AsJson = False,
) -> None:
    """Evaluate a model, in numbers and pictures."""
    from kaggle_digits import predictor, runs
    from kaggle_digits.cli.reports.evaluation import summary

    found = runs.find(run, models)
    console.say_which(found)
    pictures = predictor.Pictures(form and f".{form}", look_inside)
    with console.at_work("evaluating, drawing pictures"):
        evaluated = predictor.evaluate(found, data, skip_broken=skip_broken, pictures=pictures)
    for note in evaluated.notes:
        console.tell(f"note: {note}")
    if as_json:
        about = {"run": found.name, "data": evaluated.data, "rows_learned": evaluated.rows_learned}
        print_json({**about, **evaluated.report.as_json()})
        return
    console.show(f"{found.name} on {evaluated.data}")
    console.show(summary(evaluated.report))
    console.show(f"\npictures and report.json are in {evaluated.folder}")

"""The command `blend`."""

from typing import Annotated

import typer

from kaggle_digits.cli import console
from kaggle_digits.cli.options import MODELS, SUBMISSIONS, AsJson, Models, Submissions, complete_run
from kaggle_digits.cli.reports.overview import report

EXAMPLE = "blend 20261120-220844-mlp 20261120-221530-cnn"


def blend(
    runs: Annotated[
        list[str],
        typer.Argument(metavar="RUN", help="Complete runs on the same data.", autocompletion=complete_run),
    ],
    data: Annotated[
        str | None, typer.Option(metavar="WHERE", help="The digits, as for train. The default is the runs' own.")
    ] = None,
    note: Annotated[str, typer.Option(metavar="TEXT", help="A note to remember the run by.")] = "",
    models: Models = MODELS,
    submissions: Submissions = SUBMISSIONS,
    as_json: AsJson = False,
) -> None:
    """Combine several runs into one model.

    Their weights are chosen on rows that none of them was trained on."""
    from kaggle_digits import training

    with console.at_work("choosing weights, drawing pictures"):
        run = training.blend(runs, data=data, note=note, models=models, submissions=submissions)
    report(run, submissions, as_json)

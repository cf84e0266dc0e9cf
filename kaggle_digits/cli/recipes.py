"""The command `recipes`: what can be trained."""

from typing import Annotated, Any

import msgspec
import typer

from kaggle_digits.cli import console
from kaggle_digits.cli.options import AsJson, complete_recipe, print_json

EXAMPLE = "recipes --copy mlp"


def recipes(
    copy: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Print a recipe's file, to start your own from.", autocompletion=complete_recipe
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the recipes, with accuracy and training time."""
    from kaggle_digits import recipes

    if copy is not None:
        typer.echo(recipes.source(copy), nl=False)
        return
    measured = recipes.measurements()
    names = sorted(recipes.names(), key=lambda name: measured[name].accuracy if name in measured else 2.0)
    if as_json:
        print_json([_document(name, recipes.outline(name).summary, measured.get(name)) for name in names])
        return
    rows = []
    for name in names:
        one = measured.get(name)
        parameters = f"{one.parameters:,}" if one and one.parameters else ""
        figures = [f"{one.accuracy:.4f}", f"{one.seconds:,.0f} s"] if one else ["", ""]
        rows.append([name, parameters, *figures, recipes.outline(name).summary])
    header = ["recipe", "parameters", "accuracy", "training", ""]
    console.show(console.table(header, rows, optional=("parameters",), wraps=""))
    in_folds = ", ".join(name for name, one in measured.items() if one.judged == "out of fold")
    console.show(
        f"\naccuracy: on 6,000 rows of train.csv that were held out ({in_folds}: on all rows, out of fold)\n"
        "training: on two CPU cores"
    )


def _document(name: str, summary: str, measured: Any) -> dict[str, Any]:
    return {"name": name, "summary": summary, "measured": measured and msgspec.to_builtins(measured)}

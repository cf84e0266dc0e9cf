"""Options that several commands share, and how results reach standard output."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from kaggle_digits import recipes, runs

Models = Annotated[Path, typer.Option(metavar="DIR", help="The folder of all runs.")]
Submissions = Annotated[Path, typer.Option(metavar="DIR", help="The folder of all submission files.")]
SkipBroken = Annotated[bool, typer.Option("--skip-broken", help="Leave out pictures that cannot be read.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]

WHICH_RUN = "A run's name or its beginning, a recipe (its newest run), or best. The default is the newest run."

MODELS, SUBMISSIONS, DATA = Path("models"), Path("submissions"), Path("data")


def print_json(document: Any) -> None:
    """Prints a document as JSON, on one line."""
    typer.echo(json.dumps(document))


def complete_run(context: typer.Context, incomplete: str) -> Iterator[str]:
    """What a RUN may be that begins like this, for the Tab key: newest names first, then recipes, then `best`."""
    complete = runs.listing(Path(context.params.get("models") or MODELS))
    names = [*reversed([run.name for run in complete]), *sorted({run.record.recipe.name for run in complete})]
    return (name for name in [*names, *([runs.BEST] if complete else [])] if name.startswith(incomplete))


def complete_unfinished(context: typer.Context, incomplete: str) -> Iterator[str]:
    """The runs that can be gone on with and begin like this, for the Tab key."""
    models = Path(context.params.get("models") or MODELS)
    interrupted = [run.name for run in runs.listing(models) if run.record.interrupted]
    names = [*(path.name for path in runs.unfinished(models)), *interrupted]
    return (name for name in names if name.startswith(incomplete))


def complete_recipe(incomplete: str) -> Iterator[str]:
    """The recipes, and recipe files of the current folder, that begin like this, for the Tab key."""
    names = [*recipes.names(), *sorted(path.name for path in Path().glob("*.py"))]
    return (name for name in names if name.startswith(incomplete))

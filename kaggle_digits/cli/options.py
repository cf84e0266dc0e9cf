"""Options that several commands share, and how results reach standard output."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

Models = Annotated[Path, typer.Option(metavar="DIR", help="The folder of all runs.")]
Submissions = Annotated[Path, typer.Option(metavar="DIR", help="The folder of all submission files.")]
SkipBroken = Annotated[bool, typer.Option("--skip-broken", help="Leave out pictures that cannot be read.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]

MODELS, SUBMISSIONS, DATA = Path("models"), Path("submissions"), Path("data")


def print_json(document: Any) -> None:
    """Prints a document as JSON, on one line."""
    typer.echo(json.dumps(document))

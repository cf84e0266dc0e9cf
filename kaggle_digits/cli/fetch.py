"""The command `fetch`."""

from pathlib import Path
from typing import Annotated

import typer

from kaggle_digits.cli import console
from kaggle_digits.cli.options import DATA

EXAMPLE = "fetch --zip ~/Downloads/digit-recognizer.zip"

_STATES = {
    "kept": "there and right, kept",
    "new": "fetched and checked",
    "replaced": "fetched, checked, and put in place of the old one",
}


def fetch(
    data: Annotated[Path, typer.Option(metavar="DIR", help="The folder for the competition's files.")] = DATA,
    archive: Annotated[
        Path | None, typer.Option("--zip", metavar="FILE", help="A zip already downloaded, instead of Kaggle.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Fetch again, even what is there and right.")] = False,
) -> None:
    """Bring the competition's files: download them from Kaggle, or take them from a zip."""
    from kaggle_digits import competition
    from kaggle_digits.competition import fetch

    with console.download_bar() as on_progress, competition.Kaggle(on_retry=console.tell) as kaggle:
        files = fetch.fetch(data, archive=archive, force=force, kaggle=kaggle, on_progress=on_progress)
    for file in files:
        console.tell(f"{file.path}: {_STATES[file.state]}")

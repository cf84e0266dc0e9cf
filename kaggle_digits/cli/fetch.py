"""The command `fetch`."""

from pathlib import Path
from typing import Annotated

import typer

from kaggle_digits.cli import console
from kaggle_digits.cli.options import DATA

EXAMPLE = "fetch --zip ~/Downloads/digit-recognizer.zip"

_STATES = {
    "kept": "already there and correct",
    "new": "fetched and checked",
    "replaced": "fetched, checked, and put in place of the old one",
}
_CHANGED = "kept, though it is not the file that Kaggle has published; to replace it: kaggle-digits fetch --force"


def fetch(
    stray: Annotated[str | None, typer.Argument(hidden=True, metavar="--zip FILE")] = None,
    data: Annotated[Path, typer.Option(metavar="DIR", help="The folder for the competition's files.")] = DATA,
    archive: Annotated[
        Path | None, typer.Option("--zip", metavar="FILE", help="Take the files from a zip that you downloaded.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Fetch again, even files that are already correct.")] = False,
    allow_changed: Annotated[
        bool, typer.Option("--allow-changed", help="Accept files that differ from those that Kaggle has published.")
    ] = False,
) -> None:
    """Download the competition's files, or take them from a zip."""
    if stray is not None:
        option = "--zip" if stray.lower().endswith(".zip") else "--data"
        raise typer.BadParameter(f"{option} is missing. Did you mean: kaggle-digits fetch {option} {stray}")
    from kaggle_digits import competition
    from kaggle_digits.competition import fetch

    with console.download_bar() as on_progress, competition.Kaggle(on_retry=console.tell) as kaggle:
        files = fetch.fetch(
            data,
            archive=archive,
            force=force,
            kaggle=kaggle,
            on_progress=on_progress,
            published={} if allow_changed else None,
        )
    for file in files:
        state = _CHANGED if file.changed else _STATES[file.state]
        console.tell(f"{file.path}: {state}")
    console.tell("next: kaggle-digits train")

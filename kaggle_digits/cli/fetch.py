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
    stray: Annotated[str | None, typer.Argument(hidden=True)] = None,
    data: Annotated[Path, typer.Option(metavar="DIR", help="The folder for the competition's files.")] = DATA,
    archive: Annotated[
        Path | None, typer.Option("--zip", metavar="FILE", help="A zip already downloaded, instead of Kaggle.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Fetch again, even what is there and right.")] = False,
    allow_changed: Annotated[
        bool, typer.Option("--allow-changed", help="Take files that are not the ones Kaggle has published so far.")
    ] = False,
) -> None:
    """Bring the competition's files: download them from Kaggle, or take them from a zip."""
    if stray is not None:
        option = "--zip" if stray.lower().endswith(".zip") else "--data"
        raise typer.BadParameter(f"it takes no plain argument. Do you mean: kaggle-digits fetch {option} {stray}")
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
        console.tell(f"{file.path}: {_STATES[file.state]}")
    changed = [str(file.path) for file in files if file.changed]
    if changed:
        console.tell(
            f"note: not what Kaggle has published so far: {', '.join(changed)}. To have it: kaggle-digits fetch --force"
        )
    console.tell("next: kaggle-digits train")

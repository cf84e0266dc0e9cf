"""The command `doctor`."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from kaggle_digits.cli import console
from kaggle_digits.cli.options import DATA, MODELS, SUBMISSIONS, AsJson, Models, Submissions, print_json

EXAMPLE = "doctor --offline"


def doctor(
    online: Annotated[bool, typer.Option("--online/--offline", help="Also ask Kaggle, for a few seconds.")] = True,
    data: Annotated[Path, typer.Option(metavar="DIR", help="The folder of the competition's files.")] = DATA,
    models: Models = MODELS,
    submissions: Submissions = SUBMISSIONS,
    as_json: AsJson = False,
) -> None:
    """Check versions, machine, files and account.

    Says what is broken, and how to fix it."""
    from kaggle_digits import doctor

    checks = []
    for check in doctor.examine(
        data=data, models=models, submissions=submissions, environment=os.environ, online=online
    ):
        checks.append(check)
        if not as_json:
            fix = f"; fix: {check.fix}" if check.fix else ""
            console.show(f"{check.state:<6}  {check.name}: {check.found}{fix}")
    broken = any(check.state == "broken" for check in checks)
    if as_json:
        print_json({"ok": not broken, "checks": [asdict(check) for check in checks]})
    if broken:
        raise typer.Exit(1)

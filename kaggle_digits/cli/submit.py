"""The command `submit`."""

from pathlib import Path
from typing import Annotated

import typer

from kaggle_digits import console
from kaggle_digits.cli.options import MODELS, SUBMISSIONS, AsJson, Models, Submissions, print_json


def submit(
    target: Annotated[
        str | None, typer.Argument(metavar="RUN|FILE.csv", help="What to submit; left out, the newest run.")
    ] = None,
    message: Annotated[str | None, typer.Option(metavar="TEXT", help="Shown beside the submission.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the file and stop there.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the score.")] = True,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The folder with test.csv; left out, the run's own.")
    ] = None,
    models: Models = MODELS,
    submissions: Submissions = SUBMISSIONS,
    as_json: AsJson = False,
) -> None:
    """Check a submission, send it to Kaggle, and bring the score home."""
    from kaggle_digits import competition, submitting

    candidate = submitting.prepare(target, message=message, data=data, models=models, submissions=submissions)
    console.tell(f"{candidate.file}: {candidate.rows:,} predictions, all as Kaggle expects them")
    for note in candidate.notes:
        console.tell(f"note: {note}")
    if dry_run:
        _report(candidate.file, "dry run: nothing was sent", as_json, status="checked")
        return
    with competition.Kaggle() as kaggle:
        sent = submitting.send(candidate, kaggle, submissions=submissions, wait=wait, tell=console.tell)
    told = f"its score will appear at {sent.link}" if sent.score is None else f"score {sent.score}  {sent.link}"
    _report(candidate.file, told, as_json, ref=sent.ref, status=sent.status, score=sent.score)


def _report(
    file: Path, told: str, as_json: bool, *, ref: int | None = None, status: str, score: float | None = None
) -> None:
    if as_json:
        print_json({"file": str(file), "ref": ref, "status": status, "score": score})
    else:
        typer.echo(told)

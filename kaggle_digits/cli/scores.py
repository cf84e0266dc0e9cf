"""The command `scores`: what came of the submissions."""

from pathlib import Path
from typing import Annotated

import typer

from kaggle_digits.cli import console
from kaggle_digits.cli.options import SUBMISSIONS, AsJson, Submissions, print_json

EXAMPLE = "scores --no-refresh"

_OPTIONAL = ("number", "validation", "status", "expected")  # what a narrow terminal has no room for
_HEADER = ["file", "sent", "number", "status", "validation", "expected", "score"]


def scores(
    refresh: Annotated[bool, typer.Option("--refresh/--no-refresh", help="Ask Kaggle for missing scores.")] = True,
    submissions: Submissions = SUBMISSIONS,
    as_json: AsJson = False,
) -> None:
    """List what was submitted, with its scores."""
    import msgspec

    from kaggle_digits.competition import ledger

    def row(entry: ledger.Entry) -> list[str]:
        return [
            entry.file,
            (entry.sent or entry.time)[:16].replace("T", " "),
            "" if entry.ref is None else str(entry.ref),
            "unknown" if entry.ref is None else entry.status,
            "" if entry.validation_accuracy is None else f"{entry.validation_accuracy:.4f}",
            "" if entry.predicted_range is None else "{:.4f} to {:.4f}".format(*entry.predicted_range),
            "" if entry.score is None else f"{entry.score:.5f}",
        ]

    def tell_torn(line: int) -> None:
        console.tell(f"note: {submissions / ledger.FILE}, line {line} is incomplete and is left out")

    known = ledger.latest(ledger.read(submissions, on_torn=tell_torn))
    if refresh and any(entry.is_open for entry in known):
        _refresh(submissions)
        known = ledger.latest(ledger.read(submissions))
    if as_json:
        print_json(msgspec.to_builtins(known))
    elif known:
        console.show(console.table(_HEADER, list(map(row, known)), optional=_OPTIONAL, text="file"))
    else:
        console.tell(f"there are no submissions in {submissions / ledger.FILE} yet. Send one: kaggle-digits submit")


def _refresh(submissions: Path) -> None:
    """Brings late scores home; without Kaggle, what is known already has to do."""
    from kaggle_digits.competition import Kaggle, send
    from kaggle_digits.errors import CompetitionError

    try:
        with Kaggle(on_retry=console.tell) as kaggle:
            still_open = send.refresh(submissions, kaggle)
    except CompetitionError as error:
        console.tell(f"note: these scores may be out of date. {str(error)[0].upper()}{str(error)[1:]}")
        return
    if still_open:
        console.tell(f"note: {still_open} have no score yet, or are no longer on Kaggle's list")

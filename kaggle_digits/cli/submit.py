"""The commands `submit` and `scores`: to Kaggle, and back."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kaggle_digits.cli import console
from kaggle_digits.cli.options import MODELS, SUBMISSIONS, AsJson, Models, Submissions, print_json

EXAMPLE = "submit --dry-run"

if TYPE_CHECKING:
    from kaggle_digits.competition.ledger import Entry


def submit(
    target: Annotated[
        str | None, typer.Argument(metavar="RUN|FILE.csv", help="What to submit; left out, the newest run.")
    ] = None,
    message: Annotated[str | None, typer.Option(metavar="TEXT", help="Shown beside the submission.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the file and stop there.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the score.")] = True,
    force: Annotated[
        bool, typer.Option("--force", help="Send it even if it was sent before, or is unlike the best one.")
    ] = False,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The folder with test.csv; left out, the run's own.")
    ] = None,
    models: Models = MODELS,
    submissions: Submissions = SUBMISSIONS,
    as_json: AsJson = False,
) -> None:
    """Check a submission, send it to Kaggle, and bring the score home."""
    from kaggle_digits import competition
    from kaggle_digits.competition import sending, submitting

    candidate = submitting.prepare(target, message=message, data=data, models=models, submissions=submissions)
    console.tell(f"{candidate.file}: {candidate.rows:,} predictions, all as Kaggle expects them")
    doubt = submitting.doubt(candidate, submissions)
    for note in (*candidate.notes, *([doubt] if doubt else [])):
        console.tell(f"note: {note}")
    if dry_run:
        _report(candidate.file, "dry run: nothing was sent", as_json, status="checked")
        return
    if doubt and not force:
        _ask()
    with competition.Kaggle(on_retry=console.tell) as kaggle:
        sent = sending.send(candidate, kaggle, submissions=submissions, wait=wait, tell=console.tell, force=force)
    told = f"its score will appear at {sent.link}" if sent.score is None else f"score {sent.score}  {sent.link}"
    if sent.score is not None and sent.predicted_range is not None:
        told = f"{told}\n{_beside(sent.score, sent.predicted_range)}"
    _report(candidate.file, told, as_json, ref=sent.ref, status=sent.status, score=sent.score)


def _beside(score: float, predicted: tuple[float, float]) -> str:
    """Whether a score is what its run expected."""
    low, high = (round(bound, 5) for bound in predicted)  # as Kaggle rounds scores
    how = "lower than" if score < low else "higher than" if score > high else "as"
    return f"{how} expected ({low:.4f} to {high:.4f})"


def _ask() -> None:
    """Lets a person decide about a doubtful file; where there is none, it is not sent."""
    from kaggle_digits.errors import SubmissionError

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise SubmissionError("nothing was sent. Look at the file; if it is what you mean, send it with --force.")
    if not typer.confirm("Send it all the same?", default=False, err=True):
        raise SubmissionError("nothing was sent.")


def _report(
    file: Path, told: str, as_json: bool, *, ref: int | None = None, status: str, score: float | None = None
) -> None:
    if as_json:
        print_json({"file": str(file), "ref": ref, "status": status, "score": score})
    else:
        typer.echo(told)


def scores(
    refresh: Annotated[
        bool, typer.Option("--refresh/--no-refresh", help="Ask Kaggle for the scores that are not known yet.")
    ] = True,
    submissions: Submissions = SUBMISSIONS,
    as_json: AsJson = False,
) -> None:
    """List what was submitted, with its scores; those that came late are brought home first."""
    from kaggle_digits.competition import ledger

    known = _known(submissions)
    if refresh and any(entry.status in ledger.OPEN for entry in known):
        _refresh(submissions)
        known = ledger.latest(ledger.read(submissions))
    if as_json:
        print_json([asdict(entry) for entry in known])
        return
    if not known:
        console.tell(f"nothing in {submissions / ledger.FILE} yet: kaggle-digits submit sends a submission")
        return
    typer.echo(
        console.table(["file", "sent", "number", "status", "validation", "expected", "score"], list(map(_row, known)))
    )


def _known(submissions: Path) -> list["Entry"]:
    from kaggle_digits.competition import ledger

    def tell(line: int) -> None:
        console.tell(f"note: {submissions / ledger.FILE}, line {line} was never finished and is left out")

    return ledger.latest(ledger.read(submissions, on_torn=tell))


def _refresh(submissions: Path) -> None:
    """Brings late scores home; without Kaggle, what is known already has to do."""
    from kaggle_digits import competition
    from kaggle_digits.competition import sending
    from kaggle_digits.errors import CompetitionError

    try:
        with competition.Kaggle(on_retry=console.tell) as kaggle:
            still_open = sending.refresh(submissions, kaggle)
    except CompetitionError as error:
        console.tell(f"note: scores as last known. {str(error)[0].upper()}{str(error)[1:]}")
        return
    if still_open:
        console.tell(f"note: {still_open} without a score yet, or no longer on Kaggle's list")


def _row(entry: "Entry") -> list[str]:
    return [
        entry.file,
        (entry.sent or entry.time)[:16].replace("T", " "),
        "" if entry.ref is None else str(entry.ref),
        "unknown" if entry.ref is None else entry.status,
        "" if entry.validation_accuracy is None else f"{entry.validation_accuracy:.4f}",
        "" if entry.predicted_range is None else "{:.4f} to {:.4f}".format(*entry.predicted_range),
        "" if entry.score is None else f"{entry.score:.5f}",
    ]

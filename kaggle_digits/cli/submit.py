"""The command `submit`."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from kaggle_digits.cli import console
from kaggle_digits.cli.options import MODELS, SUBMISSIONS, AsJson, Models, Submissions, complete_run, print_json
from kaggle_digits.errors import SubmissionError

EXAMPLE = "submit --dry-run"


def submit(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN|FILE.csv", help="What to submit. The default is the newest run.", autocompletion=complete_run
        ),
    ] = None,
    message: Annotated[str | None, typer.Option(metavar="TEXT", help="Shown beside the submission.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the file and stop there.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the score.")] = True,
    force: Annotated[
        bool, typer.Option("--force", help="Send it even if it was sent before, or differs much from your best one.")
    ] = False,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The folder with test.csv. The default is the run's.")
    ] = None,
    models: Models = MODELS,
    submissions: Submissions = SUBMISSIONS,
    as_json: AsJson = False,
) -> None:
    """Check a submission, send it to Kaggle, and wait for its score."""
    from kaggle_digits import runs
    from kaggle_digits.competition import Kaggle, messages, prepare, send, submission

    def write_again(run: runs.Run, test: Path, path: Path) -> None:
        from kaggle_digits import predictor, sources

        console.tell(f"{path} is missing: {run.name} writes it again")
        digits, _ = sources.read_rows(test)
        submission.write(path, digits.ids.tolist(), predictor.load(run.path).labels(digits.images).tolist())

    file = prepare.prepare(
        target, message=message, data=data, models=models, submissions=submissions, write=write_again
    )
    if file.run is not None:
        console.say_which(file.run)
    console.tell(f"{file.path}: {len(file.labels):,} predictions, all as Kaggle expects them")
    doubt = prepare.doubt(file, submissions)
    for note in (*file.notes, *([doubt] if doubt else [])):
        console.tell(f"note: {note}")
    if dry_run:
        _report(file.path, "dry run: nothing was sent", as_json, status="checked")
        console.tell(f"next: kaggle-digits submit{f' {shlex.quote(target)}' if target else ''}")
        return
    if doubt and not force and not console.agrees("Send it anyway?"):
        raise SubmissionError("nothing was submitted. Look at the file; if it is what you mean, send it with --force.")
    with Kaggle(on_retry=console.tell) as kaggle:
        sent = send.send(file, kaggle, submissions=submissions, wait=wait, tell=console.tell, force=force)
    link = messages.page(kaggle.slug, "submissions")
    line = f"its score will appear at {link}" if sent.score is None else f"score {sent.score}  {link}"
    if sent.score is not None and sent.predicted_range is not None:
        line = f"{line}\n{_beside(sent.score, sent.predicted_range)}"
    _report(file.path, line, as_json, ref=sent.ref, status=sent.status, score=sent.score)
    console.tell(f"next: kaggle-digits {'scores' if sent.score is None else 'runs'}")


def _beside(score: float, predicted: tuple[float, float]) -> str:
    """Whether a score is what its run expected."""
    low, high = (round(bound, 5) for bound in predicted)  # as Kaggle rounds scores
    how = "lower than" if score < low else "higher than" if score > high else "as"
    return f"{how} expected: {low:.4f} to {high:.4f} (95 %)"


def _report(
    file: Path, line: str, as_json: bool, *, ref: int | None = None, status: str, score: float | None = None
) -> None:
    if as_json:
        print_json({"file": str(file), "ref": ref, "status": status, "score": score})
    else:
        console.show(line)

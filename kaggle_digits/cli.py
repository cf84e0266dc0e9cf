"""The command line: parses, calls the package, prints. Nothing is computed here."""

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from kaggle_digits import __version__, console, recipes
from kaggle_digits.errors import DigitsError


class _Commands(TyperGroup):
    """Turns what went wrong into one sentence and an exit code, for every command at once."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command; see the class."""
        try:
            return super().invoke(ctx)
        except DigitsError as error:
            console.tell(f"error: {error}")
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            console.tell("interrupted")
            raise typer.Exit(130) from None


app = typer.Typer(
    cls=_Commands,
    name="kaggle-digits",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="From Kaggle's Digit Recognizer to a trained model and a scored submission: fetch, train, submit.",
)

Data = Annotated[Path, typer.Option(metavar="DIR", help="The folder of the competition's files.")]
Models = Annotated[Path, typer.Option(metavar="DIR", help="The folder of all runs.")]
Submissions = Annotated[Path, typer.Option(metavar="DIR", help="The folder of all submission files.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


_FETCHED = {
    "kept": "there and right, kept",
    "new": "fetched and checked",
    "replaced": "fetched again, checked, and put in place of the old one",
}


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False) -> None:
    """Options before any command."""
    if version:
        typer.echo(__version__)
        raise typer.Exit


@app.command(epilog="Example: kaggle-digits fetch --zip ~/Downloads/digit-recognizer.zip")
def fetch(
    data: Data = Path("data"),
    archive: Annotated[
        Path | None, typer.Option("--zip", metavar="FILE", help="A zip already downloaded, instead of Kaggle.")
    ] = None,
    force: Annotated[bool, typer.Option(help="Fetch again, even what is there and right.")] = False,
) -> None:
    """Bring the competition's files: download them from Kaggle, or take them from a zip."""
    from kaggle_digits import fetching

    with console.download_bar() as on_progress:
        files = fetching.fetch(data, archive=archive, force=force, on_progress=on_progress)
    for file in files:
        console.tell(f"{file.path}: {_FETCHED[file.state]}")


@app.command(epilog="Example: kaggle-digits train cnn --epochs 5 --seed 1")
def train(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", help="Which model: mlp or cnn.")] = recipes.DEFAULT,
    data: Annotated[
        str, typer.Option(metavar="WHERE", help="A folder with train.csv, or the word sklearn: its bundled digits.")
    ] = "data",
    epochs: Annotated[int | None, typer.Option(min=1, help="Instead of the recipe's own number.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Same seed, same machine: same result.")] = 0,
    validation: Annotated[float, typer.Option(metavar="FRACTION", help="Share of the rows held out.")] = 0.1,
    models: Models = Path("models"),
    submissions: Submissions = Path("submissions"),
    as_json: AsJson = False,
) -> None:
    """Train a model; leave a run folder with its pictures, and a submission CSV."""
    clock = time.perf_counter()
    chosen = recipes.get(recipe)
    if epochs is not None:
        chosen = chosen.with_epochs(epochs)
    from kaggle_digits import sources, training

    source = sources.load(data)
    console.tell(f"{source.name}: {len(source.train):,} labelled digits, {len(source.test or ()):,} to label")
    with console.training_display() as listener:
        trained = training.train(
            chosen,
            source,
            seed=seed,
            validation=validation,
            models=models,
            submissions=submissions,
            listener=listener,
        )
    low, high = trained.report.interval
    if as_json:
        _print_json(
            run=trained.run.name,
            recipe=chosen.name,
            validation_accuracy=trained.report.accuracy,
            seconds=round(time.perf_counter() - clock, 3),
            train_seconds=round(trained.train_seconds, 3),
            submission=trained.submission and str(trained.submission),
        )
    else:
        typer.echo(f"run         {trained.run.path}")
        typer.echo(f"validation  {trained.report.accuracy:.4f} accuracy, 95 % interval {low:.4f} to {high:.4f}")
        typer.echo(f"pictures    {trained.run.path / 'loss.png'}, {trained.run.path / 'samples.png'}")
        typer.echo(f"submission  {trained.submission or 'none: this data has no test set'}")
        typer.echo(f"seconds     {time.perf_counter() - clock:.1f}, of which training {trained.train_seconds:.1f}")
    if listener.wants_stop():
        raise typer.Exit(130)


@app.command(epilog="Example: kaggle-digits submit --dry-run")
def submit(
    target: Annotated[
        str | None, typer.Argument(metavar="RUN|FILE.csv", help="What to submit; left out, the newest run.")
    ] = None,
    message: Annotated[str | None, typer.Option(metavar="TEXT", help="Shown beside the submission.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the file and stop there.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the score.")] = True,
    data: Data = Path("data"),
    models: Models = Path("models"),
    submissions: Submissions = Path("submissions"),
    as_json: AsJson = False,
) -> None:
    """Check a submission, send it to Kaggle, and bring the score home."""
    from kaggle_digits import competition, submitting

    candidate = submitting.prepare(target, message=message, data=data, models=models, submissions=submissions)
    console.tell(f"{candidate.file}: {candidate.rows:,} predictions, all as Kaggle expects them")
    if dry_run:
        _report_submission(candidate.file, "dry run: nothing was sent", as_json, status="checked")
        return
    with competition.Kaggle() as kaggle:
        sent = submitting.send(candidate, kaggle, wait=wait, tell=console.tell)
    told = f"its score will appear at {sent.link}" if sent.score is None else f"score {sent.score}  {sent.link}"
    _report_submission(candidate.file, told, as_json, ref=sent.ref, status=sent.status, score=sent.score)


def _report_submission(
    file: Path, told: str, as_json: bool, *, ref: int | None = None, status: str, score: float | None = None
) -> None:
    typer.echo(json.dumps({"file": str(file), "ref": ref, "status": status, "score": score}) if as_json else told)


def _print_json(**fields: Any) -> None:
    typer.echo(json.dumps(fields))


def main() -> None:
    """Runs the command line."""
    app()

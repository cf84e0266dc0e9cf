"""The command line: parses, calls the package, prints. Nothing is computed here."""

import errno
import io
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from kaggle_digits import __version__
from kaggle_digits.cli import console, doctor, export, fetch, judge, listings, predict, scores, serve, submit, train
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
        except OSError as error:
            # What no module has put into words: a name that is too long, a folder that may not be looked into.
            if error.errno == errno.EPIPE:
                raise  # whoever reads our output has had enough; Typer ends quietly
            where = f"{error.filename}: " if error.filename else ""
            console.tell(f"error: {where}{error.strerror or error}. Check its name and permissions.")
            raise typer.Exit(1) from None
        except MemoryError:
            console.tell("error: there is not enough memory for that. End other programs, or take fewer rows or jobs.")
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


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Options before any command."""
    if version:
        typer.echo(__version__)
        raise typer.Exit


for command, example in (
    (fetch.fetch, "fetch --zip ~/Downloads/digit-recognizer.zip"),
    (train.train, "train cnn --epochs 5 --seed 1"),
    (judge.evaluate, "evaluate --data my-digits"),
    (predict.predict, "predict seven.jpg my-digits/test --explain"),
    (export.export, "export digits.html"),
    (serve.serve, "serve --port 8080"),
    (submit.submit, "submit --dry-run"),
    (scores.scores, "scores --no-refresh"),
    (listings.runs, "runs --compare 20261120-220844-mlp 20261120-221530-cnn"),
    (listings.recipes, "recipes"),
    (doctor.doctor, "doctor --offline"),
):
    app.command(epilog=f"Example: kaggle-digits {example}")(command)


def main() -> None:
    """Runs the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # file names may be in bytes that are no text
    app()

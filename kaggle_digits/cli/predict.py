"""The command `predict`: a trained model, asked about pictures and pixel rows."""

import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from kaggle_digits.cli import console
from kaggle_digits.cli.options import MODELS, WHICH_RUN, AsJson, Models, SkipBroken, complete_run, print_json

_SHOWN = 20  # answers, on a terminal

EXAMPLE = "predict seven.jpg my-digits/test --explain"


def predict(
    paths: Annotated[list[Path], typer.Argument(metavar="IMAGE|FOLDER|CSV|NPY", help="What to label.")],
    run: Annotated[str | None, typer.Option(metavar="RUN", help=WHICH_RUN, autocompletion=complete_run)] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Draw how each picture was read; the drawings go to the folder explained.")
    ] = False,
    correct: Annotated[
        str | None,
        typer.Option(
            metavar="DIGITS",
            help="The right digits of this picture, with ? for what is no digit; kept in the folder corrections.",
        ),
    ] = None,
    personal: Annotated[
        bool, typer.Option("--personal/--no-personal", help="Adapt to your corrections, once there are five.")
    ] = True,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.csv", help="Write the answers there, too.")
    ] = None,
    skip_broken: SkipBroken = False,
    models: Models = MODELS,
    as_json: AsJson = False,
) -> None:
    """Label photos, scans and drawings of digits, or pixel rows.

    Pixel rows come from a CSV or .npy file. A picture may hold several digits, which are read line by line. If there is
    none, or the model is unsure, the answer says so. The answers for a folder are also written to predictions.csv,
    unless it exists. Corrections stay on this machine: once there are five, similar pictures are read as you read
    them, and train --also corrections learns from them.
    """
    if correct is not None and (len(paths) != 1 or paths[0].is_dir()):
        raise typer.BadParameter("name one picture.", param_hint="--correct")
    if output is not None and output.suffix.lower() != ".csv":
        raise typer.BadParameter(f"the file's name must end with .csv. Received: {output}.", param_hint="--output")
    if not any(path.suffix.lower() in (".csv", ".npy") for path in paths):
        # Before NumPy is loaded: a picture's few numbers are sooner multiplied than threads are told to.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from kaggle_digits import predictor, sources
    from kaggle_digits.cli.reports import predictions as reports

    plain = model = predictor.load(run, models)
    console.say_which(model.run)
    if personal and not all(sources.holds_rows(path) for path in paths):
        model = predictor.personal(plain)
    if model.touch is not None:
        console.tell(f"adapted to {len(model.touch.labels)} corrections of yours; --no-personal does without")
    many = any(path.is_dir() for path in paths)
    with console.picture_bar() if many else nullcontext(lambda _done, _all: None) as draw:
        predictions = predictor.predict(
            model,
            paths,
            skip_broken=skip_broken,
            keep_stages=explain or correct is not None,
            on_skip=lambda _path, reason: console.tell(f"left out: {reason}"),
            on_note=lambda note: console.tell(f"note: {note}"),
            on_progress=draw,
        )
    if many or output is not None:
        reports.write(predictions, output)
    if explain:
        reports.draw(predictions, model.run.name)
    if correct is not None:
        kept = len(predictor.correct(predictions[0], correct))
        needed = predictor.corrections_needed(plain)
        console.tell(_corrected(kept, needed))
        if kept and personal and not needed:
            predictions = predictor.predict(predictor.personal(plain), paths)
    if as_json:
        print_json([prediction.as_json() for prediction in predictions])
        return
    console.show(reports.table(predictions, most=_SHOWN if sys.stdout.isatty() else None))


def _corrected(kept: int, needed: int) -> str:
    from kaggle_digits.predictor import CORRECTIONS

    if not kept:
        return "corrected   nothing: ? says that something is no digit, and only digits are kept"
    digits = "1 digit" if kept == 1 else f"{kept} digits"
    return f"corrected   {digits}, kept in {CORRECTIONS}" + (f"; answers adapt after {needed} more" if needed else "")

"""The command `predict`: a trained model, asked about pictures and pixel rows."""

import textwrap
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kaggle_digits.cli import console
from kaggle_digits.cli.options import MODELS, WHICH_RUN, AsJson, Models, SkipBroken, complete_run, print_json

EXAMPLE = "predict seven.jpg my-digits/test --explain"

if TYPE_CHECKING:
    from kaggle_digits.predictor import Prediction

_TABLE, _SHEETS = Path("predictions.csv"), Path("explained")
_TITLE = 100  # characters that a sheet has room for


def predict(
    paths: Annotated[list[Path], typer.Argument(metavar="IMAGE|FOLDER|CSV|NPY...", help="What to label.")],
    run: Annotated[str | None, typer.Option(metavar="RUN", help=WHICH_RUN, autocompletion=complete_run)] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Draw how each picture was read; the drawings go to the folder explained.")
    ] = False,
    skip_broken: SkipBroken = False,
    models: Models = MODELS,
    as_json: AsJson = False,
) -> None:
    """Label photos, scans and drawings of digits, or the pixel rows of a CSV or .npy file.

    A picture may hold several digits: they are read line by line, with a space between lines. Where none is found, or
    one is unsure, the answer says so. For a folder, the answers are also written to predictions.csv.
    """
    from kaggle_digits import predictor

    model = predictor.load(run, models)
    console.say_which(model.run)
    many = any(path.is_dir() for path in paths)
    with console.picture_bar() if many else nullcontext(lambda _done, _all: None) as draw:
        predictions = predictor.predict(
            model,
            paths,
            skip_broken=skip_broken,
            keep_stages=explain,
            on_skip=lambda path, reason: console.tell(f"left out {path}: {reason}"),
            on_note=lambda note: console.tell(f"note: {note}"),
            on_progress=draw,
        )
    if many:
        _write(predictions)
    if explain:
        _draw(predictions)
    if as_json:
        print_json([prediction.as_json() for prediction in predictions])
        return
    console.show(console.table(["image", "label", "probability", "runner-up", "probability"], _rows(predictions)))


def _rows(predictions: "Sequence[Prediction]") -> list[list[str]]:
    """The table's cells; a runner-up is named where there is one digit."""
    rows = []
    for each in predictions:
        probability = "" if each.probability is None else f"{each.probability:.1%}"
        second = ["", ""]
        if len(each.digits) == 1:
            second = [str(each.digits[0].runner_up), f"{each.digits[0].runner_up_probability:.1%}"]
        rows.append([each.image, each.answer, probability, *second])
    return rows


def _write(predictions: "Sequence[Prediction]") -> None:
    """The answers as a CSV, and where it lies."""
    import csv
    import io

    from kaggle_digits.files import storage

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["image", "label", "probability", "answer"])
    writer.writerows([each.image, each.label or "", each.probability or "", each.answer] for each in predictions)
    storage.write_text(_TABLE, text.getvalue())
    console.tell(f"answers     {_TABLE}")


def _draw(predictions: "Sequence[Prediction]") -> None:
    """A sheet for each picture, further ones for its further digits, and where they lie."""
    from kaggle_digits.evaluation import plots

    taken: set[str] = set()
    for each in predictions:
        if each.layout is None:
            continue
        stem = Path(each.image).stem
        name = next(n for n in (stem, *(f"{stem}-{i}" for i in range(2, len(predictions) + 2))) if n not in taken)
        taken.add(name)
        title = textwrap.shorten(f"{each.image}: {each.answer}", _TITLE, placeholder=" ...")
        shown = [(digit.image, digit.probabilities, digit.box, digit.is_sure) for digit in each.seen]
        stages = each.layout.stages
        plots.save(plots.explanation(title, stages, shown), _SHEETS / f"{name}.png")
        console.tell(f"explained   {_SHEETS / name}.png")
        for start in range(plots.MOST_DIGITS, len(shown), plots.MOST_DIGITS):
            some = shown[start : start + plots.MOST_DIGITS]
            about = f"{title}, digits {start + 1} to {start + len(some)}"
            path = _SHEETS / f"{name}-from-{start + 1}.png"
            plots.save(plots.explanation(about, {"as read": stages["as read"]}, some), path)
            console.tell(f"explained   {path}")

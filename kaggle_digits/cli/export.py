"""The command `export`: a trained network, made ready to travel."""

from pathlib import Path
from typing import Annotated

import typer

from kaggle_digits.cli import console
from kaggle_digits.cli.options import MODELS, AsJson, Models, complete_run, print_json

EXAMPLE = "export digits.html"


def export(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[RUN] FILE",
            help="Which run (default: the newest), and a .tflite, .onnx or .html file.",
            autocompletion=complete_run,
        ),
    ],
    int8: Annotated[
        bool, typer.Option("--int8", help="For .tflite: compute in 8-bit integers, in a quarter of the size.")
    ] = False,
    data: Annotated[str | None, typer.Option(metavar="WHERE", help="The run's data, if it has moved.")] = None,
    models: Models = MODELS,
    as_json: AsJson = False,
) -> None:
    """Write a network as one .tflite, .onnx or .html file.

    They are for phones (.tflite), other runtimes (.onnx) and browsers (.html); the page works offline. Each file
    is checked on 1,000 validation rows before it is written. All take pixels from 0, paper, to 255, ink.
    """
    from kaggle_digits import export as exporting
    from kaggle_digits import runs

    if len(words) > 2:
        raise typer.BadParameter(f"expected [RUN] FILE. Received: {' '.join(words)}.")
    run, path = [None, *words][-2], Path(words[-1])
    if path.suffix.lower() not in exporting.SUFFIXES:
        raise typer.BadParameter(f"the file's name must end with {', '.join(exporting.SUFFIXES)}. Received: {path}.")
    if int8 and not exporting.takes_int8(path.suffix.lower()):
        able = ", ".join(filter(exporting.takes_int8, exporting.SUFFIXES))
        raise typer.BadParameter(f"--int8 is for {able} files.")
    found = runs.find(run, models, or_reader=True)
    console.say_which(found)
    with console.at_work(f"writing and checking {path.name}"):
        done = exporting.export(found, path, int8=int8, where=data)
    agreement = done.agreement
    if as_json:
        print_json({"file": str(done.path), "bytes": done.bytes, "checked_with": done.runtime, **vars(agreement)})
        return
    rows = f"rows of {data or 'sklearn'}" if found.path == runs.READER else "validation rows"
    console.tell(f"checked     by {done.runtime}, on {agreement.rows:,} {rows}")
    console.tell(f"same label  {agreement.same:,} of {agreement.rows:,}, largest difference {agreement.largest:.1g}")
    console.tell(f"accuracy    {agreement.accuracy:.4f}, the run's {agreement.accuracy_before:.4f}")
    console.show(f"{done.path}: {done.bytes / 1000:,.0f} kB")

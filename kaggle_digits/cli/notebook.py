"""The command `notebook`."""

import re
from pathlib import Path
from typing import Annotated

import typer

from kaggle_digits.cli import console
from kaggle_digits.cli.options import AsJson, print_json

EXAMPLE = "notebook --to for-kaggle"

_LONGEST_TITLE = 50  # letters; Kaggle answers a longer one with an internal error


def notebook(
    file: Annotated[Path, typer.Argument(metavar="FILE.ipynb", help="Which notebook.")] = Path("classifier.ipynb"),
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FOLDER", help="Write both there, to upload them by hand."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Send a notebook and this package to Kaggle.

    It runs there, privately, with the competition's files. Sent again, it becomes a new version of the same notebook.
    """
    from kaggle_digits.competition import Kaggle, kernels, wheel
    from kaggle_digits.competition import notebook as notebooks
    from kaggle_digits.errors import ConnectionLostError

    if to is not None:
        files = list(map(str, notebooks.write(file, to, wheel.build())))
        if as_json:
            print_json({"files": files, "page": None})
            return
        console.show("\n".join(files))
        console.tell("next: on Kaggle, make the wheel a private dataset, and add it to the notebook as an input")
        return
    program = notebooks.with_wheel(notebooks.read(file), wheel.build(with_reader=False))
    with Kaggle(on_retry=console.tell) as kaggle:
        name = re.sub("[^a-z0-9]+", "-", f"kaggle-digits-{file.stem}".lower())[:_LONGEST_TITLE].strip("-")
        kernel = f"{kernels.account(kaggle)}/{name}"
        try:
            kernels.push(kaggle, kernel, program, notebook=True)
        except ConnectionLostError as error:
            raise ConnectionLostError(f"{error} Send it again: kaggle-digits notebook.") from error
    if as_json:
        print_json({"files": [], "page": kernels.address(kernel)})
    else:
        console.show(kernels.address(kernel))
        console.tell("next: it runs there now; open the page to watch or edit it")

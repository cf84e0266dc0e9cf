"""What one can say after `train`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from kaggle_digits import recipes


class Where(StrEnum):
    """Whose machine trains."""

    here = "here"
    kaggle = "kaggle"


Name = Annotated[
    str | None,
    typer.Argument(
        metavar="RECIPE",
        help="Which model; kaggle-digits recipes lists them.",
        show_default=f"{recipes.DEFAULT}; with --budget the one that makes the most of the time",
    ),
]
Data = Annotated[
    str,
    typer.Option(
        metavar="WHERE",
        help="A folder with train.csv, a folder of images, a folder with X.npy and y.npy, or the word sklearn: "
        "its bundled digits.",
    ),
]
Epochs = Annotated[int | None, typer.Option(min=1, help="Instead of the recipe's own number.")]
BatchSize = Annotated[int | None, typer.Option(min=1, help="Instead of the recipe's own.")]
LearningRate = Annotated[float | None, typer.Option(help="The highest of the training, instead of the recipe's own.")]
Schedule = Annotated[
    recipes.Schedule | None, typer.Option(help="How the learning rate goes, instead of the recipe's own.")
]
Patience = Annotated[
    int | None, typer.Option(min=1, help="Stop when so many epochs in a row have not been better in validation.")
]
Precision = Annotated[recipes.Precision | None, typer.Option(help="What to compute in; auto measures which is faster.")]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Same seed, same machine: same result.")]
Validation = Annotated[float, typer.Option(metavar="FRACTION", help="Share of the rows held out.")]
Folds = Annotated[
    int | None,
    typer.Option(
        min=2, metavar="K", help="Train K models, each without one of K parts of the rows; together they predict."
    ),
]
Budget = Annotated[str | None, typer.Option(metavar="TIME", help="Be done in this time, all in all: 90s, 10m, 1h.")]
On = Annotated[Where, typer.Option(help="Whose machine trains: kaggle lends GPUs to accounts with a verified phone.")]
Cluster = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="Of a Dask scheduler, whose workers train the folds.")
]
Jobs = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Train so many folds at a time, on this machine.",
        show_default="long trainings: one a core",
    ),
]
Exclude = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A CSV with the ids of rows to leave out; see doubtful.csv.")
]
AllowLeak = Annotated[
    bool, typer.Option("--allow-leak", help="Train even on data that gives test labels away; the run says so.")
]
Resume = Annotated[str | None, typer.Option(metavar="RUN", help="Go on with a training that was interrupted.")]
Tensorboard = Annotated[bool, typer.Option("--tensorboard", help="Log to the run folder, for TensorBoard.")]

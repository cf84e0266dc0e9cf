"""What was asked for: one frozen value, from the command line to run.json, to processes, clusters and Kaggle."""

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from kaggle_digits.errors import DigitsError
from kaggle_digits.recipes import Value

_FASTEST = 10.0  # seconds: no training, with all that comes before and after, is done sooner
_LONGEST = 7.0 * 24 * 3600
_UNITS = {"s": 1, "m": 60, "h": 3600}

_Side = Annotated[int, Meta(ge=4, le=1024)]


def _told(description: str, **more: Any) -> Meta:
    """What `train --help` says of a field; without it, the command line has no such option."""
    metavar = more.pop("metavar", None)
    return Meta(description=description, extra={"metavar": metavar}, **more)


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A training as it was asked for; nothing of it is decided by the machine or the data.

    Every field says of itself what it is; the options of `kaggle-digits train` are made from the fields. `values` holds
    values of the recipe's fit and arguments of its `build`, by name; `exclude` the ids of labelled rows to leave out;
    `budget` is in seconds; `image_shape` is the height and width, in pixels, to which image files are brought, while
    arrays and CSVs keep theirs.
    """

    recipe: Annotated[str | None, _told("A recipe's name, or a recipe file of your own: own.py.")] = None
    data: Annotated[
        str,
        _told(
            "A folder with train.csv, a folder of images, a folder with X.npy and y.npy, or the word sklearn.",
            metavar="WHERE",
        ),
    ] = "data"
    values: dict[str, Value] = {}
    seed: Annotated[int, _told("Random seed: with the same one, the same result.", metavar="N", ge=0, lt=2**32)] = 0
    validation: Annotated[
        float, _told("Share of the rows to hold out for validation.", metavar="FRACTION", gt=0, lt=1)
    ] = 0.1
    folds: Annotated[
        Annotated[int, Meta(ge=2)] | None,
        _told("K-fold cross-validation: train K models, which predict together.", metavar="K"),
    ] = None
    refit: Annotated[
        Annotated[int, Meta(ge=0, le=100)] | None,
        _told("Train N more models on all rows, to label the test set with.", metavar="N"),
    ] = None
    budget: Annotated[
        Annotated[float, Meta(ge=_FASTEST, le=_LONGEST)] | None,
        _told("Finish within this time, from start to submission: 90s, 10m, 1h.", metavar="TIME"),
    ] = None
    on: Annotated[
        Literal["here", "kaggle"],
        _told("Where to train: here, or on Kaggle's GPUs (needs a verified phone)."),
    ] = "here"
    cluster: Annotated[
        str | None, _told("Train the folds on a Dask cluster; its scheduler's address.", metavar="ADDRESS")
    ] = None
    jobs: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        _told("How many models to train at once; the default is whatever is fastest.", metavar="N"),
    ] = None
    exclude: Annotated[
        tuple[int | str, ...],
        _told("A CSV with the ids of rows to leave out, such as doubtful.csv.", metavar="FILE"),
    ] = ()
    also: Annotated[
        str | None,
        _told("More digits to learn from, such as corrections; validation never sees them.", metavar="WHERE"),
    ] = None
    allow_leak: Annotated[bool, _told("Train even on data with test labels in it; the run is marked for good.")] = False
    skip_broken: Annotated[bool, _told("Leave out pictures that cannot be read.")] = False
    tensorboard: Annotated[bool, _told("Log to the run folder, for TensorBoard.")] = False
    note: Annotated[str, _told("A note to remember the run by.", metavar="TEXT", max_length=1000)] = ""
    image_shape: tuple[_Side, _Side] = (28, 28)


def seconds(text: str) -> float:
    """Seconds, from `90s`, `10m`, `1h`, or a plain number of seconds.

    Raises:
        DigitsError: the text is none of these, or too short a time for anything.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip().lower())
    time = float(found[1]) * _UNITS[found[2] or "s"] if found else 0.0
    if not _FASTEST <= time <= _LONGEST:
        raise DigitsError(f"--budget must be a time such as 90s, 10m or 1h, of at least 10 s. Received: {text!r}.")
    return time

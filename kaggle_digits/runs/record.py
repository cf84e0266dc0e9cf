"""What plan.json and run.json say, with its types; checked once, when it is read."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from kaggle_digits.errors import DigitsError, RunError, first_line
from kaggle_digits.files import storage
from kaggle_digits.recipes import RecipeRecord
from kaggle_digits.runs.plan import Plan

FORMAT = 2
"""Grows by one whenever an older release could no longer read a new run.json."""

_MOST_BYTES = 1 << 26
_Kind = TypeVar("_Kind", bound="Beginning")

Name = Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9_-]{0,60}\Z")]
"""Of a member: its folder in the run folder, and nothing that leads out of it."""

Side = Annotated[int, Meta(ge=1, le=1024)]
Share = Annotated[float, Meta(ge=0, le=1)]
Time = Annotated[datetime, Meta(tz=True)]


class DataRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Where the digits came from, so that they can be found, and recognised, again.

    Attributes:
        name: what to call it.
        path: what `sources.load` finds it by.
        kind: of the source that read it.
        train_sha256: the SHA-256 of each file of digits to train on, by file name.
        test_sha256: the same of digits to label.
        also_sha256: the same of the digits of other hands that were learned as well.
    """

    name: str
    path: str
    kind: str
    train_sha256: dict[str, str]
    test_sha256: dict[str, str] = {}
    also_sha256: dict[str, str] = {}

    @property
    def sha256(self) -> dict[str, str]:
        """The SHA-256 of everything that was read."""
        return {**self.train_sha256, **self.test_sha256}

    @property
    def training_data(self) -> object:
        """What tells one training set from another: checksums, or the name where nothing was read from files."""
        return self.train_sha256 or self.name


class GitRecord(msgspec.Struct, frozen=True):
    """The commit that the current folder was at."""

    commit: str


class KaggleRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A training on Kaggle's machines.

    Attributes:
        account: whose it is.
        page: where to look at it, once it is there.
        cards: the names of the graphics cards that trained it.
    """

    account: str
    page: str | None = None
    cards: list[str] = []


class LayerRecord(msgspec.Struct, frozen=True):
    """A part of a model.

    Attributes:
        name: its own name.
        kind: its class, `Dense` say.
        output_shape: of what it hands on for one image; empty where that is not known.
        parameters: how many numbers it has learned.
    """

    name: str
    kind: str
    output_shape: tuple[int | None, ...]
    parameters: int


class Beginning(msgspec.Struct, frozen=True, kw_only=True):
    """plan.json: what was asked for, and what it came to on this data and machine; enough to begin again.

    Attributes:
        format: of the file.
        plan: what was asked for.
        recipe: the recipe with every value, the precision that was measured and the time that a budget gave among them.
        data: where the digits came from.
        contaminated: how the data gives test labels away, in a sentence, or None.
        repeated_rows: labelled images that are the same as an earlier one.
        test_rows: digits to label, or None where there are none.
        classes: how many labels there are.
        image_shape: height and width, in pixels.
        versions: of Python and the libraries.
        machine: the operating system's word for it.
        git: the commit of the current folder, None outside a git repository.
        started: when.
        spent: seconds that it took before it was interrupted.
        fold: of a committee's member, the number of the fold that it does not learn.
        kaggle: where it is trained, if on Kaggle.
    """

    format: int = FORMAT
    plan: Plan
    recipe: RecipeRecord
    data: DataRecord
    contaminated: str | None = None
    repeated_rows: int = 0
    test_rows: int | None = None
    classes: Annotated[int, Meta(ge=1, le=1000)]
    image_shape: tuple[Side, Side]
    versions: dict[str, str]
    machine: str
    git: GitRecord | None = None
    started: Time
    spent: float = 0.0
    fold: int | None = None
    kaggle: KaggleRecord | None = None


class Record(Beginning, frozen=True, kw_only=True):
    """run.json: all that, and what came of it.

    Attributes:
        train_rows: labelled digits that it learned.
        validation_rows: labelled digits that say what it is worth.
        validation_accuracy: share of them that it labels rightly.
        validation_interval: its 95 % interval.
        predicted_range: the score on the test set, at 95 %; None where nothing can be said.
        parameters: how many numbers it has learned, all members together.
        layers: what it is made of; of a committee its members.
        epochs: that it was fitted for; 0 for what is fitted in one go.
        interrupted: whether it was ended before its time.
        precision: what was computed in.
        temperature: what the logits are divided by for calibrated probabilities.
        kept: the number of the epoch whose weights it has, from 1; 0 where there are no epochs.
        members: of a committee, what each weighs, from 0 to 1, by the folder in the run folder; of a blend, by the
            name of a run beside it.
        blended: of a blend, the SHA-256 of the run.json of each of its runs.
        mean: of a committee, what is averaged: its members' probabilities or their logarithms.
        tta: of a committee, whether its members use test-time augmentation.
        folds: of a committee, the accuracy on each fold.
        submission_sha256: of the submission CSV.
        finished: when.
        seconds: from the plan to this file, without the pause of a training that was interrupted and went on.
        train_seconds: of fitting, all members together.
        files: the SHA-256 of the model's files, by name.
    """

    train_rows: int
    validation_rows: int
    validation_accuracy: Share
    validation_interval: tuple[Share, Share]
    predicted_range: tuple[Share, Share] | None = None
    parameters: int
    layers: list[LayerRecord]
    epochs: int
    interrupted: bool = False
    precision: str = "float32"
    temperature: Annotated[float, Meta(gt=0, le=1000)]
    kept: int = 0
    members: dict[Name, Share] | None = None
    blended: dict[Name, str] = {}
    mean: Literal["probabilities", "logits"] = "probabilities"
    tta: bool = False
    folds: list[Share] | None = None
    submission_sha256: str | None = None
    finished: Time
    seconds: float
    train_seconds: float
    files: dict[str, str]


def read(path: Path, kind: type[_Kind]) -> _Kind:
    """Reads plan.json or run.json, as the kind of record that it must hold.

    Raises:
        RunError: the file is missing, damaged, edited, or of another release.
    """
    try:
        text = storage.read_text(path, _MOST_BYTES)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RunError(f"{path} cannot be read: {reason}. Train again: kaggle-digits train.") from None
    try:
        if msgspec.json.decode(text, type=_Format).format != FORMAT:
            raise RunError(f"{path} is from another version of kaggle-digits. Train again: kaggle-digits train.")
        return msgspec.json.decode(text, type=kind)
    except RunError:
        raise
    except (msgspec.MsgspecError, DigitsError, RecursionError, UnicodeError) as error:
        reason = first_line(error)
        raise RunError(f"{path} was edited or is damaged: {reason}. Train again: kaggle-digits train.") from None


def text(record: Beginning) -> str:
    """A record as the text of its file.

    Raises:
        RunError: something in it, such as the name of a folder, is no text.
    """
    try:
        content = msgspec.json.encode(record)
    except UnicodeEncodeError as error:
        wrong = ascii(error.object)[:200]
        raise RunError(f"{wrong} holds bytes that are no text. Give the file or folder another name.") from None
    return msgspec.json.format(content, indent=2).decode() + "\n"


class _Format(msgspec.Struct):
    format: int | None = None

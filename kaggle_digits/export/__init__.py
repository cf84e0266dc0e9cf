"""A trained network in a form that travels: .tflite for phones, .onnx for every other runtime, .html for everybody.

A file is there only once it has answered as its run does.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from kaggle_digits import predictor
from kaggle_digits.backend import load_keras
from kaggle_digits.classifiers import lite, neural
from kaggle_digits.errors import ExportError
from kaggle_digits.export import agreement, formats
from kaggle_digits.export.agreement import Agreement
from kaggle_digits.export.formats import SUFFIXES
from kaggle_digits.files import storage
from kaggle_digits.runs import READER, Run

__all__ = ["SUFFIXES", "Agreement", "Exported", "export", "takes_int8"]


@dataclass(frozen=True)
class Exported:
    """A file that answers as its run does: where it lies, its size, how closely it agrees, and what computed that."""

    path: Path
    bytes: int
    agreement: Agreement
    runtime: str


def export(run: Run, path: Path, *, int8: bool = False, where: str | None = None) -> Exported:
    """Writes the network of a run as a file of another form, and holds the file's answers against the run's.

    All forms take the pixels of digits as the run does: 0 is paper and 255 is ink.

    Args:
        run: whose network.
        path: of the file; its suffix, one of `SUFFIXES`, says the form.
        int8: compute in 8-bit integers, so that the file has a quarter of the size; see `takes_int8`.
        where: the data that the run was trained on, should it no longer lie where it was; for the reader, any labelled
            digits. See `sources.load`.

    Raises:
        ExportError: the run is no single network, the suffix is unknown, a library is missing, or the file's answers
            are not the run's. Then there is no file.
        DataError: the data is gone, or not what it was.
        RunError: the run's files are not those that the training wrote.
        StorageError: the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ExportError(f"the file's name must end with {', '.join(SUFFIXES)}. Received: {path.name}.")
    if int8 and not takes_int8(suffix):
        raise ExportError(f"{suffix} files cannot hold 8-bit integers. Leave --int8 out, or write a .tflite file.")
    _check_exportable(run, as_it_is=suffix == ".tflite" and not int8)
    model = predictor.load(run.path)
    digits = agreement.training_digits(run, where)
    with storage.replacing(path) as temporary:
        learned = partial(agreement.learned, run, digits) if int8 else None
        runtime = formats.of(suffix).write(model, temporary, learned)
        validation = agreement.validation(run, digits)
        before, after = model.probabilities(validation.images), runtime.probabilities(validation.images)
        agreed = agreement.compare(validation.known_labels, before, after)
        # The two files of the reader are rounded, each in its own way.
        agreed.check(path.name, run.name, exact=runtime.exact and run.path != READER)
    return Exported(path, path.stat().st_size, agreed, runtime.name)


def takes_int8(suffix: str) -> bool:
    """Whether files that end so, one of `SUFFIXES`, can compute in 8-bit integers."""
    return bool(formats.of(suffix).TAKES_INT8)


def _check_exportable(run: Run, as_it_is: bool) -> None:
    """Refuses what is no network of Keras's layers; one with layers of its own can be copied as it is."""
    files = run.record.files
    if neural.FILE in files or (lite.FILE in files and as_it_is and run.record.temperature == 1):
        return
    if lite.FILE in files:
        known = vars(load_keras().layers)
        own = ", ".join(sorted({layer.kind for layer in run.record.layers} - set(known))) or "operations"
        raise ExportError(
            f"{run.name} has layers of its own ({own}), whose code is not in the run: it can be exported as a .tflite "
            "file, without --int8, and in no other form."
        )
    kind = "an ensemble" if run.record.members is not None else "a scikit-learn model"
    raise ExportError(f"{run.name} is {kind}, and only a single network can be exported. Name the run of one.")

"""A trained network in a form that travels: .tflite for phones, .onnx for every other runtime, .html for everybody.

A file is there only once it has answered as its run does.
"""

from dataclasses import dataclass
from pathlib import Path

from kaggle_digits import predictor
from kaggle_digits.classifiers import ensemble, neural
from kaggle_digits.errors import ExportError
from kaggle_digits.export import html, onnx, tflite
from kaggle_digits.export.agreement import Agreement, compare
from kaggle_digits.export.rows import Rows
from kaggle_digits.files import storage
from kaggle_digits.runs import Run

__all__ = ["SUFFIXES", "Agreement", "Exported", "export"]

SUFFIXES = (".tflite", ".onnx", ".html")
"""What a file may end with; the ending says what it becomes."""


@dataclass(frozen=True)
class Exported:
    """A file that answers as its run does.

    Attributes:
        path: where it lies.
        bytes: its size.
        agreement: how closely it answers as the run.
        judge: what has computed the file's answers.
    """

    path: Path
    bytes: int
    agreement: Agreement
    judge: str


def export(run: Run, path: Path, *, int8: bool = False, where: str | None = None) -> Exported:
    """Writes the network of a run as a file of another form, and holds the file's answers against the run's.

    All forms take the pixels of digits as the run does; see `networks.build`.

    Args:
        run: whose network.
        path: of the file; its suffix, one of `SUFFIXES`, says the form.
        int8: for .tflite: compute in 8-bit integers, so that the file has a quarter of the size.
        where: the data that the run was trained on, should it no longer lie where it was; see `sources.load`.

    Raises:
        ExportError: the run is no single network, the suffix is unknown, a library is missing, or the file's answers
            are not the run's. Then there is no file.
        DataError: the data is gone, or not what it was.
        RunError: the run's files are not those that the training wrote.
        StorageError: the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ExportError(f"{path.name} must end with one of {', '.join(SUFFIXES)}, which says what it becomes.")
    _check_exportable(run)
    if suffix == ".onnx":
        onnx.check_installed()
    model = predictor.load(run.path)
    rows = Rows(run, where)
    exact = not int8 and suffix != ".html"
    with storage.replacing(path) as temporary:
        if suffix == ".tflite":
            judge = tflite.write(run, temporary, rows.learned if int8 else None)
        elif suffix == ".onnx":
            judge = onnx.write(run, temporary)
        else:
            judge = html.write(model, temporary)
        validation = rows.validation
        agreement = compare(
            validation.known_labels, model.probabilities(validation.images), judge.probabilities(validation.images)
        )
        agreement.check(path.name, run.name, exact=exact)
    return Exported(path, path.stat().st_size, agreement, judge.name)


def _check_exportable(run: Run) -> None:
    files = run.record["files"]
    if neural.FILE in files:
        return
    kind = "an ensemble" if ensemble.FILE in files else "a scikit-learn model"
    raise ExportError(f"{run.name} is {kind}, and only a single network can be exported. Name the run of one.")

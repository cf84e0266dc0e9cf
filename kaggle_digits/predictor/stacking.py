"""What a run says of rows that it did not learn, as CSVs: for stacking elsewhere."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kaggle_digits import sources
from kaggle_digits.classifiers import calibration
from kaggle_digits.errors import DataError
from kaggle_digits.files import storage
from kaggle_digits.predictor.model import load
from kaggle_digits.runs import Run, rows


class Written(NamedTuple):
    """How many rows each file that was written has; what is missing, and why."""

    files: dict[Path, int]
    notes: tuple[str, ...]


def write_probabilities(run: Run, path: Path, where: str | None = None) -> Written:
    """Writes a run's calibrated probabilities of its validation rows, and beside them of the test set.

    The columns are `id`, `label` and `p0`, `p1` and so on. Of a run in folds the validation rows are all rows, each
    answered by the model that did not learn it. The test set's file ends with `-test` and has no labels.

    Args:
        run: whose.
        path: of the CSV with the validation rows.
        where: the digits, as for `sources.load`; None is where the run found them.

    Raises:
        RunError: the run is damaged.
        StorageError: the folder cannot be written, or the disk is full.
    """
    ids, labels, answers = rows.validation(run.path)
    _write(path, ids.tolist(), labels.tolist(), calibration.apply(answers, run.record.temperature))
    files, record = {path: len(ids)}, run.record
    if record.test_rows is None:
        return Written(files, ("this data has no test set",))
    try:
        source = sources.load(where or record.data.path, image_shape=record.image_shape)
    except DataError as error:
        return Written(files, (f"without the test set: {error}",))
    if source.test is None or source.test_sha256 != record.data.test_sha256:
        return Written(files, (f"without the test set: {source.name} is not the data that the run labelled",))
    beside = path.with_name(f"{path.stem}-test{path.suffix}")
    probabilities = load(run.path).probabilities(source.test.images)
    _write(beside, source.test.ids.tolist(), [""] * len(source.test), probabilities)
    return Written({**files, beside: len(source.test)}, ())


def _write(path: Path, ids: list[Any], labels: Iterable[object], probabilities: NDArray[np.float32]) -> None:
    rows = zip(ids, labels, probabilities.tolist(), strict=True)
    storage.write_csv(
        path,
        ["id", "label", *(f"p{label}" for label in range(probabilities.shape[1]))],
        ([name, label, *(f"{share:.7g}" for share in answer)] for name, label, answer in rows),
    )

"""From a run or a file to a submission: which file, whether it is right, and what to call it."""

import codecs
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from operator import eq
from pathlib import Path

from kaggle_digits import runs
from kaggle_digits.competition import ledger, submission
from kaggle_digits.errors import RunError, SubmissionError
from kaggle_digits.files import digit_recognizer, storage

_LEAST_AGREEMENT = 0.9  # the share of rows on which a file agrees with the best one so far; else the user is asked
HASH_LETTERS = 12  # of a file's SHA-256 stand in its message: enough that no two files share them


@dataclass(frozen=True)
class SubmissionFile:
    """A checked file, ready to be sent.

    Attributes:
        path: the CSV.
        message: what Kaggle will show beside it. It begins with the beginning of the file's SHA-256, by which a
            submission is found again when Kaggle's answer was lost, even if Kaggle has cut the message short.
        labels: its predictions, in the order of the ids.
        run: the run it comes from, or None.
        sha256: of the file.
        notes: what one should know before spending a submission on it.
    """

    path: Path
    message: str
    labels: tuple[int, ...]
    run: runs.Run | None
    sha256: str
    notes: tuple[str, ...] = ()


def prepare(
    target: str | None,
    *,
    message: str | None = None,
    data: Path | None = None,
    models: Path = runs.FOLDER,
    submissions: Path = submission.FOLDER,
    write: Callable[[runs.Run, Path, Path], None] | None = None,
) -> SubmissionFile:
    """Finds the file that is meant and checks it.

    Args:
        target: a submission CSV, or the name or path of a run; None is the newest complete run.
        message: instead of the one that names run, recipe and validation accuracy. That a run has learned test rows
            is said whatever the message.
        data: the folder whose test.csv says how many predictions are due; by default the run's own, or `data`.
        models: the folder of all runs.
        submissions: the folder of all submissions.
        write: writes the submission of a run, from a test.csv to a path, where the run's own is gone.

    Raises:
        RunError: there is no such run.
        SubmissionError: the file is not what Kaggle expects.
    """
    if target is not None and target.lower().endswith(".csv"):
        run, path = None, Path(target)
    else:
        run = runs.find(target, models)
        own_data, path = _folder_of(run), _written_by(run, submissions)
        data = data or own_data
        if not path.exists():
            _write_again(run, data / digit_recognizer.TEST, path, write)
    labels = submission.check(path, _rows_due((data or digit_recognizer.FOLDER) / digit_recognizer.TEST))
    digest = storage.sha256(path)
    run = run or _maker(digest, path.stem, models)
    title = path.name if run is None else _title(run)
    beware = "CONTAMINATED BY TEST DATA, " if run is not None and run.record.contaminated else ""
    full_message = f"[sha256 {digest[:HASH_LETTERS]}] {beware}{message or title}"
    return SubmissionFile(path, full_message, tuple(labels), run, digest, _notes(labels))


def _written_by(run: runs.Run, submissions: Path) -> Path:
    """The run's CSV, which has another name where its folder was renamed; if it is gone, where it should be."""
    path, digest = submissions / f"{run.name}.csv", run.record.submission_sha256
    if path.exists() or digest is None:
        return path
    return next((one for one in sorted(submissions.glob("*.csv")) if storage.sha256(one) == digest), path)


def _write_again(run: runs.Run, test: Path, path: Path, write: Callable[[runs.Run, Path, Path], None] | None) -> None:
    if write is None:
        raise SubmissionError(f"{path} is gone. Train again, or name a submission CSV instead of a run.")
    try:
        same = storage.sha256(test) in run.record.data.test_sha256.values()
    except OSError:
        raise SubmissionError(f"{path} is gone, and so is {test}. Name its folder: --data DIR.") from None
    if not same:
        raise SubmissionError(
            f"{path} is gone, and {test} is not the file that {run.name} has labelled. Name the folder of that one: "
            "--data DIR."
        )
    write(run, test, path)


def _maker(digest: str, name: str, models: Path) -> runs.Run | None:
    """The run of that name, if it has written just this file; None for another origin, or a change."""
    with suppress(RunError):
        run = runs.find(name, models)
        return run if run.record.submission_sha256 == digest else None
    return None


def doubt(file: SubmissionFile, submissions: Path) -> str | None:
    """A reason to ask before sending: the file is unlike the best one so far, of those that are still at hand.

    Good files agree on nearly every row; a shuffled or shifted one agrees with them on about a tenth.

    Raises:
        DataError: the ledger is damaged.
    """
    scored = [(entry.score, entry) for entry in ledger.latest(ledger.read(submissions)) if entry.score is not None]
    for score, entry in sorted(scored, key=lambda one: one[0], reverse=True):
        labels = _labels_of(entry, submissions)
        if labels is None or len(labels) != len(file.labels):
            continue
        agreement = sum(map(eq, labels, file.labels)) / len(file.labels)
        if agreement >= _LEAST_AGREEMENT:
            return None
        return (
            f"{file.path} agrees with the best submission at hand, {entry.file} (score {score}), on only "
            f"{agreement:.1%} of the rows; a shuffled or shifted file looks like that."
        )
    return None


def _labels_of(entry: ledger.Entry, submissions: Path) -> list[int] | None:
    """The labels of a file that is still what was sent, wherever it was sent from, or None."""
    for path in (submissions / Path(entry.file).name, Path(entry.path or entry.file)):
        with suppress(OSError, SubmissionError):
            if storage.sha256(path) == entry.sha256:
                return submission.read(path)
    return None


def _notes(labels: list[int]) -> tuple[str, ...]:
    """A digit that is never predicted costs a tenth of the score, as with a model that knows two labels only."""
    missing = sorted(set(range(submission.CLASSES)) - set(labels))
    told = f"no image is called {', '.join(map(str, missing))}: expect a score below {1 - 0.1 * len(missing):.1f}"
    return (told,) if missing else ()


def _title(run: runs.Run) -> str:
    recipe, accuracy = run.record.recipe.name, run.record.validation_accuracy
    return f"{run.name}: kaggle-digits {recipe}, validation accuracy {accuracy:.4f}"


def _folder_of(run: runs.Run) -> Path:
    """The folder with the test.csv that a run has labelled; other digits are nothing for Kaggle."""
    data = run.record.data
    if digit_recognizer.TEST not in data.test_sha256:
        raise SubmissionError(
            f"{run.name} was trained on {data.name}, without the competition's test.csv, so Kaggle cannot score it. "
            "Get the competition's files with kaggle-digits fetch, then train again."
        )
    return Path(data.path)


def _rows_due(test: Path) -> int:
    """The rows of test.csv where it is at hand, else what the competition's has."""
    try:
        storage.check_regular(test)
        with test.open("rb") as file:
            wide = file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        with test.open(encoding="utf-16") if wide else test.open("rb") as lines:
            return sum(1 for line in lines if line.strip()) - 1
    except (OSError, UnicodeError):
        return digit_recognizer.ROWS[1]

"""From a run or a file to a submission on Kaggle: which file, whether it is right, and what to call it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kaggle_digits import ledger, runs, sources, storage, submission
from kaggle_digits.competition import Kaggle, answers, wait_for_score
from kaggle_digits.errors import SubmissionError
from kaggle_digits.sources import kaggle_csv


@dataclass(frozen=True)
class Candidate:
    """A checked file, ready to be sent.

    Attributes:
        file: the CSV.
        message: what Kaggle will show beside it. It ends with the beginning of the file's SHA-256, by which a
            submission is found again when Kaggle's answer was lost.
        rows: how many predictions it holds.
        run: the name of the run it comes from, or None.
        sha256: of the file.
        notes: what one should know before spending a submission on it.
    """

    file: Path
    message: str
    rows: int
    run: str | None
    sha256: str
    notes: tuple[str, ...] = ()


def prepare(
    target: str | None,
    *,
    message: str | None = None,
    data: Path | None = None,
    models: Path = runs.FOLDER,
    submissions: Path = submission.FOLDER,
) -> Candidate:
    """Finds the file that is meant and checks it.

    Args:
        target: a submission CSV, or the name or path of a run; None is the newest complete run.
        message: instead of the one that names run, recipe and validation accuracy.
        data: the folder whose test.csv says how many predictions are due; by default the run's own, or `data`.
        models: the folder of all runs.
        submissions: the folder of all submissions.

    Raises:
        RunError: there is no such run.
        SubmissionError: the file is not what Kaggle expects.
    """
    if target is not None and target.lower().endswith(".csv"):
        run, file, title = None, Path(target), Path(target).name
    else:
        run = runs.find(target, models)
        own_data = _folder_of(run)
        file, title, data = submissions / f"{run.name}.csv", _title(run), data or own_data
        if not file.exists():
            raise SubmissionError(f"{file} is gone. Train again, or name a submission CSV instead of a run.")
    rows = _rows_due(data or sources.DEFAULT_FOLDER)
    labels = submission.check(file, rows)
    digest = storage.sha256(file)
    name = None if run is None else run.name
    return Candidate(file, f"{message or title} [sha256 {digest[:12]}]", rows, name, digest, _doubts(labels))


@dataclass(frozen=True)
class Sent:
    """What became of a candidate.

    Attributes:
        ref: Kaggle's number for the submission; None where nothing was sent.
        status: `checked`, `pending` or `complete`.
        score: the public score, a share of right labels from 0 to 1, or None while there is none.
        link: the page on Kaggle that lists it.
    """

    ref: int | None
    status: str
    score: float | None
    link: str


def send(candidate: Candidate, kaggle: Kaggle, *, submissions: Path, wait: bool, tell: Callable[[str], None]) -> Sent:
    """Uploads a candidate, and waits for its score if asked to; the ledger learns of both.

    Args:
        candidate: from `prepare`.
        kaggle: the other side.
        submissions: the folder of the ledger.
        wait: whether to wait for the score.
        tell: is given a line now and then, for the user.

    Raises:
        CompetitionError: Kaggle did not take it, could not score it, or gave no score in time.
    """
    link = answers.page(kaggle.slug, "submissions")
    ledger.check_writable(submissions)
    ref = kaggle.submit(candidate.file, candidate.message)
    tell(f"submitted as {ref}: {candidate.message}")
    _note(submissions, candidate, ref, "pending", None)
    if not wait:
        return Sent(ref, "pending", None, link)
    tell("waiting for the score (Ctrl-C stops the waiting, not the submission)")
    scored = wait_for_score(kaggle, ref)
    _note(submissions, candidate, ref, scored.status, scored.score)
    return Sent(ref, scored.status, scored.score, link)


def _note(submissions: Path, candidate: Candidate, ref: int, status: str, score: float | None) -> None:
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    origin = candidate.run, candidate.file.name, candidate.sha256
    ledger.append(submissions, ledger.Entry(now, *origin, ref, candidate.message, status, score))


def _doubts(labels: list[int]) -> tuple[str, ...]:
    """A digit that is never predicted costs a tenth of the score, as with a model that knows two labels only."""
    missing = [str(label) for label in range(submission.CLASSES) if label not in set(labels)]
    if not missing:
        return ()
    return (f"no image is called {', '.join(missing)}: expect a score below {1 - 0.1 * len(missing):.1f}",)


def _title(run: runs.Run) -> str:
    recipe, accuracy = run.record["recipe"]["name"], run.record["validation_accuracy"]
    return f"{run.name}: kaggle-digits {recipe}, validation accuracy {accuracy:.4f}"


def _folder_of(run: runs.Run) -> Path:
    """The folder with the test.csv that a run has labelled; other digits are nothing for Kaggle."""
    data = run.record["data"]
    if "test.csv" not in data["sha256"]:
        raise SubmissionError(
            f"{run.name} was trained on {data['name']}, without the competition's test.csv, so Kaggle cannot score it. "
            "Bring the competition's files with kaggle-digits fetch, then train again."
        )
    return Path(data["path"])


def _rows_due(data: Path) -> int:
    """The rows of test.csv where it is at hand, else what the competition's has."""
    try:
        with (data / "test.csv").open("rb") as file:
            return sum(1 for line in file if line.strip()) - 1
    except OSError:
        return kaggle_csv.ROWS[1]

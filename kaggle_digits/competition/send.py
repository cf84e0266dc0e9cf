"""A submission is sent once, and its score brought home; the ledger learns of every step."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from kaggle_digits.competition import ledger, messages
from kaggle_digits.competition.client import Kaggle
from kaggle_digits.competition.polling import poll
from kaggle_digits.competition.prepare import SubmissionFile
from kaggle_digits.competition.replies import Submission
from kaggle_digits.errors import (
    CompetitionError,
    ConnectionLostError,
    CredentialsError,
    DigitsError,
    KaggleBusyError,
    StorageError,
    SubmissionError,
    UnknownFateError,
    UnscoredError,
)
from kaggle_digits.files import locks, storage

_LOCK = ".submit.lock"
_LONGEST_PAUSE_S = 30.0


@dataclass(frozen=True)
class Sent:
    """What became of a submission.

    Attributes:
        ref: Kaggle's number for the submission; None where nothing was sent.
        status: `checked`, `pending` or `complete`.
        score: the public score, a share of right labels from 0 to 1, or None while there is none.
        link: the page on Kaggle that lists it.
        predicted_range: the score that its run expected, lowest and highest, or None.
    """

    ref: int | None
    status: str
    score: float | None
    link: str
    predicted_range: tuple[float, float] | None


def send(
    file: SubmissionFile,
    kaggle: Kaggle,
    *,
    submissions: Path,
    wait: bool,
    tell: Callable[[str], None],
    force: bool = False,
) -> Sent:
    """Uploads a file, and waits for its score if asked to; the ledger learns of each step.

    One process at a time sends from a folder. What the ledger knows to be on Kaggle is not sent again, and where the
    last attempt ended before Kaggle's answer came, Kaggle is asked first.

    Args:
        file: from `prepare`.
        kaggle: the other side.
        submissions: the folder of the ledger.
        wait: whether to wait for the score, for ten times Kaggle's patience at most.
        tell: gets a line for the user now and then.
        force: send even what was sent before.

    Raises:
        SubmissionError: the same file was sent before, or it has changed since `prepare`.
        CompetitionError: Kaggle did not take it, could not score it, or gave no score in time.
        StorageError: the ledger cannot be written. What was sent before that is told, and found by the next call.
    """
    link = messages.page(kaggle.slug, "submissions")
    # The other one asks, uploads and looks for lost answers: all of them bounded by the patience.
    busy_s = 20 * kaggle.patience
    with locks.locked(submissions / _LOCK, busy_s, lambda: tell("another submission is on its way; waiting for it")):
        sent = _once(file, kaggle, submissions, tell, force)
    if not wait:
        return Sent(sent.ref, sent.status, None, link, sent.predicted_range)
    tell("waiting for the score (Ctrl-C stops the waiting, not the submission)")
    known = _scored(sent, kaggle, submissions)
    return Sent(known.ref, known.status, known.score, link, known.predicted_range)


def wait_for_score(kaggle: Kaggle, ref: int, *, deadline_s: float = 600.0, first_pause_s: float = 2.0) -> Submission:
    """Asks for a submission's score, less and less often, until it is there.

    Trouble with the network, or Kaggle being busy, only costs time.

    Args:
        kaggle: where to ask.
        ref: Kaggle's number for the submission.
        deadline_s: seconds after which this gives up.
        first_pause_s: seconds between the first two questions; each later pause is longer, up to 30 seconds.

    Returns:
        The submission, complete.

    Raises:
        CompetitionError: Kaggle could not score it, or not in time.
    """
    for listed, _ in poll(kaggle.submissions, first_pause_s, _LONGEST_PAUSE_S, deadline_s):
        submission = next((one for one in listed or [] if one.ref == ref), None)
        if submission is not None and submission.status == "error":
            raise messages.not_scored(kaggle.slug, submission.error)
        if submission is not None and submission.status == "complete":
            return submission
    raise messages.score_late(kaggle.slug, ref, deadline_s)


def _scored(sent: ledger.Entry, kaggle: Kaggle, submissions: Path) -> ledger.Entry:
    try:
        scored = wait_for_score(kaggle, sent.ref or 0, deadline_s=10 * kaggle.patience)
    except UnscoredError as error:
        _note(submissions, sent, status=ledger.ERROR, error=error.reason)
        raise
    return _note(submissions, sent, status=scored.status, score=scored.score, scored=_now())


def _once(
    file: SubmissionFile, kaggle: Kaggle, submissions: Path, tell: Callable[[str], None], force: bool
) -> ledger.Entry:
    """The ledger's entry of the submission, which is now on Kaggle; sent by this call or found there."""
    known = [one for one in ledger.latest(ledger.read(submissions)) if one.sha256 == file.sha256]
    numbered = [one for one in known if one.ref is not None]
    if numbered and not force:
        raise _known_already(numbered[-1], file)
    unclear = next((one for one in known if one.ref is None), None)
    arrived = unclear and _listed(unclear, kaggle.submissions(), {one.ref for one in numbered})
    if unclear is not None and arrived is not None:
        tell(f"it was sent before, and arrived: Kaggle has it as {arrived.ref}")
        return _note(submissions, unclear, ref=arrived.ref, status=ledger.PENDING)
    _tell_left(kaggle, tell)
    if storage.sha256(file.path) != file.sha256:
        raise SubmissionError(f"{file.path} has changed since it was checked. Nothing was sent; try again.")
    entry = _note(submissions, _first_entry(file))
    try:
        ref = kaggle.submit(file.path, file.message)
    except UnknownFateError:
        raise
    except DigitsError as error:
        with suppress(StorageError):
            _note(submissions, entry, status=ledger.FAILED, error=str(error))
        raise
    tell(f"submitted as {ref}: {file.message}")
    return _note(submissions, entry, ref=ref, status=ledger.PENDING)


def _known_already(entry: ledger.Entry, file: SubmissionFile) -> SubmissionError:
    became = {
        ledger.COMPLETE: f"has its score: {entry.score}",
        ledger.ERROR: f"could not be scored: “{entry.error}”",
    }.get(entry.status, "has no score yet: kaggle-digits scores brings it")
    return SubmissionError(
        f"the same file as {file.path}, byte for byte, is on Kaggle already as {entry.ref}, and {became}. "
        "Nothing was sent; to send it again all the same: --force."
    )


def _tell_left(kaggle: Kaggle, tell: Callable[[str], None]) -> None:
    """Says how many submissions are left today, before one is spent; refuses where none is."""
    try:
        left = kaggle.submissions_left()
    except (KaggleBusyError, ConnectionLostError, CredentialsError):
        raise
    except CompetitionError as error:
        # Whoever may submit learns it from the submission itself; this question alone must not stand in the way.
        tell(f"note: how many submissions are left today is unknown: {error}")
        return
    if left == 0:
        raise messages.none_left(kaggle.slug)
    tell("left today: unknown before the first submission" if left is None else f"left today: {left}, of which one now")


def refresh(submissions: Path, kaggle: Kaggle) -> int:
    """Asks Kaggle what became of the submissions that have no score yet, and writes it to the ledger.

    Args:
        submissions: the folder of the ledger.
        kaggle: whom to ask; it is not asked where nothing is open.

    Returns:
        How many are open still: without a score, or no longer on Kaggle's list of the newest hundred.

    Raises:
        CompetitionError: Kaggle said no, or nothing.
        DataError: the ledger is damaged.
        StorageError: the ledger cannot be written.
    """
    known = ledger.latest(ledger.read(submissions))
    waiting = [entry for entry in known if entry.status in ledger.OPEN]
    listed = kaggle.submissions() if waiting else []
    numbers = {entry.ref for entry in known}
    still_open = 0
    for entry in waiting:
        one = _listed(entry, listed, numbers)
        if one is not None and (one.ref, one.status) != (entry.ref, entry.status):
            scored = _now() if one.status == ledger.COMPLETE else None
            news = {"ref": one.ref, "status": one.status, "score": one.score, "error": one.error}
            _note(submissions, entry, **news, scored=scored)
        still_open += one is None or one.status in ledger.OPEN
    return still_open


def _listed(entry: ledger.Entry, listed: list[Submission], numbers: set[int | None]) -> Submission | None:
    """What Kaggle's list says of an entry; one without a number is recognised by its message."""
    if entry.ref is not None:
        return next((one for one in listed if one.ref == entry.ref), None)
    alike = [one for one in listed if one.ref not in numbers and one.message.strip() == entry.message.strip()]
    return max(alike, key=lambda one: one.ref, default=None)


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")


def _first_entry(file: SubmissionFile) -> ledger.Entry:
    now, run = _now(), file.run
    record = run.record if run else None
    return ledger.Entry(
        time=now,
        run=run.name if run else None,
        file=file.path.name,
        sha256=file.sha256,
        ref=None,
        message=file.message,
        status=ledger.SENDING,
        score=None,
        data_sha256=record.data.sha256 if record else None,
        git_commit=record.git.commit if record and record.git else None,
        seed=record.plan.seed if record else None,
        validation_accuracy=record.validation_accuracy if record else None,
        predicted_range=record.predicted_range if record else None,
        sent=now,
        path=str(file.path.absolute()),
    )


def _note(submissions: Path, entry: ledger.Entry, **news: Any) -> ledger.Entry:
    """Writes an entry with what is new of it, and gives it back."""
    changed = msgspec.structs.replace(entry, time=_now(), **news)
    ledger.append(submissions, changed)
    return changed

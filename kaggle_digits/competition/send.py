"""A submission is sent, and its score brought home."""

from collections.abc import Callable
from pathlib import Path

from kaggle_digits.competition import delivery, ledger, messages
from kaggle_digits.competition.client import Kaggle
from kaggle_digits.competition.polling import poll
from kaggle_digits.competition.prepare import SubmissionFile
from kaggle_digits.competition.replies import Submission
from kaggle_digits.errors import CompetitionError, UnscoredError

_LONGEST_PAUSE_S = 30.0


def send(
    file: SubmissionFile,
    kaggle: Kaggle,
    *,
    submissions: Path,
    wait: bool,
    tell: Callable[[str], None],
    force: bool = False,
) -> ledger.Entry:
    """Uploads a file, and waits for its score if asked to. The ledger learns of each step; its newest entry is given.

    One process at a time sends for an account. What is known to be on Kaggle is not sent again, from whichever folder
    it was sent; and where the last attempt ended before Kaggle's answer came, Kaggle is asked first, and the file is
    sent again only when it is certain enough that it did not arrive; unless by `force`.

    Args:
        file: from `prepare`.
        kaggle: the other side.
        submissions: the folder of the ledger.
        wait: whether to wait for the score, for ten times Kaggle's patience at most.
        tell: gets a line for the user now and then.
        force: send even what was sent before, or may have been.

    Raises:
        SubmissionError: the same file was sent before, or may have been, or it has changed since `prepare`.
        CompetitionError: Kaggle did not take it, could not score it, or gave no score in time.
        StorageError: the ledger cannot be written. What was sent before that is told, and found by the next call.
    """
    way = delivery.Delivery(file, kaggle, submissions, tell)
    sent = way.make(force)
    if not wait:
        return sent
    tell("waiting for the score (Ctrl-C stops the waiting, not the submission)")
    try:
        scored = wait_for_score(kaggle, sent.ref or 0, deadline_s=10 * kaggle.patience)
    except UnscoredError as error:
        ledger.note(way.ledgers, sent, status=ledger.ERROR, error=error.reason)
        raise
    return ledger.note(way.ledgers, sent, status=scored.status, score=scored.score, scored=ledger.now())


def wait_for_score(kaggle: Kaggle, ref: int, *, deadline_s: float = 600.0, first_pause_s: float = 2.0) -> Submission:
    """Asks for a submission's score, less and less often, until it is there, and gives the submission.

    Trouble with the network, or Kaggle being busy, only costs time. Pauses grow from the first up to 30 seconds.

    Raises:
        CompetitionError: Kaggle could not score it, or not in time.
    """
    page = messages.page(kaggle.slug, "submissions")
    for listed, _ in poll(kaggle.submissions, first_pause_s, _LONGEST_PAUSE_S, deadline_s):
        submission = next((one for one in listed or [] if one.ref == ref), None)
        if submission is not None and submission.status == "error":
            raise UnscoredError(
                f"Kaggle could not score the submission: “{submission.error or 'no reason given'}”. "
                f"Correct the file before you send another; see {page}.",
                submission.error,
            )
        if submission is not None and submission.status == "complete":
            return submission
    raise CompetitionError(
        f"the submission was taken (number {ref}), but has no score after {deadline_s:g} seconds. "
        f"Do not send it again: kaggle-digits scores brings its score; so does {page}."
    )


def refresh(submissions: Path, kaggle: Kaggle) -> int:
    """Asks Kaggle what became of the submissions that have no score yet, and writes it to the ledger.

    Kaggle is not asked where nothing is open.

    Returns:
        How many are open still: without a score, or no longer on Kaggle's list of the newest hundred.

    Raises:
        CompetitionError: Kaggle said no, or nothing.
        DataError: the ledger is damaged.
        StorageError: the ledger cannot be written.
    """
    known = ledger.latest(ledger.read(submissions))
    waiting = [entry for entry in known if entry.is_open]
    listed = kaggle.submissions() if waiting else []
    still_open = 0
    for entry in waiting:
        if entry.ref is None:
            news = delivery.newest(entry.sha256, listed, known)
        else:
            news = next((one for one in listed if one.ref == entry.ref), None)
        if news is not None and (news.ref, news.status) != (entry.ref, entry.status):
            scored = ledger.now() if news.score is not None else None
            changes = {"ref": news.ref, "status": news.status, "score": news.score, "error": news.error}
            ledger.note([submissions], entry, **changes, scored=scored)
        still_open += news is None or news.status == "pending"
    return still_open

"""A submission is sent exactly once, whatever happens on the way; the ledger learns of every step.

An attempt whose answer was lost, by a cut connection or a kill, is looked for in Kaggle's list by the hash in its
message. That list may lag behind, leave messages out, or cut them short: so such an attempt counts as lost only after
a while, and only if Kaggle has not counted more submissions than are known.
"""

import os
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from kaggle_digits.competition import ledger, messages
from kaggle_digits.competition.client import Kaggle
from kaggle_digits.competition.ledger import Entry
from kaggle_digits.competition.polling import poll
from kaggle_digits.competition.prepare import HASH_LETTERS, SubmissionFile
from kaggle_digits.competition.replies import Limits, Submission
from kaggle_digits.competition.watch import Watch
from kaggle_digits.errors import CompetitionError, DigitsError, StorageError, SubmissionError, UnknownFateError
from kaggle_digits.files import locks, storage
from kaggle_digits.runs import Run

_LOCK = ".submit.lock"
# After that long, what Kaggle does not list did not arrive; sooner where Kaggle's count says so, too.
_UNCLEAR, _UNCLEAR_BUT_COUNTED = timedelta(minutes=15), timedelta(minutes=2)


class Delivery:
    """One file, from `prepare`, on its way to Kaggle; tells the user a line now and then.

    Attributes:
        ledgers: the folders of the ledgers that learn of it. The account's own knows what was sent from other folders;
            where it cannot be written, it has to do without.
    """

    def __init__(self, file: SubmissionFile, kaggle: Kaggle, submissions: Path, tell: Callable[[str], None]) -> None:
        self._file, self._kaggle, self._tell = file, kaggle, tell
        self.ledgers = [submissions, *([kaggle.account_folder] if _can_write(kaggle.account_folder) else [])]
        self._known: list[Entry] = []

    def make(self, force: bool) -> Entry:
        """The ledger's entry of the submission, which is then on Kaggle; one process at a time sends for an account.

        What was sent before, or may have been, is sent again by `force` alone. Raises as `send` does.
        """
        # The other one asks, uploads and looks for lost answers: all of them bounded by the patience.
        busy_s = 20 * self._kaggle.patience
        on_wait = partial(self._tell, "another submission is on its way; waiting for it")
        with ExitStack() as stack:
            with messages.nothing_submitted():
                for folder in self.ledgers:
                    stack.enter_context(locks.locked(folder / _LOCK, busy_s, on_wait))
                there = self._there_already(force)
                if there is not None:
                    return there
                entry = self._announce()
            return self._send(entry)

    def _there_already(self, force: bool) -> Entry | None:
        """The entry of an earlier attempt that has arrived; None where the file may be sent."""
        entries = [entry for folder in self.ledgers for entry in ledger.read(folder)]
        self._known = ledger.latest(sorted(entries, key=lambda entry: entry.time))
        known = [entry for entry in self._known if entry.sha256 == self._file.sha256]
        unclear = next((entry for entry in known if entry.ref is None), None)
        numbered = [entry for entry in known if entry.ref is not None]
        if numbered and not force:
            raise self._on_kaggle(numbered[-1].ref, _became(numbered[-1]))
        listed = self._kaggle.submissions()
        arrived = self._new(listed)
        if unclear is None:
            if arrived is not None and not force:
                raise self._on_kaggle(arrived.ref, "was sent from elsewhere")
            return None
        arrived = arrived or (None if force else self._look_out())
        if arrived is not None:
            self._tell(f"it was sent before, and arrived: Kaggle has it as {arrived.ref}")
            return ledger.note(self.ledgers, unclear, ref=arrived.ref, status=ledger.PENDING)
        if not force:
            self._check_lost(unclear, listed)
        return None

    def _on_kaggle(self, ref: int | None, became: str) -> SubmissionError:
        return SubmissionError(
            f"the same file as {self._file.path}, byte for byte, is on Kaggle already as {ref}, and {became}. "
            "Nothing was submitted; to send it again anyway: --force."
        )

    def _new(self, listed: Iterable[Submission]) -> Submission | None:
        return newest(self._file.sha256, listed, self._known)

    def _look_out(self) -> Submission | None:
        """Waits until the file's submission is on Kaggle's list, for a quarter of the patience."""
        patience = self._kaggle.patience
        with suppress(CompetitionError):
            for listed, _ in poll(self._kaggle.submissions, patience / 20, patience / 4, patience / 4):
                if (arrived := self._new(listed or ())) is not None:
                    return arrived
        return None

    def _check_lost(self, unclear: Entry, listed: list[Submission]) -> None:
        """Makes sure that an attempt did not arrive, as far as anybody can tell."""
        sent = datetime.fromisoformat(unclear.sent or unclear.time)
        numbers = {entry.ref for entry in self._known}
        nameless = [
            one.ref
            for one in listed
            # Clocks may differ.
            if one.ref not in numbers and not one.message and (one.date is None or one.date > sent - _UNCLEAR)
        ]
        since = sum(entry.ref is not None and (entry.sent or "") > (unclear.sent or "") for entry in self._known)
        limits = self._limits()
        if limits is None or unclear.counted is None:
            more, lost = 0, sent + _UNCLEAR
        else:
            more, lost = limits.total - unclear.counted - since, sent + _UNCLEAR_BUT_COUNTED
        if nameless:
            why = f"Kaggle's list has {nameless[0]} without a message, which may be it"
        elif more > 0:
            why = f"Kaggle counts {more} more than are known here, which may be it"
        elif datetime.now().astimezone() < lost:
            why = f"Kaggle's list may not show it yet; it counts as lost from {lost:%H:%M:%S} on"
        else:
            return
        raise SubmissionError(
            f"an attempt to send {self._file.path}, at {sent:%H:%M}, ended before Kaggle's answer came, and {why}. "
            f"Nothing was submitted. Look at {messages.page(self._kaggle.slug, 'submissions')}; if it is not there, "
            "send it with --force."
        )

    def _limits(self) -> Limits | None:
        try:
            return self._kaggle.limits()
        except CompetitionError as error:
            if type(error) is not CompetitionError:  # no account, no network, or a busy Kaggle
                raise
            # Whoever may submit learns it from the submission itself; this question alone must not stand in the way.
            self._tell(f"note: how many submissions are left today is unknown: {error}")
            return None

    def _announce(self) -> Entry:
        """Says how many submissions are left today, and notes that one of them is spent now."""
        limits = self._limits()
        if limits == Limits():
            self._tell("left today: unknown before the first submission")
        elif limits is not None and limits.left == 0:
            raise CompetitionError(
                "no submission is left today. Nothing was submitted. Kaggle allows more after midnight UTC: try again "
                f"then. Those of today are at {messages.page(self._kaggle.slug, 'submissions')}."
            )
        elif limits is not None:
            self._tell(f"left today: {limits.left}, of which one now")
        if storage.sha256(self._file.path) != self._file.sha256:
            raise SubmissionError(f"{self._file.path} has changed since it was checked. Try again.")
        entry = Entry(
            time=ledger.now(),
            run=None,
            file=self._file.path.name,
            sha256=self._file.sha256,
            ref=None,
            message=self._file.message,
            status=ledger.SENDING,
            score=None,
            sent=ledger.now(),
            path=str(self._file.path.absolute()),
            counted=None if limits is None else limits.total,
        )
        return ledger.note(self.ledgers, entry, **_origin(self._file.run))

    def _send(self, entry: Entry) -> Entry:
        watch = Watch()
        try:
            ref = self._kaggle.submit(self._file.path, self._file.message, watch)
        except UnknownFateError:
            arrived = self._look_out()
            if arrived is None:
                raise
            ref = arrived.ref
        except (DigitsError, KeyboardInterrupt) as error:
            if isinstance(error, DigitsError) or not watch.uploaded:
                with suppress(StorageError):
                    ledger.note(self.ledgers, entry, status=ledger.FAILED, error=str(error) or "interrupted")
            raise
        self._tell(f"submitted as {ref}: {self._file.message}")
        return ledger.note(self.ledgers, entry, ref=ref, status=ledger.PENDING)


def newest(sha256: str, listed: Iterable[Submission], known: Iterable[Entry]) -> Submission | None:
    """The newest submission, of those that are not known, whose message holds the hash of a file."""
    numbers = {entry.ref for entry in known}
    alike = [one for one in listed if one.ref not in numbers and sha256[:HASH_LETTERS] in one.message]
    return max(alike, key=lambda one: one.ref, default=None)


def _can_write(folder: Path) -> bool:
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return os.access(folder, os.R_OK | os.W_OK | os.X_OK)


def _origin(run: Run | None) -> dict[str, Any]:
    """What an entry says of the run that a file comes from."""
    if run is None:
        return {}
    record = run.record
    return {
        "run": run.name,
        "data_sha256": record.data.sha256,
        "git_commit": record.git and record.git.commit,
        "seed": record.plan.seed,
        "validation_accuracy": record.validation_accuracy,
        "predicted_range": record.predicted_range,
    }


def _became(entry: Entry) -> str:
    if entry.score is not None:
        return f"has its score: {entry.score}"
    if entry.status == ledger.ERROR:
        return f"could not be scored: “{entry.error}”"
    return "has no score yet: kaggle-digits scores brings it"

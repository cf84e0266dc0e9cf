"""Kaggle, as far as one competition needs it."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from kaggle_digits.competition import answers, settings
from kaggle_digits.competition.child import Child
from kaggle_digits.competition.watch import Download, Progress, Watch, ignore_progress
from kaggle_digits.errors import CompetitionError, DigitsError

_LOOKS = 3
_RETRIES = 2
# Parts of the patience: with the usual one, the first pause before a retry is a second long.
_FIRST_PAUSE = 1 / 60


@dataclass(frozen=True)
class Submission:
    """One line of Kaggle's list of submissions.

    Attributes:
        ref: Kaggle's number for it.
        status: `pending`, `complete` or `error`.
        score: the public score, a share of right labels from 0 to 1, or None while there is none.
        error: why Kaggle could not score it, in Kaggle's words; empty where it could.
        date: when Kaggle took it, in UTC.
        message: what was written beside it.
    """

    ref: int
    status: str
    score: float | None
    error: str
    date: datetime | None
    message: str

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Self:
        """Makes one of what the child process reports."""
        date = entry["date"] and datetime.fromisoformat(entry["date"]).replace(tzinfo=UTC)
        score = settings.number(entry["score"] or "")
        return cls(entry["ref"], entry["status"], score, entry["error"] or "", date, entry["message"] or "")


class Kaggle:
    """Kaggle's side of the competition. Every call ends in bounded time; nothing is ever sent twice by itself.

    A question that changes nothing is put again, up to twice, where the connection broke, the answer was garbled, or
    Kaggle was busy; after as long as Kaggle asks to wait, but all in all no longer than the patience.

    The kaggle client runs in a child process, which is started by the first call and ended by `close`, by the end of
    a `with` block, or when Kaggle is given up; the next call then starts another one.

    Args:
        patience: seconds without a sign of life after which a call is given up; by default KDIGITS_TIMEOUT, else 60.
            An upload has twice as long.
        environment: the child's environment variables, in which the client finds its credentials; by default this
            process's own. KDIGITS_TIMEOUT and KDIGITS_COMPETITION are read from here too.
        on_retry: is told, in a line for the user, before each pause that a retry makes.

    Attributes:
        patience: as above; may be changed between calls.
        slug: the competition's name.

    Raises:
        CompetitionError: KDIGITS_TIMEOUT or KDIGITS_COMPETITION makes no sense.
    """

    def __init__(
        self,
        *,
        patience: float | None = None,
        environment: Mapping[str, str] | None = None,
        on_retry: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._environment = os.environ if environment is None else environment
        self.patience = settings.patience(self._environment) if patience is None else patience
        self.slug = settings.slug(self._environment)
        self._on_retry = on_retry
        self._child: Child | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the child process, if there is one."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    def download(self, folder: Path, on_progress: Progress = ignore_progress) -> Path:
        """Downloads the competition's whole zip. What arrives has its full length, but is otherwise unchecked.

        Args:
            folder: an existing folder; nothing else may write to it.
            on_progress: is told the bytes that arrived so far, and how many there will be if Kaggle says so.

        Returns:
            The file.

        Raises:
            CompetitionError: Kaggle said no, or nothing.
            StorageError: the disk is full.
        """
        path = folder / f"{self.slug}.zip"
        watch = Download(path, on_progress)
        self.answer({"do": "download", "path": str(path.absolute())}, watch)
        watch.moved()
        return path

    def submit(self, file: Path, message: str) -> int:
        """Uploads a file and spends one of the day's submissions on it.

        If the answer is lost on its way, the submission is looked for in Kaggle's list by its message, which should
        therefore be this file's own: put a few digits of its hash in it.

        Returns:
            Kaggle's number for the submission.

        Raises:
            CompetitionError: it was not taken, or, where the sentence says so, nobody knows.
        """
        known = {one.ref for one in self.submissions()}
        watch = Watch()
        question = {"do": "submit", "file": str(file.absolute()), "message": message}
        try:
            # Until the upload is over, Kaggle was not asked to take anything; and it may say that it has not.
            reply = self.reply(
                question, 2 * self.patience, watch, lambda failed: not (watch.events and answers.leaves_open(failed))
            )
        except CompetitionError as error:
            lost: DigitsError = error
        else:
            if "done" in reply:
                return int(reply["done"])
            lost = answers.error_for(reply["failed"], self.slug)
            if not answers.leaves_open(reply["failed"]):
                raise lost
        if not watch.events:
            raise answers.not_submitted(lost) from lost
        return self._find(message, known, lost)

    def submissions(self) -> list[Submission]:
        """Kaggle's list of this account's newest submissions, at most 100, newest first.

        Raises:
            CompetitionError: Kaggle said no, or nothing.
        """
        return [Submission.from_json(entry) for entry in self.answer({"do": "submissions"})]

    def submissions_left(self) -> int | None:
        """How many more submissions Kaggle takes today, or None where it cannot tell (before the first one).

        Raises:
            CompetitionError: Kaggle said no, or nothing.
        """
        limits = self.answer({"do": "limits"})
        # Who has no team yet, because nothing was submitted, is told three zeros.
        return int(limits["left"]) if any(limits.values()) else None

    def joined(self) -> bool | None:
        """Whether this account has joined the competition, which means that it accepted the rules; None if unknown.

        Raises:
            CompetitionError: Kaggle said no, or nothing.
        """
        joined: bool | None = self.answer({"do": "joined"})
        return joined

    def answer(self, question: dict[str, Any], watch: Watch | None = None) -> Any:
        """The answer to a question that changes nothing.

        Args:
            question: what the child process shall `do`, and with what.
            watch: sees what can be seen of it on the way.

        Raises:
            CompetitionError: Kaggle said no, or nothing.
        """
        reply = self.reply(question, self.patience, watch or Watch(), lambda _failed: True)
        if "failed" in reply:
            raise answers.error_for(reply["failed"], self.slug)
        return reply["done"]

    def reply(
        self, question: dict[str, Any], seconds: float, watch: Watch, is_safe: Callable[[Mapping[str, Any]], bool]
    ) -> dict[str, Any]:
        """The child's reply, `done` or `failed`, after retries where a failure may pass and asking again `is_safe`.

        Args:
            question: what the child process shall `do`, and with what.
            seconds: without a sign of life, after which it is given up.
            watch: sees what can be seen of it on the way.
            is_safe: whether the question may be put again after a failure.

        Raises:
            CompetitionError: nothing came in time, or the child process died.
        """
        pause, left = self.patience * _FIRST_PAUSE, self.patience
        for retry in range(_RETRIES):
            reply = self._ask(question, seconds, watch)
            if "done" in reply or not is_safe(reply["failed"]):
                return reply
            wait = answers.pause_before_retry(reply["failed"], pause * 2**retry, left)
            if wait is None:
                return reply
            left -= wait
            self._on_retry(answers.retrying(reply["failed"], wait))
            time.sleep(wait)
        return self._ask(question, seconds, watch)

    def _find(self, message: str, known: set[int], lost: DigitsError) -> int:
        """The number of a submission whose answer was lost."""
        looked = False
        for look in range(_LOOKS):
            # Kaggle's list may lag behind: 3 seconds, with the usual patience.
            time.sleep(self.patience / 20 if look else 0)
            try:
                listed = self.submissions()
            except CompetitionError:
                continue
            looked = True
            new = [one.ref for one in listed if one.ref not in known and one.message.strip() == message.strip()]
            if new:
                return max(new)
        raise answers.unknown_fate(self.slug, str(lost), looked) from lost

    def _ask(self, question: dict[str, Any], seconds: float, watch: Watch) -> dict[str, Any]:
        if self._child is None or not self._child.alive:
            self.close()
            self._child = Child(self._environment)
        try:
            return self._child.ask({**question, "slug": self.slug}, seconds, watch)
        except TimeoutError:
            self.close()
            raise watch.given_up(seconds) from None
        except EOFError as error:
            self.close()
            raise answers.death(error.args[0]) from None
        except BaseException:
            # Ctrl-C, say: the child is in the middle of something that nobody waits for any more.
            self.close()
            raise

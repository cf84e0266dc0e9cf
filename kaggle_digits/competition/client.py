"""Kaggle, as far as one competition needs it."""

import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from kaggle_digits.competition import answers
from kaggle_digits.competition.child import Child
from kaggle_digits.competition.watch import Download, Progress, Watch, ignore_progress
from kaggle_digits.errors import CompetitionError, DigitsError

SLUG = "digit-recognizer"
"""The competition's name in Kaggle's addresses; the environment variable KDIGITS_COMPETITION names another one."""

PATIENCE = 60.0
"""Seconds without a sign of life after which Kaggle is given up; KDIGITS_TIMEOUT sets another number."""

_LONGEST_PATIENCE = 86_400.0
_LOOKS = 3


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
        score = _number(entry["score"] or "")
        return cls(entry["ref"], entry["status"], score, entry["error"] or "", date, entry["message"] or "")


class Kaggle:
    """Kaggle's side of the competition. Every call ends in bounded time; nothing is ever sent twice by itself.

    The kaggle client runs in a child process, which is started by the first call and ended by `close`, by the end of
    a `with` block, or when Kaggle is given up; the next call then starts another one.

    Args:
        patience: seconds without a sign of life after which a call is given up; by default KDIGITS_TIMEOUT, else 60.
            An upload has twice as long.
        environment: the child's environment variables, in which the client finds its credentials; by default this
            process's own. KDIGITS_TIMEOUT and KDIGITS_COMPETITION are read from here too.

    Attributes:
        patience: as above; may be changed between calls.
        slug: the competition's name.

    Raises:
        CompetitionError: KDIGITS_TIMEOUT or KDIGITS_COMPETITION makes no sense.
    """

    def __init__(self, *, patience: float | None = None, environment: Mapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment
        self.patience = _patience(self._environment) if patience is None else patience
        self.slug = _slug(self._environment)
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
        self._answer({"do": "download", "path": str(path.absolute())}, watch)
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
        try:
            question = {"do": "submit", "file": str(file.absolute()), "message": message}
            reply = self._ask(question, 2 * self.patience, watch)
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
        return [Submission.from_json(entry) for entry in self._answer({"do": "submissions"}, Watch())]

    def submissions_left(self) -> int | None:
        """How many more submissions Kaggle takes today, or None where it cannot tell (before the first one).

        Raises:
            CompetitionError: Kaggle said no, or nothing.
        """
        limits = self._answer({"do": "limits"}, Watch())
        # Who has no team yet, because nothing was submitted, is told three zeros.
        return int(limits["left"]) if any(limits.values()) else None

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

    def _answer(self, question: dict[str, Any], watch: Watch) -> Any:
        reply = self._ask(question, self.patience, watch)
        if "failed" in reply:
            raise answers.error_for(reply["failed"], self.slug)
        return reply["done"]

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


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _patience(environment: Mapping[str, str]) -> float:
    text = environment.get("KDIGITS_TIMEOUT", str(PATIENCE))
    seconds = _number(text)
    if seconds is None or not 0 < seconds <= _LONGEST_PATIENCE:
        raise CompetitionError(
            f"KDIGITS_TIMEOUT must be a number of seconds above 0 and at most {_LONGEST_PATIENCE:.0f}. "
            f"Received: {text!r}."
        )
    return seconds


def _slug(environment: Mapping[str, str]) -> str:
    slug = environment.get("KDIGITS_COMPETITION", SLUG)
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,99}", slug):
        raise CompetitionError(
            "KDIGITS_COMPETITION must be a competition's name as in its address, small letters, digits and hyphens. "
            f"Received: {slug!r}."
        )
    return slug

"""Kaggle, as far as one competition needs it."""

import os
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import msgspec

from kaggle_digits.competition import credentials, messages
from kaggle_digits.competition.process import ClientProcess
from kaggle_digits.competition.replies import Done, Failed, Limits, Question, Reply, Submission
from kaggle_digits.competition.watch import Download, OnProgress, Watch, ignore_progress, least_rate, patience_in
from kaggle_digits.errors import CompetitionError, UnknownFateError

SLUG = "digit-recognizer"
"""The competition's name in Kaggle's addresses; the environment variable KDIGITS_COMPETITION names another one."""

_RETRIES = 2
# Parts of the patience: with the usual one, the first pause before a retry is a second long.
_FIRST_PAUSE = 1 / 60
# What may be gone a moment later.
_PASSING = (429, 500, 502, 503, 504)


class Kaggle:
    """Kaggle's side of the competition. Every call ends in bounded time; nothing is ever sent twice by itself.

    A question that changes nothing is put again, up to twice, where the connection broke, the answer was garbled, or
    Kaggle was busy; after as long as Kaggle asks to wait, but all in all no longer than the patience.

    The kaggle client runs in a process of its own, which is started by the first call and ended by `close`, by the end
    of a `with` block, or when Kaggle is given up; the next call then starts another one.

    Args:
        patience: seconds without a sign of life after which a call is given up; by default KDIGITS_TIMEOUT, else 60.
            An upload has twice as long.
        environment: that process's environment variables, in which the client finds its credentials; by default
            this process's. KDIGITS_TIMEOUT and KDIGITS_COMPETITION are read from here too.
        on_retry: gets a line for the user before each pause that a retry makes.

    Attributes:
        patience: as above; may be changed between calls.
        slug: the competition's name.
        account_folder: where `send` remembers what this account has sent, from any folder.

    Raises:
        CompetitionError: KDIGITS_TIMEOUT or KDIGITS_COMPETITION makes no sense; by every method, Kaggle said no, or
            nothing.
    """

    def __init__(
        self,
        *,
        patience: float | None = None,
        environment: Mapping[str, str] | None = None,
        on_retry: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._environment = os.environ if environment is None else environment
        self.patience = patience_in(self._environment) if patience is None else patience
        self.slug = self._environment.get("KDIGITS_COMPETITION", SLUG)
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,99}", self.slug):
            raise CompetitionError(
                "KDIGITS_COMPETITION must be a competition's name as in its address, small letters, digits and "
                f"hyphens. Received: {self.slug!r}."
            )
        self.account_folder = credentials.account_folder(self._environment, self.slug)
        self._on_retry = on_retry
        self._process: ClientProcess | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the client's process, if there is one."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def download(self, folder: Path, on_progress: OnProgress = ignore_progress) -> Path:
        """Downloads the competition's whole zip into an existing folder that nothing else may write to.

        What arrives has its full length, but is otherwise unchecked. `on_progress` gets the bytes that arrived so far,
        and how many there will be if Kaggle says so. Raises StorageError, too, where the disk is full.
        """
        path = folder / f"{self.slug}.zip"
        watch = Download(path, on_progress, self.patience)
        self.ask("download", None, watch, path=str(path.absolute()))
        watch.moved()
        return path

    def submit(self, file: Path, message: str, watch: Watch | None = None) -> int:
        """Uploads a CSV with a message, spends one of the day's submissions on it, and gives Kaggle's number for it.

        A watch sees whether the upload came to its end.

        Raises:
            UnknownFateError: the answer was lost, and nobody knows whether it was taken.
            CompetitionError: it was not taken.
        """
        watch = watch or Watch()
        question = Question("submit", self.slug, {"file": str(file.absolute()), "message": message})
        size = file.stat().st_size if file.exists() else 0
        with messages.nothing_submitted():
            try:
                # Until the upload is over, Kaggle was not asked to take anything; and it may say that it has not.
                reply = self.put(
                    question,
                    2 * self.patience + size / least_rate(self.patience),
                    watch,
                    lambda failed: not (watch.uploaded and messages.leaves_open(failed)),
                )
                if isinstance(reply, Done):
                    return msgspec.json.decode(reply.value, type=int)
                lost, is_open = messages.error_for(reply, self.slug), messages.leaves_open(reply)
            except CompetitionError as error:
                lost, is_open = error, True
            if not (watch.uploaded and is_open):
                raise lost
            raise UnknownFateError(
                "the answer to the submission was lost, and whether it was taken is unknown: it is not on Kaggle's "
                "list (yet), or the list cannot be read now. It was not sent twice. "
                f"Look at {messages.page(self.slug, 'submissions')} before you send it again. ({lost})"
            ) from lost

    def submissions(self) -> list[Submission]:
        """Kaggle's list of this account's newest submissions, at most 100, newest first."""
        listed: list[Submission] = self.ask("submissions", list[Submission])
        return listed

    def limits(self) -> Limits:
        """How many submissions Kaggle has, and how many more it takes today; all 0 before the first one."""
        limits: Limits = self.ask("limits", Limits)
        return limits

    def joined(self) -> bool | None:
        """Whether this account has joined the competition, which means that it accepted the rules; None if unknown."""
        joined: bool | None = self.ask("joined", bool | None)
        return joined

    def ask(self, do: str, kind: Any, watch: Watch | None = None, **arguments: str) -> Any:
        """The answer, of the given type, to a `Question` that changes nothing; see `Watch` for what is seen of it."""
        reply = self.put(Question(do, self.slug, arguments), self.patience, watch or Watch(), lambda _failed: True)
        if isinstance(reply, Failed):
            raise messages.error_for(reply, self.slug)
        return msgspec.json.decode(reply.value, type=kind)

    def put(self, question: Question, seconds: float, watch: Watch, is_safe: Callable[[Failed], bool]) -> Reply:
        """The reply to a question, after retries where a failure may pass and asking again `is_safe`.

        It is given up after so many seconds without a sign of life, as the watch sees them.
        """
        left = self.patience
        for retry in range(_RETRIES):
            reply = self._put_once(question, seconds, watch)
            if isinstance(reply, Done) or not is_safe(reply):
                return reply
            pause = self.patience * _FIRST_PAUSE * 2**retry
            if reply.kind not in ("cut_off", "garbled", "upload_failed"):
                pause = max(pause, reply.retry_after or 0.0)
                if reply.status not in _PASSING or pause > left:
                    return reply
            left -= pause
            what = "Kaggle's answer was lost" if reply.status is None else f"Kaggle is busy ({reply.status})"
            what = "the upload failed" if reply.kind == "upload_failed" else what
            self._on_retry(f"{what}; trying again in {pause:.0f} seconds")
            time.sleep(pause)
        return self._put_once(question, seconds, watch)

    def _put_once(self, question: Question, seconds: float, watch: Watch) -> Reply:
        if self._process is None or not self._process.alive:
            self.close()
            self._process = ClientProcess(self._environment)
        try:
            return self._process.ask(question, seconds, watch)
        except BaseException as error:
            # Be it Ctrl-C: the client is in the middle of something that nobody waits for any more.
            self._process.kill(watch)
            self._process = None
            if isinstance(error, TimeoutError):
                raise watch.given_up(seconds) from None
            if isinstance(error, EOFError):
                raise CompetitionError(
                    f"the kaggle client ended without an answer (exit status {error.args[0]}). Try again; if it "
                    "happens again, bring the client up to date: pip install --upgrade 'kaggle>=2.2.4,<3'."
                ) from None
            raise


def reachable(seconds: float) -> bool:
    """Whether anything answers at Kaggle's address in so many seconds, through the proxies of the environment."""
    import requests

    try:
        requests.head(messages.SITE, timeout=seconds).close()
    except requests.RequestException:
        return False
    return True

"""What the process of the kaggle client does, see process.py.

The client has no time-outs, prints on stdout, asks the network while it is imported and may end the process: a process
of its own can be killed and takes nothing along.

One `Question` comes as a line of JSON on stdin; its `Reply` goes to stdout, perhaps after some `Event`s. When stdin
ends, so does the process: it never outlives the command that started it.
"""

import json
import math
import os
import queue
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, timedelta
from pathlib import Path
from typing import IO, Any

import msgspec

from kaggle_digits.competition import connection, replies
from kaggle_digits.competition.connection import MISUNDERSTANDINGS, ClientError, clean, describe, status_of
from kaggle_digits.competition.replies import Done, Event, Question, Reply

_SUBMISSIONS_LISTED = 100
_LOG_LINES = 200

Emit = Callable[[Event | Reply], None]


class Session:
    """The authenticated client, made at the first question and kept; a method for each question."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._api: Any = None
        self._slug = ""

    def answer(self, question: Question) -> Reply:
        """Does what is asked."""
        self._slug, arguments = question.slug, question.arguments
        try:
            if self._api is None:
                self._api = connection.connect(self._emit)
            value = getattr(self, f"_{question.do}")(**arguments)
            return Done(msgspec.Raw(msgspec.json.encode(value)))
        except (Exception, SystemExit) as error:
            return describe(error, connection.secrets(self._api), arguments.get("path") or arguments.get("file"))

    def _download(self, path: str) -> None:
        self._api.target = Path(path)
        self._api.competition_download_files(self._slug, str(Path(path).parent), force=True, quiet=True)

    def _submit(self, file: str, message: str) -> int:
        answer = self._api.competition_submit(file, message, self._slug, quiet=True)
        if answer.ref:
            return int(answer.ref)
        # A failed upload is returned, not raised. Any other answer without a number leaves open what happened.
        upload_failed = answer.message == self._api.COMPETITION_SUBMIT_UPLOAD_FAILED_MESSAGE
        raise ClientError("upload_failed" if upload_failed else "no_ref", answer.message)

    def _submissions(self) -> list[replies.Submission]:
        listed = self._api.competition_submissions(self._slug, page_size=_SUBMISSIONS_LISTED)
        return [self._submission(one) for one in listed or []]

    def _limits(self) -> replies.Limits:
        limits = self._api.competition_get_submission_limits(self._slug)
        return replies.Limits(limits.num_today, limits.num_total, limits.num_allowed_now)

    def _joined(self) -> bool | None:
        listed = self._api.competitions_list(search=self._slug)
        entered = {one.ref.rsplit("/", 1)[-1]: bool(one.user_has_entered) for one in listed.competitions or []}
        return entered.get(self._slug)

    def _account(self) -> str:
        return str(self._api.get_config_value(self._api.CONFIG_NAME_USER) or "")

    def _quota(self) -> replies.GpuQuota | None:
        statistics = self._api.quota_view()
        quota, renewed = statistics.gpu_quota, statistics.quota_refresh_time
        if quota is None or quota.total_time_allowed is None:
            return None
        total = quota.total_time_allowed.total_seconds() / 3600
        used = (quota.time_used or timedelta()) + (quota.time_reserved or timedelta())
        left = max(0.0, total - used.total_seconds() / 3600)
        return replies.GpuQuota(left, total, renewed and renewed.replace(tzinfo=UTC))

    def _push(self, folder: str) -> replies.Pushed:
        answer = self._api.kernels_push(folder)
        return replies.Pushed(self._clean(answer.error), list(answer.invalid_competition_sources or []))

    def _kernel(self, kernel: str) -> replies.KernelState | None:
        try:
            state = self._api.kernels_status(kernel)
        except Exception as error:
            # Kaggle tells a kernel that is not there from a private one of somebody else's as little as it can.
            if status_of(error) in (403, 404):
                return None
            raise
        status = state.status.name.lower()
        known = {"new_script": "queued", "cancel_requested": "running", "cancel_acknowledged": "cancelled"}
        return replies.KernelState(known.get(status, status), self._clean(state.failure_message))

    def _log(self, kernel: str) -> list[str]:
        text = self._api.kernels_logs(kernel)
        with suppress(*MISUNDERSTANDINGS):  # it came as plain lines long ago
            text = "".join(str(part["data"]) for part in json.loads(text))
        return [self._clean(line) for line in text.splitlines()[-_LOG_LINES:]]

    def _output(self, kernel: str, path: str) -> bool:
        """Downloads the file of that name; False if the kernel left none."""
        self._api.target = Path(path)
        pattern = rf"\A{re.escape(Path(path).name)}\Z"
        paths, _ = self._api.kernels_output(kernel, str(Path(path).parent), file_pattern=pattern)
        return path in paths

    def _submission(self, one: Any) -> replies.Submission:
        status, score = one.status.name.lower(), None
        with suppress(ValueError):
            score = float(one.public_score or "")
        score = score if score is not None and math.isfinite(score) else None
        return replies.Submission(
            ref=one.ref,
            status="pending" if status == "complete" and score is None else status,
            score=score,
            error=self._clean(one.error_description),
            message=self._clean(one.description),
            date=one.date and one.date.replace(tzinfo=UTC),
        )

    def _clean(self, text: str | None) -> str:
        return clean(text or "", connection.secrets(self._api))


def _own_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Takes stdin and stdout away from the client, so that it can neither ask nor mix its prints in."""
    questions = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    return questions, answers


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """The lines of `stream`; when it ends, the whole process ends at once."""
    lines: queue.Queue[bytes] = queue.Queue()

    def read() -> None:
        for line in stream:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    while True:
        yield lines.get()


def main() -> None:
    """What the process does."""
    questions, answers = _own_pipes()

    def emit(message: Event | Reply) -> None:
        answers.write(msgspec.json.encode(message) + b"\n")
        answers.flush()

    session = Session(emit)
    for line in _lines(questions):
        emit(session.answer(msgspec.json.decode(line, type=Question)))

"""What this process and the one with the kaggle client in it tell each other: a line of JSON each."""

from datetime import datetime

import msgspec


class Question(msgspec.Struct, frozen=True):
    """What the client shall do: a method of `worker.Session`, without its underscore, for the competition `slug`."""

    do: str
    slug: str
    arguments: dict[str, str] = {}


class Size(msgspec.Struct, frozen=True, tag=True):
    """On the way: a download has begun, and has so many bytes if Kaggle says so."""

    bytes: int | None


class Uploaded(msgspec.Struct, frozen=True, tag=True):
    """On the way: a file is uploaded, and Kaggle will be asked to take it now."""


class Done(msgspec.Struct, frozen=True, tag=True):
    """The answer, as JSON: its type is the question's business."""

    value: msgspec.Raw


class Failed(msgspec.Struct, frozen=True, tag=True):
    """There is no answer.

    Its kind is `http`, or one of those that `messages` knows a sentence for; the text is Kaggle's or the system's,
    without credentials; the status is HTTP's, where Kaggle answered; `retry_after` are seconds that it asks to wait.
    """

    kind: str
    text: str = ""
    status: int | None = None
    retry_after: float | None = None


Event = Size | Uploaded
Reply = Done | Failed


class Submission(msgspec.Struct, frozen=True):
    """One line of Kaggle's list of submissions.

    Attributes:
        ref: Kaggle's number for it.
        status: `pending`, `complete` or `error`.
        score: the public score, a share of right labels from 0 to 1, or None while there is none.
        error: why Kaggle could not score it, in Kaggle's words; empty where it could.
        message: what was written beside it.
        date: when Kaggle took it, in UTC.
    """

    ref: int
    status: str
    score: float | None
    error: str
    message: str
    date: datetime | None


class Limits(msgspec.Struct, frozen=True):
    """How many submissions Kaggle has, and how many it takes today still; all 0 before the first one."""

    today: int = 0
    total: int = 0
    left: int = 0


class Pushed(msgspec.Struct, frozen=True):
    """What Kaggle says to a program: why it does not take it, and which competitions it knows nothing of."""

    error: str
    unknown_competitions: list[str]


class KernelState(msgspec.Struct, frozen=True):
    """How far a kernel is: `queued`, `running`, `complete`, `error` or `cancelled`; and perhaps why it failed."""

    status: str
    message: str


class GpuQuota(msgspec.Struct, frozen=True):
    """The hours for which Kaggle lends this account a GPU: left, in all of a week, and when the week ends."""

    left: float
    total: float
    renewed: datetime | None

    def __str__(self) -> str:
        until = f", until {self.renewed.astimezone():%Y-%m-%d %H:%M}" if self.renewed else ""
        return f"{self.left:.1f} of {self.total:.0f} GPU hours left on Kaggle{until}"

"""What can go wrong, as a tree with one root.

    DigitsError              every error that a user can act on
    ├── DataError            a file or array that is not what it should be
    ├── RunError             a run folder that is missing, unfinished or unreadable
    ├── ExportError          a model that cannot travel in the form asked for, or would not answer as before
    ├── SubmissionError      a submission file that Kaggle would reject
    ├── StorageError         a disk that is full, a folder that cannot be written
    └── CompetitionError     Kaggle said no, or nothing at all
        ├── CredentialsError     no account given, or the account was rejected
        ├── ConnectionLostError  no network, no answer in time, or an answer cut short
        │   └── UnknownFateError     a submission whose answer was lost: perhaps taken, perhaps not
        ├── UnscoredError        Kaggle took a submission and could not score it
        └── KaggleBusyError      Kaggle asks to wait, or is out of order for now

A message says what is wrong, with the value and the place, and then what to do next. The command line catches
`DigitsError` once, prints the message and exits with status 1; nothing else in the package catches it in order to
print.
"""


class DigitsError(Exception):
    """Something that the user can put right; the message says how."""


def first_line(error: BaseException) -> str:
    """What a library says of an error, as far as it fits into a sentence of ours."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")[:200]


class DataError(DigitsError):
    """A file or an array that is not what it should be."""


class RunError(DigitsError):
    """A run folder that is missing, unfinished or unreadable."""


class ExportError(DigitsError):
    """A model that cannot travel in the form asked for, or that would not answer as before."""


class SubmissionError(DigitsError):
    """A submission file that Kaggle would reject."""


class StorageError(DigitsError):
    """A disk that is full, or a folder that cannot be written."""


class CompetitionError(DigitsError):
    """Kaggle said no."""


class CredentialsError(CompetitionError):
    """No Kaggle account was given, or the one given was rejected."""


class ConnectionLostError(CompetitionError):
    """Kaggle could not be reached, did not answer in time, or was cut off in the middle."""


class UnknownFateError(ConnectionLostError):
    """The answer to a submission was lost, and nobody here knows whether it was taken."""


class UnscoredError(CompetitionError):
    """Kaggle took a submission and could not score it.

    Attributes:
        reason: Kaggle's words; empty where it gave none.
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class KaggleBusyError(CompetitionError):
    """Kaggle asks to wait, or is out of order for now: the same question may be answered later.

    Attributes:
        retry_after: seconds that Kaggle asked to wait, or None where it did not say.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after

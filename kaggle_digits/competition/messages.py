"""What Kaggle's refusals mean: one sentence, and the next step, for each."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kaggle_digits.competition.replies import Failed
from kaggle_digits.errors import (
    CompetitionError,
    ConnectionLostError,
    CredentialsError,
    DigitsError,
    KaggleBusyError,
    StorageError,
    UnknownFateError,
    UnscoredError,
)

SITE = "https://www.kaggle.com"
TOKEN_PAGE = f"{SITE}/settings/api"
PLACES = (
    "set the environment variable KAGGLE_API_TOKEN to it or write it to the file ~/.kaggle/access_token "
    "(an older ~/.kaggle/kaggle.json works too)"
)


def page(slug: str, name: str) -> str:
    """The address of one of a competition's pages: `rules`, `data` or `submissions`."""
    return f"{SITE}/competitions/{slug}/{name}"


def error_for(failed: Failed, slug: str) -> DigitsError:
    """The error to raise for what the client's process reported.

    Args:
        failed: the report.
        slug: the competition's name.
    """
    kind, text = failed.kind, failed.text
    if kind == "http":
        return _refusal(failed, slug)
    if kind == "disk":
        return StorageError(
            f"a file cannot be read or written: {text}. Free some space, or choose a folder that you may use, then try "
            "again."
        )
    if kind in _CREDENTIALS:
        return CredentialsError(_CREDENTIALS[kind].format(text=text))
    if kind in _CONNECTION:
        return ConnectionLostError(_CONNECTION[kind].format(text=text))
    return CompetitionError(_OTHERS[kind].format(text=text))


def silence(seconds: float) -> ConnectionLostError:
    """Kaggle was given so many seconds, and they are over."""
    return ConnectionLostError(
        f"Kaggle did not answer within {round(seconds, 1):g} seconds. Try again later; "
        "on a slow connection, allow it more: KDIGITS_TIMEOUT=300."
    )


def stall(seconds: float, received: int) -> ConnectionLostError:
    """Nothing of a download came for so many seconds, after `received` bytes."""
    return ConnectionLostError(
        f"the download stopped after {received / 1e6:,.1f} MB: nothing came for {round(seconds, 1):g} seconds. "
        "Try again later; on a slow connection, allow it more: KDIGITS_TIMEOUT=300."
    )


def trickle(done: int, total: int | None, seconds: float, rate: float) -> ConnectionLostError:
    """A download is too slow.

    Args:
        done: bytes that have arrived.
        total: bytes that there will be, if Kaggle says so.
        seconds: since the first of them.
        rate: bytes a second that are the least.
    """
    of = f" of {total / 1e6:,.2f}" if total else ""
    return ConnectionLostError(
        f"the download is too slow: {done / 1e6:,.2f}{of} MB came in {seconds:.0f} seconds, and less than "
        f"{rate / 1e3:,.3g} kB a second is given up. Try again later; on a slow connection, allow it more: "
        "KDIGITS_TIMEOUT=300."
    )


def endless(most: int) -> CompetitionError:
    """A download has more bytes than any of this competition's."""
    return CompetitionError(
        f"Kaggle sends more than {most:,} bytes, which cannot be the digits. "
        "Correct KDIGITS_COMPETITION, or leave it out."
    )


def death(status: int | None) -> CompetitionError:
    """The client's process ended by itself, with this exit status."""
    return CompetitionError(
        f"the kaggle client ended without an answer (exit status {status}). Try again; if it happens again, "
        "bring the client up to date: pip install --upgrade 'kaggle>=2.2.4,<3'."
    )


def pause_before_retry(failed: Failed, pause: float, longest: float) -> float | None:
    """How many seconds to wait before a question that changes nothing is put again; None where it should not be.

    Args:
        failed: the report.
        pause: seconds to wait where Kaggle does not name them.
        longest: seconds beyond which Kaggle's own wish is not waited for.
    """
    if failed.kind in ("cut_off", "garbled", "upload_failed"):
        return pause
    if failed.status not in _PASSING:
        return None
    wish = max(pause, failed.retry_after or 0.0)
    return wish if wish <= longest else None


def retrying(failed: Failed, seconds: float) -> str:
    """What to tell the user while a question waits to be put again."""
    what = "Kaggle's answer was lost" if failed.status is None else f"Kaggle is busy ({failed.status})"
    what = "the upload failed" if failed.kind == "upload_failed" else what
    return f"{what}; trying again in {seconds:.0f} seconds"


def leaves_open(failed: Failed) -> bool:
    """Whether Kaggle may have taken a submission all the same."""
    if failed.status is not None:
        return failed.status >= 500
    return failed.kind in ("cut_off", "garbled", "no_ref", "unexpected")


@contextmanager
def nothing_submitted() -> Iterator[None]:
    """Whatever fails inside, fails before Kaggle has taken a submission, unless it says otherwise."""
    try:
        yield
    except UnknownFateError:
        raise
    except DigitsError as error:
        if "nothing was submitted" not in str(error).lower():
            error.args = (f"{error} Nothing was submitted.", *error.args[1:])
        raise


def no_room(folder: Path, needed: int, free: int) -> StorageError:
    """A download of `needed` bytes is on its way to a folder that has only `free` left."""
    return StorageError(
        f"{folder} has no room: the download needs {needed / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free. "
        "Free some space, then try again."
    )


def unknown_fate(slug: str, cause: str) -> UnknownFateError:
    """The answer to a submission was lost, for this reason."""
    return UnknownFateError(
        "the answer to the submission was lost, and whether it was taken is unknown: it is not on Kaggle's list (yet), "
        "or the list cannot be read now. It was not sent twice. "
        f"Look at {page(slug, 'submissions')} before you send it again. ({cause})"
    )


def not_scored(slug: str, reason: str) -> UnscoredError:
    """Kaggle took a submission and could not score it."""
    return UnscoredError(
        f"Kaggle could not score the submission: “{reason or 'no reason given'}”. "
        f"Correct the file before you send another; see {page(slug, 'submissions')}.",
        reason,
    )


def none_left(slug: str) -> CompetitionError:
    """The day's submissions are spent; they come back at midnight UTC."""
    return CompetitionError(
        "no submission is left today. Nothing was submitted. Kaggle counts anew at midnight UTC: try again then. "
        f"Those of today are at {page(slug, 'submissions')}."
    )


def score_late(slug: str, ref: int, seconds: float) -> CompetitionError:
    """A submission was taken, and has no score yet."""
    return CompetitionError(
        f"the submission was taken (number {ref}), but has no score after {seconds:g} seconds. "
        f"Do not send it again: kaggle-digits scores brings its score; so does {page(slug, 'submissions')}."
    )


def _refusal(failed: Failed, slug: str) -> DigitsError:
    status, text = failed.status or 0, failed.text
    quote = f" and says: “{text}”" if text else ""
    if status == 401:
        return CredentialsError(_CREDENTIALS["rejected"])
    if status == 429 or status >= 500:
        what = "too many requests: Kaggle asks to wait" if status == 429 else "Kaggle is out of order for now"
        wait = "a few minutes" if failed.retry_after is None else f"{failed.retry_after:g} seconds"
        return KaggleBusyError(f"{what} ({status}){quote}. Try again in {wait}.", failed.retry_after)
    # Kaggle forbids for many reasons; where its words are about something else, the rules would lead astray.
    other = status == 403 and text and not any(word in text.lower() for word in _ABOUT_RULES)
    advice = _GENERAL if other else _ADVICE.get(status, _GENERAL)
    pages = {"competition": f"{SITE}/competitions/{slug}", "rules": page(slug, "rules"), "site": SITE}
    return CompetitionError(f"Kaggle refuses ({status}){quote}. {advice.format(slug=slug, **pages)}")


# What may be gone a moment later.
_PASSING = (429, 500, 502, 503, 504)

_CREDENTIALS = {
    "no_credentials": f"no Kaggle account is set up here. Make a token at {TOKEN_PAGE}, then {PLACES}.",
    "rejected": f"Kaggle rejects the credentials given (401). Make a new token at {TOKEN_PAGE}, then {PLACES}.",
    "damaged_credentials": "the Kaggle credentials are damaged: {text}. Correct or remove it, or make a new token at "
    f"{TOKEN_PAGE}, then {PLACES}.",
    "unreadable_credentials": "the Kaggle credentials cannot be read: {text}. Make it a file that you "
    "may read, or set the environment variable KAGGLE_API_TOKEN to the token itself.",
}

_CONNECTION = {
    "unreachable": "Kaggle cannot be reached. Check the network connection, and HTTPS_PROXY if you are behind a "
    "proxy, then try again.",
    "untrusted": "the connection to Kaggle cannot be trusted: its certificate does not verify. Check the clock; "
    "behind a company's proxy, set REQUESTS_CA_BUNDLE to its certificates.",
    "cut_off": "the connection to Kaggle was cut off in the middle. Try again.",
    "garbled": "Kaggle's answer cannot be understood: it may be a web page, or cut short. Try again; if it happens "
    "again, a proxy or a login page may stand in between.",
}

_OTHERS = {
    "no_client": "the kaggle client cannot be loaded: {text}. Install it again: pip install 'kaggle>=2.2.4,<3'.",
    "no_folder": "the kaggle client cannot use its settings folder: {text}. Make it a folder that you may write to, "
    "or set KAGGLE_CONFIG_DIR to another one.",
    "upload_failed": "the upload failed, and nothing was submitted. Try again; it cost none of today's submissions.",
    "no_ref": "Kaggle took the submission without giving it a number: “{text}”.",
    "unexpected": "the kaggle client failed: {text}. Try again; if it happens again, please report it.",
}

_ABOUT_RULES = ("rule", "accept", "phone", "verif", "permission", "join")

_GENERAL = "See {competition} for what it expects."

_ADVICE = {
    400: "If it names a limit, wait until tomorrow (UTC); else correct what it names, then try again.",
    403: "Accept the rules once, logged in, at {rules}, and verify your phone at {site}/settings if it asks; "
    "then try again.",
    404: "There is no competition named {slug!r}. Correct KDIGITS_COMPETITION, or leave it out.",
}

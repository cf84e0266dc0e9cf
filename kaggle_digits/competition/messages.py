"""What Kaggle's refusals mean: one sentence, and the next step, for each."""

from collections.abc import Iterator
from contextlib import contextmanager

from kaggle_digits.competition.replies import Failed
from kaggle_digits.errors import (
    CompetitionError,
    ConnectionLostError,
    CredentialsError,
    DigitsError,
    KaggleBusyError,
    StorageError,
    UnknownFateError,
)
from kaggle_digits.extras import install_line

_CLIENT = "kaggle>=2.2.4,<3"
SITE = "https://www.kaggle.com"
TOKEN_PAGE = f"{SITE}/settings/api"
PLACES = "set KAGGLE_API_TOKEN to it, or save it as the file ~/.kaggle/access_token"


def page(slug: str, name: str) -> str:
    """The address of one of a competition's pages: `rules`, `data` or `submissions`."""
    return f"{SITE}/competitions/{slug}/{name}"


def error_for(failed: Failed, slug: str) -> DigitsError:
    """The error to raise for what the client's process reported of the competition of that name."""
    if failed.kind == "http":
        return _refusal(failed, slug)
    raised = next(error for error, sentences in _FAILURES.items() if failed.kind in sentences)
    return raised(_FAILURES[raised][failed.kind].format(text=failed.text, line=install_line(_CLIENT)))


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


def _refusal(failed: Failed, slug: str) -> DigitsError:
    status, text = failed.status or 0, failed.text
    quote = f" and says: “{text}”" if text else ""
    if status == 401:
        return CredentialsError(_FAILURES[CredentialsError]["rejected"])
    if status == 429 or status >= 500:
        what = "too many requests: Kaggle asks to wait" if status == 429 else "Kaggle is out of order for now"
        wait = "a few minutes" if failed.retry_after is None else f"{failed.retry_after:g} seconds"
        return KaggleBusyError(f"{what} ({status}){quote}. Try again in {wait}.", failed.retry_after)
    # Kaggle forbids for many reasons; where its words are about something else, the rules would lead astray.
    other = status == 403 and text and not any(word in text.lower() for word in _ABOUT_RULES)
    advice = _GENERAL if other else _ADVICE.get(status, _GENERAL)
    pages = {"competition": f"{SITE}/competitions/{slug}", "rules": page(slug, "rules"), "site": SITE}
    return CompetitionError(f"Kaggle refuses ({status}){quote}. {advice.format(slug=slug, **pages)}")


_FAILURES: dict[type[DigitsError], dict[str, str]] = {
    CredentialsError: {
        "no_credentials": f"no Kaggle account is set up here. Make a token at {TOKEN_PAGE}, then {PLACES}.",
        "rejected": f"Kaggle rejects the credentials given (401). Make a new token at {TOKEN_PAGE}, then {PLACES}.",
        "damaged_credentials": "the Kaggle credentials are damaged: {text}. Correct or remove it, or make a new token "
        f"at {TOKEN_PAGE}, then {PLACES}.",
        "unreadable_credentials": "the Kaggle credentials cannot be read: {text}. Make it a file that you may read, or "
        "set the environment variable KAGGLE_API_TOKEN to the token itself.",
    },
    ConnectionLostError: {
        "unreachable": "Kaggle cannot be reached. Check the network connection, and HTTPS_PROXY if you are behind a "
        "proxy, then try again.",
        "untrusted": "the connection to Kaggle cannot be trusted: its certificate does not verify. Check the clock; "
        "behind a company's proxy, set REQUESTS_CA_BUNDLE to its certificates.",
        "cut_off": "the connection to Kaggle was cut off in the middle. Try again.",
        "garbled": "Kaggle's answer cannot be understood: it may be a web page, or cut short. Try again; if it happens "
        "again, a proxy or a login page may stand in between.",
    },
    StorageError: {
        "disk": "a file cannot be read or written: {text}. Free some space, or choose a folder that you may use, then "
        "try again.",
    },
    CompetitionError: {
        "no_client": "the kaggle client cannot be loaded: {text}. Install it again: {line}.",
        "no_folder": "the kaggle client cannot use its settings folder: {text}. Make it a folder that you may write "
        "to, or set KAGGLE_CONFIG_DIR to another one.",
        "upload_failed": "the upload failed, and nothing was submitted. Try again; it cost none of today's "
        "submissions.",
        "no_ref": "Kaggle took the submission without giving it a number: “{text}”.",
        "unexpected": "the kaggle client failed: {text}. Try again; if it happens again, please report it.",
    },
}
"""What to raise and what to say, by the kind of a `Failed`."""

_ABOUT_RULES = ("rule", "accept", "phone", "verif", "permission", "join")

_GENERAL = "See {competition} for what it expects."

_ADVICE = {
    400: "If it names a limit, wait until tomorrow (UTC); else correct what it names, then try again.",
    403: "Accept the rules once, logged in, at {rules}, and verify your phone at {site}/settings if it asks; "
    "then try again.",
    404: "There is no competition named {slug!r}. Correct KDIGITS_COMPETITION, or leave it out.",
}

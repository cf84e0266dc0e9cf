"""Programs that run on Kaggle's own machines, which Kaggle calls kernels.

Every function that asks Kaggle raises `CompetitionError` where Kaggle says no, or nothing.
"""

import json
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from kaggle_digits.competition import messages
from kaggle_digits.competition.client import Kaggle
from kaggle_digits.competition.polling import poll
from kaggle_digits.competition.replies import Failed, GpuQuota, KernelState, Pushed, Question
from kaggle_digits.competition.watch import Download, OnProgress, Watch, ignore_progress
from kaggle_digits.errors import CompetitionError, ConnectionLostError, CredentialsError, DigitsError

_METADATA = {  # see https://github.com/Kaggle/kaggle-cli/blob/main/docs/kernels_metadata.md
    "language": "python",
    "is_private": True,
    "enable_internet": True,
}
_SCRIPT = {
    "code_file": "script.py",
    "kernel_type": "script",
    "enable_gpu": True,
    "machine_shape": "NvidiaTeslaT4",  # Kaggle's default, a P100, is too old for current releases of cuDNN
}
_NOTEBOOK = {"code_file": "notebook.ipynb", "kernel_type": "notebook", "enable_gpu": False}
_ERROR = "error: "

# In minutes: pauses between two questions from 5 seconds to half a minute; an hour in the queue; 12.5 hours of running,
# of which Kaggle itself allows 12; 10 minutes without the network, or until a new kernel is known.
_FIRST_PAUSE, _LONGEST_PAUSE = 1 / 12, 1 / 2
_LONGEST = {"queued": 60.0, "running": 750.0}
_LONGEST_DARKNESS = 10.0


class NotFinishedError(CompetitionError):
    """A kernel did not come to its end while it was waited for; it may still do so."""


class FailedError(CompetitionError):
    """A kernel came to a bad end."""


def account(kaggle: Kaggle) -> str:
    """The name of the account that the credentials belong to, and that has accepted the competition's rules."""
    name: str = kaggle.ask("account", str)
    if not name:
        raise CredentialsError(
            f"Kaggle does not say whose credentials these are. Make a new token at {messages.TOKEN_PAGE}."
        )
    if kaggle.joined() is False:
        raise _not_joined(kaggle)
    return name


def gpu_quota(kaggle: Kaggle) -> GpuQuota | None:
    """The GPU hours that this account has left; None where Kaggle does not say."""
    quota: GpuQuota | None = kaggle.ask("quota", GpuQuota | None)
    return quota


def address(kernel: str) -> str:
    """The page of a kernel, given as `account/name`: its log, its files, and a button that stops it."""
    return f"{messages.SITE}/code/{kernel}"


def push(kaggle: Kaggle, kernel: str, program: str, *, notebook: bool = False) -> None:
    """Sends a program to Kaggle, where it runs, privately, with the competition's files: a script waits for a GPU.

    The kernel is `account/name`; the name has small letters, digits and hyphens, and becomes the title. The program is
    a Python script, or a notebook's JSON. It is sent once. Should the answer be lost, `state` tells whether it arrived.

    Raises:
        ConnectionLostError: the answer was lost, so that nobody knows whether Kaggle took it.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kind = _NOTEBOOK if notebook else _SCRIPT
        (folder / str(kind["code_file"])).write_text(program, encoding="utf-8")
        about = {"id": kernel, "title": kernel.split("/")[1], "competition_sources": [kaggle.slug]}
        metadata = {**_METADATA, **kind, **about}
        (folder / "kernel-metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
        question = Question("push", kaggle.slug, {"folder": str(folder)})
        reply = kaggle.put(question, 2 * kaggle.patience, Watch(), lambda failed: failed.status == 429)
    if isinstance(reply, Failed):
        raise _not_pushed(reply, kaggle.slug)
    pushed = msgspec.json.decode(reply.value, type=Pushed)
    if pushed.error:
        raise _refused(pushed.error, kaggle.slug)
    if pushed.unknown_competitions:
        raise _not_joined(kaggle)


def state(kaggle: Kaggle, kernel: str) -> KernelState | None:
    """How far a kernel is; None where there is no such kernel."""
    now: KernelState | None = kaggle.ask("kernel", KernelState | None, kernel=kernel)
    return now


def last_words(kaggle: Kaggle, kernel: str) -> str:
    """What a kernel wrote last: the last line that begins with `error: `, else its last three lines."""
    log: list[str] = kaggle.ask("log", list[str], kernel=kernel)
    lines = [line for line in log if line and not _CHATTER.match(line)]
    errors = [line for line in lines if line.startswith(_ERROR)]
    return errors[-1].removeprefix(_ERROR) if errors else " / ".join(lines[-3:])


def download(kaggle: Kaggle, kernel: str, file: Path, on_progress: OnProgress = ignore_progress) -> bool:
    """Downloads the file of that name that a kernel has left, into a folder that exists; False if there is none.

    What arrives is unchecked.

    Raises:
        StorageError: the disk is full.
    """
    watch = Download(file.absolute(), on_progress, kaggle.patience)
    there: bool = kaggle.ask("output", bool, watch, kernel=kernel, path=str(file.absolute()))
    return there


def follow(
    kaggle: Kaggle,
    kernel: str,
    on_change: Callable[[KernelState], None] = lambda _state: None,
    minute_s: float | None = None,
) -> None:
    """Asks for a kernel's state, less and less often, until it is complete; `on_change` gets every new one.

    Trouble with the network, or Kaggle being busy, only costs time. Hours in which this machine sleeps do not count. A
    minute of waiting has `minute_s` seconds, by default Kaggle's patience, which is 60.

    Raises:
        NotFinishedError: it waited in the queue, or ran, for too long, or Kaggle was silent for too long.
        FailedError: it ended in an error, or was cancelled.
    """
    minute = kaggle.patience if minute_s is None else minute_s
    before, since = KernelState("", ""), time.monotonic()
    heard = since
    for found, trouble in poll(lambda: state(kaggle, kernel), _FIRST_PAUSE * minute, _LONGEST_PAUSE * minute):
        now = time.monotonic()
        if found is not None:
            heard = now
            if found != before:
                before, since = found, now
                on_change(before)
        if before.status == "complete":
            return
        if before.status in ("error", "cancelled"):
            raise _failed(kaggle, kernel, before)
        if now - heard > _LONGEST_DARKNESS * minute:
            why = trouble or "Kaggle knows of no such kernel (any more)."
            raise NotFinishedError(f"there has been no news of {address(kernel)} for too long: {why}")
        if now - since > _LONGEST.get(before.status, _LONGEST_DARKNESS) * minute:
            raise NotFinishedError(f"{address(kernel)} is still {before.status}, after {now - since:,.0f} s.")


def _failed(kaggle: Kaggle, kernel: str, last: KernelState) -> FailedError:
    page = address(kernel)
    if last.status == "cancelled":
        return FailedError(f"the training was stopped on Kaggle, see {page}. Start a new one: kaggle-digits train.")
    try:
        words = last_words(kaggle, kernel)
    except CompetitionError:
        words = ""
    quote = words or last.message or "nothing"
    return FailedError(f"the training failed on Kaggle. Its last words: “{quote}”. The whole log is at {page}.")


def _not_joined(kaggle: Kaggle) -> CompetitionError:
    return CompetitionError(
        "Kaggle gives the competition's files only to those who have joined it. Accept the rules once, logged in, at "
        f"{messages.page(kaggle.slug, 'rules')}, then try again."
    )


def _not_pushed(failed: Failed, slug: str) -> DigitsError:
    if messages.leaves_open(failed):
        return ConnectionLostError(str(messages.error_for(failed, slug)))
    if failed.text and failed.status not in (None, 401, 429):
        return _refused(failed.text, slug)
    return messages.error_for(failed, slug)


def _refused(text: str, slug: str) -> CompetitionError:
    """Kaggle gives its reason in words alone."""
    fitting = (advice for words, advice in _ADVICE.items() if re.search(words, text, re.IGNORECASE))
    advice = next(fitting, "See {site}/code for what runs there already.")
    return CompetitionError(
        f"Kaggle does not take the training, and says: “{text}”. "
        + advice.format(site=messages.SITE, page=messages.page(slug, "rules"))
    )


_ADVICE = {
    "quota": "The hours are renewed every week; {site}/settings shows how many are left. Until then, train here: leave "
    "--on out.",
    "session": "Wait until one of them ends, or stop it at {site}/code, then try again.",
    "phone|verif": "Verify your phone, once, at {site}/settings: Kaggle lends GPUs and internet only then.",
    "rule|accept|join": "Accept the rules once, logged in, at {page}, then try again.",
}

# What Kaggle adds to every log when it makes a page of it.
_CHATTER = re.compile(r"\[NbConvertApp\]|.*(traitlets|nbconvert|mistune).*Warning|\s*(warn\(|warnings\.warn)")

"""Programs that run on Kaggle's own machines, which Kaggle calls kernels."""

import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from kaggle_digits.competition import answers
from kaggle_digits.competition.client import Kaggle
from kaggle_digits.competition.watch import Download, Progress, Watch, ignore_progress
from kaggle_digits.errors import CompetitionError, ConnectionLostError, CredentialsError, DigitsError

LONGEST_TITLE = 50
"""Letters; Kaggle answers a longer title with an internal error (https://github.com/Kaggle/kaggle-cli/pull/179)."""

# Kaggle's default is a P100, which is too old for current releases of cuDNN.
_ACCELERATOR = "NvidiaTeslaT4"
_SCRIPT = "script.py"
_ERROR = "error: "


@dataclass(frozen=True)
class State:
    """How far a kernel is.

    Attributes:
        status: `queued`, `running`, `complete`, `error` or `cancelled`.
        message: why it failed, in Kaggle's words; often empty.
    """

    status: str
    message: str

    @classmethod
    def from_json(cls, entry: dict[str, str]) -> Self:
        """Makes one of what the child process reports."""
        status = entry["status"]
        known = {"new_script": "queued", "cancel_requested": "running", "cancel_acknowledged": "cancelled"}
        return cls(known.get(status, status), entry["message"])


def account(kaggle: Kaggle) -> str:
    """The name of the account that the credentials belong to.

    Raises:
        CompetitionError: Kaggle said no, or nothing; or the rules of the competition are not accepted.
    """
    name = str(kaggle.answer({"do": "account"}))
    if not name:
        raise CredentialsError(f"Kaggle does not say whose credentials these are. Make a new token at {_TOKENS}.")
    if kaggle.joined() is False:
        raise CompetitionError(_RULES.format(page=answers.page(kaggle.slug, "rules")))
    return name


def address(kernel: str) -> str:
    """The page of a kernel, given as `account/name`: its log, its files, and a button that stops it."""
    return f"{answers.SITE}/code/{kernel}"


def push(kaggle: Kaggle, kernel: str, script: str) -> None:
    """Sends a Python script to Kaggle, where it waits for a GPU and runs, privately, with the competition's files.

    It is sent once. Should the answer be lost, `state` tells whether it arrived.

    Args:
        kaggle: the other side.
        kernel: `account/name`; the name has small letters, digits and hyphens, and becomes the title.
        script: the whole program.

    Raises:
        ConnectionLostError: the answer was lost, so that nobody knows whether Kaggle took it.
        CompetitionError: it was not taken.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / _SCRIPT).write_text(script, encoding="utf-8")
        (folder / "kernel-metadata.json").write_text(json.dumps(_metadata(kernel, kaggle.slug)), encoding="utf-8")
        question = {"do": "push", "folder": str(folder)}
        reply = kaggle.reply(question, 2 * kaggle.patience, Watch(), lambda failed: failed["status"] == 429)
    if "failed" in reply:
        raise _not_pushed(reply["failed"], kaggle.slug)
    done = reply["done"]
    if done["error"]:
        raise _refused(done["error"], kaggle.slug)
    if done["invalid"]:
        raise CompetitionError(_RULES.format(page=answers.page(kaggle.slug, "rules")))


def state(kaggle: Kaggle, kernel: str) -> State | None:
    """How far a kernel is; None where there is no such kernel.

    Raises:
        CompetitionError: Kaggle said no, or nothing.
    """
    found = kaggle.answer({"do": "kernel", "kernel": kernel})
    return None if found is None else State.from_json(found)


def last_words(kaggle: Kaggle, kernel: str) -> str:
    """What a kernel wrote last: the last line that begins with `error: `, else its last three lines.

    Raises:
        CompetitionError: Kaggle said no, or nothing.
    """
    lines = [line for line in kaggle.answer({"do": "log", "kernel": kernel}) if line and not _CHATTER.match(line)]
    errors = [line for line in lines if line.startswith(_ERROR)]
    return errors[-1].removeprefix(_ERROR) if errors else " / ".join(lines[-3:])


def download(kaggle: Kaggle, kernel: str, file: Path, on_progress: Progress = ignore_progress) -> bool:
    """Downloads one file that a kernel has left. What arrives is unchecked.

    Args:
        kaggle: the other side.
        kernel: `account/name`.
        file: where to; its name is the one on Kaggle, its folder exists.
        on_progress: is told the bytes that arrived so far, and how many there will be if Kaggle says so.

    Returns:
        Whether there is such a file.

    Raises:
        CompetitionError: Kaggle said no, or nothing.
        StorageError: the disk is full.
    """
    watch = Download(file.absolute(), on_progress)
    return bool(kaggle.answer({"do": "output", "kernel": kernel, "path": str(file.absolute())}, watch))


def _metadata(kernel: str, slug: str) -> dict[str, Any]:
    """See https://github.com/Kaggle/kaggle-cli/blob/main/docs/kernels_metadata.md."""
    return {
        "id": kernel,
        "title": kernel.split("/")[1],
        "code_file": _SCRIPT,
        "language": "python",
        "kernel_type": "script",
        "is_private": True,
        "enable_gpu": True,
        "enable_internet": True,
        "machine_shape": _ACCELERATOR,
        "competition_sources": [slug],
    }


def _not_pushed(failed: dict[str, Any], slug: str) -> DigitsError:
    if answers.leaves_open(failed):
        return ConnectionLostError(str(answers.error_for(failed, slug)))
    if failed["kind"] == "http" and failed["text"] and failed["status"] not in (401, 429):
        return _refused(failed["text"], slug)
    return answers.error_for(failed, slug)


def _refused(text: str, slug: str) -> CompetitionError:
    """Kaggle gives its reason in words alone."""
    fitting = (advice for words, advice in _ADVICE.items() if re.search(words, text, re.IGNORECASE))
    advice = next(fitting, "See {site}/code for what runs there already.")
    return CompetitionError(
        f"Kaggle does not take the training, and says: “{text}”. "
        + advice.format(site=answers.SITE, page=answers.page(slug, "rules"))
    )


_TOKENS = answers.TOKEN_PAGE

_RULES = (
    "Kaggle gives the competition's files only to those who have joined it. Accept the rules once, logged in, at "
    "{page}, then try again."
)

_ADVICE = {
    "quota": "The hours begin anew every week; {site}/settings shows how many are left. Until then, train here: leave "
    "--on out.",
    "session": "Wait until one of them ends, or stop it at {site}/code, then try again.",
    "phone|verif": "Verify your phone, once, at {site}/settings: Kaggle lends GPUs and internet only then.",
    "rule|accept|join": "Accept the rules once, logged in, at {page}, then try again.",
}

# What Kaggle adds to every log when it makes a page of it.
_CHATTER = re.compile(r"\[NbConvertApp\]|.*(traitlets|nbconvert|mistune).*Warning|\s*(warn\(|warnings\.warn)")

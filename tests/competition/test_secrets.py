"""Credentials are seen nowhere: not in what is printed, not in a file, whatever goes wrong."""

import contextlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from kaggle_server import TOKEN, Fault, KaggleServer
from test_fetch import stored
from typer.testing import CliRunner

from kaggle_digits.cli import app
from kaggle_digits.competition import submission

KEY, PASSWORD, SIGNATURE = "an-old-key-98765", "a-proxy-password-4321", "signature=abc"
SECRETS = (TOKEN, KEY, PASSWORD, SIGNATURE)

COMMANDS = (["fetch"], ["submit", "mine.csv"], ["scores"], ["doctor"], ["submit", "mine.csv", "--json", "--force"])

CALLS = ("IntrospectToken", "DownloadDataFiles", "ListSubmissions", "GetSubmissionLimits", "ListCompetitions")


def loud(secret: str) -> str:
    """Kaggle, or whoever stands between, repeats what it was told."""
    return f"Authorization: Bearer {secret} is no good, {secret}"


FAULTS: dict[str, dict[str, Fault]] = {
    "nothing is wrong": {},
    "rejected": dict.fromkeys(CALLS, Fault(401, message=loud(TOKEN))),
    "forbidden": dict.fromkeys(CALLS[1:], Fault(403, message=loud(TOKEN))),
    "a web page": dict.fromkeys(CALLS[1:], Fault(200, loud(TOKEN).encode())),
    "out of order": {
        **dict.fromkeys(CALLS[1:], Fault(400, message=loud(TOKEN))),
        "zip": Fault(400, loud(TOKEN).encode()),
    },
    "cut off": {"zip": Fault(cut_after=100), "rest": Fault(dropped=True), "CreateSubmission": Fault(dropped=True)},
}

# The ways to name an account: environment variables, and files in the home folder.
ACCOUNTS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "a token": ({}, {}),
    "a user and a key": ({"KAGGLE_API_TOKEN": "", "KAGGLE_USERNAME": "somebody", "KAGGLE_KEY": KEY}, {}),
    "kaggle.json": ({"KAGGLE_API_TOKEN": ""}, {"kaggle.json": json.dumps({"username": "somebody", "key": KEY})}),
    "a file with a token": ({"KAGGLE_API_TOKEN": ""}, {"access_token": TOKEN}),
}


def run_all(folder: Path, environment: dict[str, str]) -> str:
    """All that the commands print, one after the other."""
    told = ""
    with contextlib.chdir(folder), pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("KAGGLE_")]:
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        for words in COMMANDS:
            result = CliRunner().invoke(app, words)
            assert result.exception is None or isinstance(result.exception, SystemExit)
            told += result.output + result.stderr
    return told


def check_silent(told: str, folder: Path) -> None:
    assert told
    for path in folder.rglob("*"):
        if path.is_file():
            told += str(path) + path.read_bytes().decode("latin-1")
    assert [secret for secret in SECRETS if secret in told] == []


@pytest.fixture
def work(tmp_path: Path, server: KaggleServer) -> Path:
    """A folder with a submission, and a home folder beside it."""
    server.archive = stored()
    (tmp_path / "home" / ".kaggle").mkdir(parents=True)
    submission.write(tmp_path / "work" / "mine.csv", range(1, 28_001), [row % 10 for row in range(28_000)])
    return tmp_path / "work"


OFTEN, NIGHTLY = ("nothing is wrong", "forbidden", "cut off", "kaggle.json"), pytest.mark.nightly


def chosen(names: Iterable[str]) -> list[object]:
    """All of them at night, and the likeliest to tell always."""
    return [name if name in OFTEN else pytest.param(name, marks=NIGHTLY) for name in names]


@pytest.mark.parametrize("fault", chosen(FAULTS))
def test_whatever_goes_wrong(fault: str, server: KaggleServer, work: Path) -> None:
    server.faults = {name: Fault(**vars(one)) for name, one in FAULTS[fault].items()}
    check_silent(run_all(work, server.environment(work.parent / "home", KDIGITS_TIMEOUT="12")), work)


@pytest.mark.parametrize("account", chosen(ACCOUNTS))
def test_whatever_names_the_account(account: str, server: KaggleServer, work: Path) -> None:
    changes, files = ACCOUNTS[account]
    for name, text in files.items():
        (work.parent / "home" / ".kaggle" / name).write_text(text)
    server.faults = dict.fromkeys(CALLS[1:], Fault(403, message=loud(KEY if KEY in f"{changes}{files}" else TOKEN)))
    check_silent(run_all(work, server.environment(work.parent / "home", KDIGITS_TIMEOUT="12", **changes)), work)


def test_a_proxy_with_a_password(server: KaggleServer, work: Path) -> None:
    proxy = f"http://user:{PASSWORD}@127.0.0.1:9"
    environment = server.environment(work.parent / "home", HTTP_PROXY=proxy, http_proxy=proxy, KDIGITS_TIMEOUT="12")
    check_silent(run_all(work, {**environment, "HTTPS_PROXY": proxy, "https_proxy": proxy}), work)

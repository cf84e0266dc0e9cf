"""The commands against a Kaggle that misbehaves: one sentence, the right exit code, nothing half done or sent twice."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from kaggle_server import TOKEN, Fault, KaggleServer, OpenKaggle
from test_fetch import ROWS, contents, right_files, stored
from typer.testing import Result

from kaggle_digits.competition import fetch, ledger, prepare, send, submission
from kaggle_digits.errors import CompetitionError, ConnectionLostError, UnknownFateError

LIMITS, LIST, CREATE = "GetSubmissionLimits", "ListSubmissions", "CreateSubmission"
START, DOWNLOAD, LOGIN = "StartSubmissionUpload", "DownloadDataFiles", "IntrospectToken"
NOBODY_HOME = "http://127.0.0.1:9"
OFFLINE = {"HTTP_PROXY": NOBODY_HOME, "http_proxy": NOBODY_HOME}
Command = Callable[..., Result]


def said(status: int, message: str = "", times: int = 1_000, **headers: str) -> Fault:
    """A JSON error as Kaggle's."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(status, message=message, headers=names, times=times)


HALF_JSON = Fault(200, b'{"num', content_type="application/json")
PAGE = Fault(200, b"<!DOCTYPE html><title>Log in</title>")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A file to submit."""
    path = tmp_path / "work" / "mine.csv"
    submission.write(path, range(1, 28_001), [number % 10 for number in range(28_000)])
    return path


def statuses(tmp_path: Path) -> list[str]:
    return [entry.status for entry in ledger.read(tmp_path / "work" / "submissions")]


def check_sentence(result: Result, words: str) -> None:
    """One error of one or two lines, no traceback, no credential."""
    *_, error = [line for line in result.stderr.splitlines() if line.strip()]
    assert error.startswith("error: ")
    assert words in error
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert TOKEN not in result.output


@dataclass
class Case:
    """What Kaggle does, and what should come of it.

    Attributes:
        faults: by call.
        words: in the sentence; empty where all ends well.
        ledger: the statuses noted, one after the other.
        taken: how many submissions Kaggle has in the end.
        environment: changes of the environment.
    """

    faults: dict[str, Fault] = field(default_factory=dict)
    words: str = ""
    ledger: tuple[str, ...] = ()
    taken: int = 0
    environment: dict[str, str] = field(default_factory=dict)


DONE, NOT_TAKEN, OPEN = ("sending", "pending", "complete"), ("sending", "failed"), ("sending",)

SUBMIT = {
    "connection refused": Case({}, "cannot be reached", environment=OFFLINE),
    "no account": Case({}, "no Kaggle account", environment={"KAGGLE_API_TOKEN": ""}),
    "dropped at log-in": Case({LOGIN: Fault(dropped=True)}, "cut off"),
    "rejected": Case({LIMITS: said(401)}, "rejects the credentials"),
    "rules": Case({LIST: said(403, "Accept first")}, "/rules"),
    "forbidden otherwise": Case({LIST: said(403, "Team is merged")}, "“Team is merged”. See https://"),
    "wrong name": Case({LIST: said(404)}, "no competition named"),
    "limit is unknown here": Case({LIMITS: said(404)}, "", DONE, 1),
    "too many, for long": Case({LIMITS: said(429, Retry_After="3600")}, "Try again in 3600 seconds"),
    "too many, once": Case({LIMITS: said(429, times=1, Retry_After="0")}, "", DONE, 1),
    "too many, untold": Case({LIMITS: said(429)}, "a few minutes"),
    "broken": Case({LIMITS: said(500)}, "out of order for now (500)"),
    "bad gateway": Case({LIMITS: Fault(502, b"<html>")}, "(502)"),
    "unavailable": Case({LIMITS: said(503)}, "(503)"),
    "unavailable twice": Case({LIST: said(503, times=2)}, "", DONE, 1),
    "web page": Case({LIMITS: PAGE}, "cannot be understood"),
    "half a JSON": Case({LIMITS: HALF_JSON}, "cannot be understood"),
    "reset once": Case({LIMITS: Fault(dropped=True, times=1)}, "", DONE, 1),
    "cut off for good": Case({LIST: Fault(cut_after=5)}, "cut off"),
    "no upload": Case({START: said(500)}, "Nothing was submitted.", NOT_TAKEN),
    "no upload at first": Case({START: said(503, times=1)}, "", DONE, 1),
    "upload refused": Case({"upload": Fault(400, b"")}, "nothing was submitted", NOT_TAKEN),
    "upload unavailable once": Case({"upload": said(503, times=1)}, "", DONE, 1),
    "upload unavailable": Case({"upload": said(503)}, "nothing was submitted", NOT_TAKEN),
    "upload dropped once": Case({"upload": Fault(dropped=True, times=1)}, "", DONE, 1),
    "daily limit": Case({CREATE: said(400, "limit of 5")}, "“limit of 5”", NOT_TAKEN),
    "too many at the last step": Case({CREATE: said(429, times=1)}, "", DONE, 1),
    "broken at the last step": Case({CREATE: said(500)}, "whether it was taken is unknown", OPEN),
    "dropped at the last step": Case({CREATE: Fault(dropped=True)}, "not sent twice", OPEN),
    "web page at the last step": Case({CREATE: PAGE}, "whether it was taken is unknown", OPEN),
    "answer lost": Case({CREATE: Fault(lost=True)}, "", DONE, 1),
    "half an answer": Case({CREATE: Fault(cut_after=3)}, "", DONE, 1),
    "bad gateway after taking it": Case({CREATE: Fault(502, b"", lost=True)}, "", DONE, 1),
    "answer lost, and no list": Case(
        {CREATE: Fault(lost=True), LIST: Fault(500, b"", skip=1)}, "list cannot be read", OPEN, 1
    ),
    "rejected while waiting": Case({LIST: Fault(401, b"", skip=1)}, "rejects", ("sending", "pending"), 1),
    "busy while waiting": Case({LIST: Fault(503, b"", skip=1, times=4)}, "", DONE, 1),
}


@pytest.mark.parametrize("name", SUBMIT)
def test_submit(name: str, server: KaggleServer, command: Command, mine: Path, tmp_path: Path) -> None:
    case = SUBMIT[name]
    server.faults = case.faults
    result = command("submit", mine.name, **case.environment)
    if case.words:
        check_sentence(result, case.words)
        says_so = "nothing was submitted" in result.stderr.lower()
        assert says_so == (case.ledger in ((), NOT_TAKEN)), result.stderr
    else:
        assert result.exit_code == 0, result.stderr
        assert result.stdout.startswith("score 0.98765 ")
    assert statuses(tmp_path) == list(case.ledger)
    assert len(server.submissions) == case.taken
    assert server.calls.count(CREATE) <= (2 if "too many" in name else 1)


def test_a_submission_that_kaggle_cannot_score_is_in_the_ledger(
    server: KaggleServer, command: Command, mine: Path, tmp_path: Path
) -> None:
    server.verdict = {"status": "ERROR", "errorDescription": "Row 7 has no label"}
    check_sentence(command("submit", mine.name), "“Row 7 has no label”")
    *_, last = ledger.read(tmp_path / "work" / "submissions")
    assert (last.status, last.error, last.score) == ("error", "Row 7 has no label", None)
    check_sentence(command("submit", mine.name), "could not be scored: “Row 7 has no label”")
    assert len(server.submissions) == 1


def test_after_a_lost_answer_the_next_submit_looks_first(
    server: KaggleServer, command: Command, mine: Path, tmp_path: Path
) -> None:
    server.faults = {CREATE: Fault(lost=True, times=1), LIST: Fault(500, b"", skip=1, times=9)}
    check_sentence(command("submit", mine.name), "whether it was taken is unknown")
    server.faults.clear()
    result = command("submit", mine.name)
    assert result.exit_code == 0, result.stderr
    assert "it was sent before, and arrived" in result.stderr
    assert len(server.submissions) == 1
    assert statuses(tmp_path)[-1] == "complete"


def test_none_left_today(server: KaggleServer, command: Command, mine: Path, tmp_path: Path) -> None:
    server.create_submission({"blobFileTokens": server.start_submission_upload({})["token"]})
    server.left = 0
    check_sentence(command("submit", mine.name), "no submission is left today")
    assert CREATE not in server.calls
    assert statuses(tmp_path) == []


def warmed(open_kaggle: OpenKaggle, patience: float):  # type: ignore[no-untyped-def]
    """A Kaggle whose child runs already, so that a short patience is not spent on starting it."""
    kaggle = open_kaggle()
    kaggle.submissions()
    kaggle.patience = patience
    return kaggle


SILENT = [(call, Fault(silent=True, times=1)) for call in (LIMITS, LIST, START, "upload", CREATE)]
STALLED = [(call, Fault(stall_after=2, times=1)) for call in (LIMITS, LIST, START)]
TRICKLING = [(call, Fault(bytes_a_second=10, times=1)) for call in (LIMITS, LIST, START, CREATE)]
TRICKLING.append(("upload", Fault(reads_a_second=2_000, times=1)))


@pytest.mark.parametrize(("call", "fault"), [*SILENT, *STALLED, *TRICKLING])
def test_submit_does_not_wait_for_ever(
    call: str, fault: Fault, server: KaggleServer, open_kaggle: OpenKaggle, tmp_path: Path
) -> None:
    path = tmp_path / "mine.csv"
    submission.write(path, range(1, 28_001), [number % 10 for number in range(28_000)])
    file, kaggle = prepare.prepare(str(path)), warmed(open_kaggle, 0.5)
    server.faults[call] = Fault(**vars(fault))
    with pytest.raises(ConnectionLostError) as caught:
        send.send(file, kaggle, submissions=tmp_path, wait=False, tell=lambda _: None)
    assert server.calls.count(CREATE) <= 1
    assert isinstance(caught.value, UnknownFateError) == (call == CREATE)


def test_a_score_that_never_comes(server: KaggleServer, open_kaggle: OpenKaggle, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    submission.write(path, range(1, 28_001), [number % 10 for number in range(28_000)])
    server.pending_looks = 10_000
    with pytest.raises(CompetitionError, match="has no score after 4 seconds.*kaggle-digits scores"):
        send.send(
            prepare.prepare(str(path)),
            warmed(open_kaggle, 0.4),
            submissions=tmp_path,
            wait=True,
            tell=lambda _: None,
        )
    assert [entry.status for entry in ledger.read(tmp_path)] == ["sending", "pending"]


FETCH = {
    "connection refused": Case({}, "cannot be reached", environment=OFFLINE),
    "no account": Case({}, "no Kaggle account", environment={"KAGGLE_API_TOKEN": ""}),
    "rejected": Case({DOWNLOAD: said(401)}, "rejects"),
    "bad request": Case({DOWNLOAD: said(400, "No")}, "“No”"),
    "rules": Case({DOWNLOAD: said(403, "You must accept this competition's rules")}, "/rules"),
    "wrong name": Case({DOWNLOAD: said(404)}, "no competition named"),
    "too many, for long": Case({DOWNLOAD: said(429, Retry_After="3600")}, "Try again in 3600 seconds"),
    "too many, untold": Case({DOWNLOAD: said(429)}, "a few minutes"),
    "broken": Case({DOWNLOAD: said(500)}, "(500)"),
    "bad gateway": Case({"zip": Fault(502, b"<html>")}, "(502)"),
    "unavailable": Case({"zip": said(503)}, "(503)"),
    "login page": Case({DOWNLOAD: PAGE}, "a web page, perhaps Kaggle's login page"),
    "JSON instead": Case({"zip": Fault(200, b'{"message": "No"}')}, "is not a zip but JSON"),
    "reset": Case({DOWNLOAD: Fault(dropped=True)}, "cut off"),
    "storage resets": Case({"zip": Fault(dropped=True)}, "cut off"),
    "dropped at byte 0": Case({"zip": Fault(cut_after=0), "rest": Fault(dropped=True)}, "cut off"),
    "dropped at byte 1": Case({"zip": Fault(cut_after=1), "rest": Fault(dropped=True)}, "cut off"),
    "dropped at byte 20,000": Case({"zip": Fault(cut_after=20_000), "rest": Fault(cut_after=9)}, "cut off"),
    "resume refused, then broken": Case({"zip": Fault(cut_after=99), "rest": said(503)}, "cut off"),
    "trickling": Case({"zip": Fault(bytes_a_second=3_000)}, "too slow", environment={"KDIGITS_TIMEOUT": "3"}),
    "too little room": Case({"zip": Fault(headers={"Content-Length": "9" * 17})}, "data has no room"),
}


@pytest.mark.parametrize("name", FETCH)
def test_fetch(name: str, server: KaggleServer, command: Command, tmp_path: Path) -> None:
    case = FETCH[name]
    server.archive, server.faults = stored(), case.faults
    data = tmp_path / "work" / "data"
    data.mkdir()
    (data / "train.csv").write_bytes(b"what was there")
    check_sentence(command("fetch", **case.environment), case.words)
    assert contents(data) == {"train.csv": b"what was there"}


ENDS_WELL = {
    "unavailable twice": {DOWNLOAD: said(503, times=2)},
    "too many, once": {DOWNLOAD: said(429, times=1, Retry_After="0")},
    "reset once": {DOWNLOAD: Fault(dropped=True, times=1)},
    "dropped at byte 0": {"zip": Fault(cut_after=0, times=1)},
    "dropped at byte 1": {"zip": Fault(cut_after=1, times=1)},
    "dropped at the last byte": {"zip": Fault(cut_after=len(stored()) - 1, times=1)},
    "dropped twice": {"zip": Fault(cut_after=9_000, times=1), "rest": Fault(cut_after=9_000, times=1)},
    "resume refused": {"zip": Fault(cut_after=9_000, times=1), "rest": Fault(416, b"<html>")},
    "wrong once": {"zip": Fault(200, stored()[:-1] + b"?", times=1)},
}


@pytest.mark.parametrize("name", ENDS_WELL)
def test_what_passes_is_waited_for(name: str, server: KaggleServer, open_kaggle: OpenKaggle, tmp_path: Path) -> None:
    server.archive, server.faults = stored(), ENDS_WELL[name]
    fetch.fetch(tmp_path / "data", kaggle=open_kaggle(patience=10), rows=ROWS)
    assert contents(tmp_path / "data") == right_files()


def test_a_resume_that_corrupts_is_noticed_and_fetched_anew(
    server: KaggleServer, open_kaggle: OpenKaggle, tmp_path: Path
) -> None:
    server.archive, server.resumed_with = stored(), 0xFF
    server.faults["zip"] = Fault(cut_after=20_000, times=1)
    fetch.fetch(tmp_path / "data", kaggle=open_kaggle(patience=10), rows=ROWS)
    assert contents(tmp_path / "data") == right_files()
    assert server.calls.count("rest") == 1


def test_what_a_zip_or_a_page_says_cannot_steer_the_terminal(
    server: KaggleServer, command: Command, tmp_path: Path
) -> None:
    steering = "\x1b]0;owned\x07\x1b[2J"
    server.archive = json.dumps({"message": f"No{steering}"}).encode()
    (tmp_path / "work" / f"a{steering}.zip").write_bytes(b"no zip")
    for words in (["fetch"], ["fetch", "--zip", f"a{steering}.zip"]):
        result = command(*words)
        assert result.exit_code == 1
        assert [letter for letter in result.stderr if not letter.isprintable() and letter != "\n"] == []


def test_a_zip_without_its_option_is_a_hint(command: Command) -> None:
    result = command("fetch", "Downloads/digit-recognizer.zip")
    assert result.exit_code == 2
    assert "kaggle-digits fetch --zip Downloads/digit-recognizer.zip" in result.stderr


def test_a_slow_download_is_no_fault(server: KaggleServer, open_kaggle: OpenKaggle, tmp_path: Path) -> None:
    server.archive, kaggle = stored(), warmed(open_kaggle, 1.0)
    server.faults["zip"] = Fault(bytes_a_second=40_000)
    fetch.fetch(tmp_path / "data", kaggle=kaggle, rows=ROWS)
    assert contents(tmp_path / "data") == right_files()

"""The real kaggle client against a server of our own that misbehaves: every failure has its sentence and its end."""

import base64
import hashlib
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from kaggle_server import TOKEN, Fault, KaggleServer, OpenKaggle

from kaggle_digits.competition import Kaggle
from kaggle_digits.competition.replies import Size
from kaggle_digits.competition.send import wait_for_score
from kaggle_digits.competition.watch import Download, least_rate
from kaggle_digits.errors import (
    CompetitionError,
    ConnectionLostError,
    CredentialsError,
    KaggleBusyError,
    StorageError,
    UnknownFateError,
)

LIST = "ListSubmissions"
CREATE = "CreateSubmission"
NOBODY_HOME = "http://127.0.0.1:9"


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    """A file to submit."""
    path = tmp_path / "submission.csv"
    path.write_text("ImageId,Label\n1,7\n")
    return path


def impatient(kaggle: Kaggle, seconds: float) -> Kaggle:
    """Starts the child first, so that a busy machine does not spend the little time there is on starting it."""
    kaggle.submissions()
    kaggle.patience = seconds
    return kaggle


def json_error(status: int, message: str = "", **headers: str) -> Fault:
    return Fault(status, message=message, headers=headers)


REFUSALS = {
    "token rejected": ("IntrospectToken", json_error(401), CredentialsError, ["rejects", "settings/api"]),
    "rejected later": (LIST, json_error(401), CredentialsError, ["rejects", "settings/api"]),
    "bad request": (LIST, json_error(400, "You have used 5 of 5"), CompetitionError, ["400", "“You have used 5 of 5”"]),
    "rules": (LIST, json_error(403, "Accept first"), CompetitionError, ["/rules", "phone", "“Accept first”"]),
    "rules, web page": (LIST, Fault(403, b"<html>"), CompetitionError, ["(403). Accept the rules"]),
    "wrong name": (LIST, json_error(404), CompetitionError, ["no competition named 'digit-recognizer'"]),
    "gone": (LIST, json_error(410), CompetitionError, ["(410)", "competitions/digit-recognizer"]),
    "too many": (LIST, json_error(429), KaggleBusyError, ["429", "a few minutes"]),
    "too many, told": (LIST, json_error(429, **{"Retry-After": "17"}), KaggleBusyError, ["Try again in 17 seconds"]),
    "too many, date": (
        LIST,
        json_error(429, **{"Retry-After": "Sat, 21 Nov 2026"}),
        KaggleBusyError,
        ["a few minutes"],
    ),
    "broken": (LIST, json_error(500, "oops"), KaggleBusyError, ["out of order", "500", "oops"]),
    "bad gateway": (LIST, Fault(502, b"<html>Bad gateway"), KaggleBusyError, ["out of order", "502"]),
    "unavailable": (LIST, Fault(503, b""), KaggleBusyError, ["out of order", "503"]),
    "broken log-in": ("IntrospectToken", Fault(500, b""), KaggleBusyError, ["out of order"]),
    "web page": (LIST, Fault(200, b"<html>Log in"), ConnectionLostError, ["cannot be understood"]),
    "half a JSON": (LIST, Fault(200, b'{"subm', content_type="application/json"), ConnectionLostError, ["understood"]),
    "other JSON": (LIST, Fault(200, b"null", content_type="application/json"), ConnectionLostError, ["understood"]),
    "dropped": (LIST, Fault(dropped=True), ConnectionLostError, ["cut off"]),
    "dropped in the middle": (LIST, Fault(cut_after=5), ConnectionLostError, ["cut off"]),
    "dropped at log-in": ("IntrospectToken", Fault(dropped=True), ConnectionLostError, ["cut off"]),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_each_refusal_has_its_sentence(case: str, server: KaggleServer, open_kaggle: OpenKaggle) -> None:
    call, fault, kind, words = REFUSALS[case]
    server.faults[call] = fault
    with pytest.raises(kind) as caught:
        open_kaggle(patience=10).submissions()
    assert type(caught.value) is kind
    for word in words:
        assert word in str(caught.value)


def test_after_a_refusal_the_next_call_works(server: KaggleServer, open_kaggle: OpenKaggle) -> None:
    server.faults["IntrospectToken"] = json_error(401)
    kaggle = open_kaggle()
    with pytest.raises(CredentialsError):
        kaggle.submissions()
    server.faults.clear()
    assert kaggle.submissions() == []


def test_no_credentials(open_kaggle: OpenKaggle) -> None:
    with pytest.raises(CredentialsError, match=r"no Kaggle account.*settings/api.*KAGGLE_API_TOKEN.*access_token"):
        open_kaggle(KAGGLE_API_TOKEN="").submissions()


def test_a_wrong_token_is_not_missing_but_rejected(open_kaggle: OpenKaggle) -> None:
    with pytest.raises(CredentialsError, match="rejects"):
        open_kaggle(KAGGLE_API_TOKEN="no-such-token-4711").submissions()


def test_an_older_kaggle_json_works(open_kaggle: OpenKaggle, tmp_path: Path) -> None:
    folder = tmp_path / "home/.kaggle"
    folder.mkdir()
    (folder / "kaggle.json").write_text('{"username": "somebody", "key": "0123456789"}')
    assert open_kaggle(KAGGLE_API_TOKEN="").submissions() == []


@pytest.mark.parametrize("token", [TOKEN, "wrong-" + "x" * 5_000], ids=["echoed", "longer than a file name"])
def test_a_token_is_never_in_a_message(token: str, server: KaggleServer, open_kaggle: OpenKaggle) -> None:
    server.faults[LIST] = json_error(400, f"what is {token}?")
    with pytest.raises(CompetitionError) as caught:
        open_kaggle(KAGGLE_API_TOKEN=token).submissions()
    assert token[:16] not in str(caught.value)
    assert token[:16] not in repr(caught.value.__cause__) + repr(caught.value.__context__)


@pytest.mark.parametrize("key", ["an-old-key-98765", "k/+?&"])
def test_no_form_of_a_key_is_in_a_message(key: str, server: KaggleServer, open_kaggle: OpenKaggle) -> None:
    forms = [base64.b64encode(text.encode()).decode() for text in (f"somebody:{key}", key)]
    forms += [key, quote(key, safe=""), forms[0].rstrip("=")]
    server.faults[LIST] = json_error(400, f"what is {' or '.join(forms)}?")
    with pytest.raises(CompetitionError) as caught:
        open_kaggle(KAGGLE_API_TOKEN="", KAGGLE_USERNAME="somebody", KAGGLE_KEY=key).submissions()
    assert [form for form in forms if form in str(caught.value)] == []


def test_what_kaggle_says_cannot_steer_the_terminal(server: KaggleServer, open_kaggle: OpenKaggle, csv: Path) -> None:
    kaggle, steering = open_kaggle(), "\x1b]0;owned\x07\x1b[2J\x9b31m"
    server.verdict = {"status": "ERROR", "errorDescription": f"Row{steering} 7", "description": f"mine{steering}"}
    kaggle.submit(csv, "hash")
    (listed,) = kaggle.submissions()
    assert listed.error.isprintable()
    assert listed.message.isprintable()
    assert listed.error.startswith("Row")


DAMAGED = {
    "kaggle.json": [b"{", b"\xff\xfe\x00", b"[]", b'"x"', b'{"username": "a"}', b'{"username": 3, "key": 4}'],
    "access_token": [b"\xff\xfe\x00abc", b"two\nlines", b"\x1b[31mabc", "t\u00f6ken".encode()],
    "credentials.json": [b"{", b"[]", b"{}", b"\xff\xfe"],
}


@pytest.mark.parametrize(("name", "content"), [(name, one) for name in DAMAGED for one in DAMAGED[name]])
def test_a_damaged_credential_file_is_named(
    name: str, content: bytes, server: KaggleServer, open_kaggle: OpenKaggle, tmp_path: Path
) -> None:
    (tmp_path / "home/.kaggle").mkdir()
    (tmp_path / "home/.kaggle" / name).write_bytes(content)
    with pytest.raises(CredentialsError, match=rf"credentials are damaged: ~/\.kaggle/{name} .*settings/api"):
        open_kaggle(KAGGLE_API_TOKEN="").submissions()
    assert server.calls == []


def test_a_token_that_cannot_be_one(open_kaggle: OpenKaggle) -> None:
    with pytest.raises(CredentialsError, match="KAGGLE_API_TOKEN holds something that cannot be a token"):
        open_kaggle(KAGGLE_API_TOKEN="two\nlines").submissions()


def test_a_token_file_that_cannot_be_read(open_kaggle: OpenKaggle, tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match="credentials cannot be read: Is a directory"):
        open_kaggle(KAGGLE_API_TOKEN=str(tmp_path)).submissions()


def test_a_settings_folder_that_cannot_be_made(open_kaggle: OpenKaggle, csv: Path) -> None:
    with pytest.raises(CompetitionError, match=r"settings folder: Not a directory.*KAGGLE_CONFIG_DIR"):
        open_kaggle(KAGGLE_CONFIG_DIR=str(csv / "kaggle")).submissions()


def test_files_in_the_current_folder_are_not_imported(tmp_path: Path, server: KaggleServer) -> None:
    (tmp_path / "kaggle.py").write_text("raise SystemExit('not this one')")
    code = "from kaggle_digits.competition import Kaggle\nwith Kaggle() as kaggle: print(kaggle.submissions())"
    environment = server.environment(tmp_path)
    command = [sys.executable, "-P", "-c", code]
    printed = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert printed == "[]\n"


def test_no_network(open_kaggle: OpenKaggle) -> None:
    with pytest.raises(ConnectionLostError, match="cannot be reached"):
        open_kaggle(HTTP_PROXY=NOBODY_HOME, http_proxy=NOBODY_HOME).submissions()


def test_another_competition(server: KaggleServer, open_kaggle: OpenKaggle) -> None:
    with pytest.raises(CompetitionError, match="no competition named 'no-such-thing'"):
        open_kaggle(KDIGITS_COMPETITION="no-such-thing").submissions()
    server.slug = "other"
    assert open_kaggle(KDIGITS_COMPETITION="other").submissions() == []


def test_silence_ends_and_the_next_call_works(server: KaggleServer, open_kaggle: OpenKaggle) -> None:
    kaggle = impatient(open_kaggle(), 0.5)
    server.faults[LIST] = Fault(silent=True, times=1)
    with pytest.raises(ConnectionLostError, match=r"did not answer within 0\.5 seconds.*KDIGITS_TIMEOUT"):
        kaggle.submissions()
    assert server.hung_up.wait(5)
    kaggle.patience = 30
    assert kaggle.submissions() == []


def test_what_the_client_prints_and_warns_stays_inside(
    open_kaggle: OpenKaggle, capfd: pytest.CaptureFixture[str]
) -> None:
    kaggle = open_kaggle(VERBOSE="1", PYTHONWARNINGS="error")
    assert kaggle.submissions() == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("text", ["", "soon", "0", "-1", "nan", "inf", "1e9"])
def test_a_timeout_that_makes_no_sense(text: str) -> None:
    with pytest.raises(CompetitionError, match="KDIGITS_TIMEOUT must be"):
        Kaggle(environment={"KDIGITS_TIMEOUT": text})


@pytest.mark.parametrize("slug", ["", "../x", "Digit", "a b", "-a"])
def test_a_competition_name_that_makes_no_sense(slug: str) -> None:
    with pytest.raises(CompetitionError, match="KDIGITS_COMPETITION must be"):
        Kaggle(environment={"KDIGITS_COMPETITION": slug})


def test_download_tells_its_progress(server: KaggleServer, open_kaggle: OpenKaggle, tmp_path: Path) -> None:
    server.archive = bytes(range(256)) * 4_000
    told: list[tuple[int, int | None]] = []
    path = open_kaggle().download(tmp_path, lambda done, total: told.append((done, total)))
    assert path.read_bytes() == server.archive
    assert told[0] == (0, 1_024_000)
    assert told[-1] == (1_024_000, 1_024_000)
    assert told == sorted(told)


def test_a_dropped_download_is_resumed(server: KaggleServer, open_kaggle: OpenKaggle, tmp_path: Path) -> None:
    server.archive = bytes(range(256)) * 4_000
    server.faults["zip"] = Fault(cut_after=800_000, times=1)
    assert open_kaggle().download(tmp_path).read_bytes() == server.archive
    assert server.calls.count("rest") == 1


def test_a_stalled_download_ends(server: KaggleServer, open_kaggle: OpenKaggle, tmp_path: Path) -> None:
    server.archive = bytes(400_000)
    server.faults["zip"] = Fault(stall_after=300_000)
    with pytest.raises(ConnectionLostError, match=r"stopped after 0\.\d MB: nothing came for 1 seconds"):
        impatient(open_kaggle(), 1).download(tmp_path)
    assert server.hung_up.wait(5)


@pytest.mark.parametrize("size", [None, 400_000], ids=["of unknown size", "of known size"])
def test_a_download_that_trickles_ends(
    size: int | None, server: KaggleServer, open_kaggle: OpenKaggle, tmp_path: Path
) -> None:
    server.archive = bytes(400_000)
    headers = {} if size else {"Content-Length": "", "Connection": "close"}
    server.faults["zip"] = Fault(bytes_a_second=8_000, headers=headers)
    with pytest.raises(ConnectionLostError, match=r"too slow: 0\.\d.* MB came in \d seconds.*20 kB.*KDIGITS_TIMEOUT"):
        impatient(open_kaggle(), 2).download(tmp_path)


def test_who_has_more_patience_may_have_a_slower_line(tmp_path: Path) -> None:
    told = list[int]()
    watch = Download(tmp_path / "file", lambda done, _total: told.append(done), patience=600)
    watch.hear(Size(100_000))
    (tmp_path / "file").write_bytes(bytes(10))
    assert watch.moved()
    assert told == [0, 10]
    assert least_rate(600) == least_rate(60) / 10
    assert least_rate(3) == least_rate(60)


@pytest.mark.parametrize("call", ["DownloadDataFiles", "zip"])
def test_a_refused_download(call: str, server: KaggleServer, open_kaggle: OpenKaggle, tmp_path: Path) -> None:
    server.faults[call] = json_error(403, "You must accept this competition's rules")
    with pytest.raises(CompetitionError, match=r"must accept.*digit-recognizer/rules"):
        open_kaggle().download(tmp_path)


def test_a_download_that_does_not_fit(server: KaggleServer, open_kaggle: OpenKaggle, tmp_path: Path) -> None:
    server.faults["zip"] = Fault(headers={"Content-Length": "9" * 17})
    with pytest.raises(StorageError, match=r"has no room: the files need 100,000,000,000 MB, and .* MB are free"):
        open_kaggle().download(tmp_path)


def test_submit_and_score(server: KaggleServer, open_kaggle: OpenKaggle, csv: Path) -> None:
    server.pending_looks = 2
    kaggle = open_kaggle()
    assert kaggle.limits().left == 0
    ref = kaggle.submit(csv, "mlp 0.98 #abc")
    scored = wait_for_score(kaggle, ref, first_pause_s=0.01)
    assert (scored.ref, scored.status, scored.score, scored.message) == (ref, "complete", 0.98765, "mlp 0.98 #abc")
    assert scored.date is not None and datetime.now(UTC) - scored.date < timedelta(minutes=5)
    assert kaggle.limits().left == 4
    assert server.submissions[0]["sha256"] == hashlib.sha256(csv.read_bytes()).hexdigest()


@pytest.mark.parametrize("fault", [Fault(400, b""), Fault(503, b"")], ids=["refused", "busy"])
def test_a_failed_upload_is_not_a_submission(
    fault: Fault, server: KaggleServer, open_kaggle: OpenKaggle, csv: Path
) -> None:
    server.faults["upload"] = fault
    with pytest.raises(CompetitionError, match="upload failed, and nothing was submitted"):
        open_kaggle(patience=10).submit(csv, "hash")
    assert CREATE not in server.calls


@pytest.mark.parametrize("fault", [Fault(dropped=True, times=1), Fault(503, b"", times=2)], ids=["dropped", "busy"])
def test_an_upload_is_tried_again(fault: Fault, server: KaggleServer, open_kaggle: OpenKaggle, csv: Path) -> None:
    server.faults["upload"] = fault
    assert open_kaggle(patience=10).submit(csv, "hash") == 1_000
    assert server.calls.count(CREATE) == 1


@pytest.mark.parametrize("fault", [Fault(500, b""), Fault(dropped=True)], ids=["broken", "dropped"])
def test_an_upload_that_never_begins(fault: Fault, server: KaggleServer, open_kaggle: OpenKaggle, csv: Path) -> None:
    server.faults["StartSubmissionUpload"] = fault
    with pytest.raises(
        KaggleBusyError if fault.status == 500 else ConnectionLostError, match=r"Nothing was submitted\."
    ):
        open_kaggle().submit(csv, "hash")
    assert CREATE not in server.calls


def test_a_file_that_is_gone(open_kaggle: OpenKaggle, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"No such file or directory: .*gone\.csv"):
        open_kaggle().submit(tmp_path / "gone.csv", "hash")


def test_a_silent_upload_is_not_a_submission(server: KaggleServer, open_kaggle: OpenKaggle, csv: Path) -> None:
    server.faults["upload"] = Fault(silent=True)
    with pytest.raises(ConnectionLostError, match=r"within 2 seconds.*Nothing was submitted\."):
        impatient(open_kaggle(), 1).submit(csv, "hash")
    assert CREATE not in server.calls


@pytest.mark.parametrize(
    "fault",
    [
        Fault(lost=True),
        Fault(502, b"<html>", lost=True),
        Fault(cut_after=3),
        Fault(stall_after=3),
        Fault(dropped=True),
        Fault(200, b'{"message": "Hm"}', content_type="application/json"),
    ],
    ids=["cut", "bad gateway", "half an answer", "stalled", "dropped", "no number"],
)
def test_a_lost_answer_is_not_asked_for_again(
    fault: Fault, server: KaggleServer, open_kaggle: OpenKaggle, csv: Path
) -> None:
    server.faults[CREATE] = fault
    with pytest.raises(UnknownFateError, match=r"unknown: it is not on Kaggle's list.*not sent twice.*/submissions"):
        impatient(open_kaggle(), 2).submit(csv, "hash")
    assert server.calls.count(CREATE) == 1


def test_the_daily_limit_is_told_in_kaggles_words(server: KaggleServer, open_kaggle: OpenKaggle, csv: Path) -> None:
    server.faults[CREATE] = json_error(400, "Submission not allowed: daily limit of 5")
    with pytest.raises(CompetitionError, match=r"“Submission not allowed: daily limit of 5”.*tomorrow"):
        open_kaggle().submit(csv, "hash")
    assert server.calls.count(CREATE) == 1


def test_a_submission_that_cannot_be_scored(server: KaggleServer, open_kaggle: OpenKaggle, csv: Path) -> None:
    server.verdict = {"status": "ERROR", "errorDescription": "Row 7 has no label"}
    kaggle = open_kaggle()
    with pytest.raises(CompetitionError, match=r"could not score.*“Row 7 has no label”"):
        wait_for_score(kaggle, kaggle.submit(csv, "hash"), first_pause_s=0.01)


def test_a_score_that_never_comes(server: KaggleServer, open_kaggle: OpenKaggle, csv: Path) -> None:
    server.pending_looks = 10_000
    kaggle = open_kaggle()
    with pytest.raises(CompetitionError, match=r"was taken \(number 1000\).*after 0\.5 seconds.*/submissions"):
        wait_for_score(kaggle, kaggle.submit(csv, "hash"), deadline_s=0.5, first_pause_s=0.05)


@pytest.mark.parametrize("score", [{}, {"publicScore": "n/a"}, {"publicScore": ""}], ids=["none", "text", "empty"])
def test_complete_without_a_score_is_pending(
    score: dict[str, str], server: KaggleServer, open_kaggle: OpenKaggle, csv: Path
) -> None:
    server.verdict = {"status": "COMPLETE", **score}
    kaggle = open_kaggle()
    ref = kaggle.submit(csv, "hash")
    (listed,) = kaggle.submissions()
    assert (listed.status, listed.score) == ("pending", None)
    with pytest.raises(CompetitionError, match=r"was taken \(number 1000\)"):
        wait_for_score(kaggle, ref, deadline_s=0.3, first_pause_s=0.05)
    server.verdict = {"status": "COMPLETE", "publicScore": "0.98765"}
    assert wait_for_score(kaggle, ref, first_pause_s=0.01).score == 0.98765


def test_trouble_while_waiting_only_costs_time(server: KaggleServer, open_kaggle: OpenKaggle, csv: Path) -> None:
    kaggle = open_kaggle()
    ref = kaggle.submit(csv, "hash")
    for fault in (
        Fault(500, b"", times=1),
        Fault(dropped=True, times=1),
        Fault(429, headers={"Retry-After": "0"}, times=1),
    ):
        server.faults[LIST] = fault
        assert wait_for_score(kaggle, ref, first_pause_s=0.01).score == 0.98765
        assert fault.times == 0


def test_a_refusal_while_waiting_is_told(server: KaggleServer, open_kaggle: OpenKaggle, csv: Path) -> None:
    kaggle = open_kaggle()
    ref = kaggle.submit(csv, "hash")
    server.faults[LIST] = json_error(401)
    with pytest.raises(CredentialsError):
        wait_for_score(kaggle, ref, first_pause_s=0.01)

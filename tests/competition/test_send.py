"""Sent once, whoever asks and however often; and scores that come late."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from kaggle_server import Fault, KaggleServer, OpenKaggle
from test_fetch import file_limit
from test_prepare import complete_run, folders, make_run  # noqa: F401

from kaggle_digits.competition import Kaggle, ledger, prepare, send, submission
from kaggle_digits.errors import ConnectionLostError, StorageError, SubmissionError, UnknownFateError

GOOD = [number % 10 for number in range(28_000)]
SHIFTED = GOOD[1:] + GOOD[:1]
CREATE = "CreateSubmission"


def quiet(_line: str) -> None:
    """Says nothing."""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder of submissions with one file in it."""
    submission.write(tmp_path / "submissions" / "good.csv", range(1, 28_001), GOOD)
    return tmp_path / "submissions"


def checked_file(folder: Path, name: str = "good.csv", labels: list[int] | None = None) -> prepare.SubmissionFile:
    if labels is not None:
        submission.write(folder / name, range(1, len(labels) + 1), labels)
    return prepare.prepare(str(folder / name))


def test_everything_of_a_run_is_in_the_ledger(open_kaggle, folders):  # noqa: F811
    run = make_run(folders, predicted_range=(0.97, 0.99))
    one = prepare.prepare(None, **folders)
    send.send(one, open_kaggle(), submissions=folders["submissions"], wait=True, tell=quiet)
    first, pending, complete = ledger.read(folders["submissions"])
    assert [one.status for one in (first, pending, complete)] == ["sending", "pending", "complete"]
    assert (complete.run, complete.sha256, complete.file) == (run.name, one.sha256, one.path.name)
    assert complete.data_sha256 == {"train.csv": "ab", "test.csv": "cd"}
    assert (complete.git_commit, complete.seed) == ("c0ffee", 3)
    assert (complete.validation_accuracy, complete.predicted_range) == (0.98357, (0.97, 0.99))
    assert (complete.ref, complete.score, complete.sent) == (1_000, 0.98765, first.time)
    assert complete.scored is not None


def test_how_many_are_left_is_said_before_one_is_spent(open_kaggle: OpenKaggle, here: Path) -> None:
    kaggle, told = open_kaggle(), list[str]()
    send.send(checked_file(here), kaggle, submissions=here, wait=False, tell=told.append)
    send.send(checked_file(here, "b.csv", SHIFTED), kaggle, submissions=here, wait=False, tell=told.append)
    assert told[0] == "left today: unknown before the first submission"
    assert told[2] == "left today: 4, of which one now"


@pytest.mark.parametrize("wait", [True, False])
def test_the_same_bytes_are_not_sent_twice(
    wait: bool, server: KaggleServer, open_kaggle: OpenKaggle, here: Path
) -> None:
    kaggle = open_kaggle()
    send.send(checked_file(here), kaggle, submissions=here, wait=wait, tell=quiet)
    became = "has its score: 0.98765" if wait else "has no score yet: kaggle-digits scores"
    (here / "again.csv").write_bytes((here / "good.csv").read_bytes())
    with pytest.raises(SubmissionError, match=rf"on Kaggle already as 1000, and {became}.*--force"):
        send.send(checked_file(here, "again.csv"), kaggle, submissions=here, wait=True, tell=quiet)
    assert server.calls.count(CREATE) == 1
    send.send(checked_file(here), kaggle, submissions=here, wait=True, tell=quiet, force=True)
    assert server.calls.count(CREATE) == 2


def test_a_file_that_changed_since_it_was_checked_is_not_sent(
    server: KaggleServer, open_kaggle: OpenKaggle, here: Path
) -> None:
    checked = checked_file(here)
    submission.write(here / "good.csv", range(1, 28_001), SHIFTED)
    with pytest.raises(SubmissionError, match="has changed since it was checked"):
        send.send(checked, open_kaggle(), submissions=here, wait=False, tell=quiet)
    assert server.submissions == []


def test_a_full_disk_stops_a_submission_before_it_is_spent(
    server: KaggleServer, open_kaggle: OpenKaggle, here: Path
) -> None:
    kaggle = open_kaggle()
    kaggle.submissions()
    with file_limit(10), pytest.raises(StorageError, match=r"cannot write .*ledger\.jsonl"):
        send.send(checked_file(here), kaggle, submissions=here, wait=False, tell=quiet)
    assert CREATE not in server.calls
    send.send(checked_file(here), kaggle, submissions=here, wait=False, tell=quiet)
    assert len(server.submissions) == 1


# Root may write everywhere, unless it gives that right away.
LIKE_ANYBODY = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"] if os.geteuid() == 0 else []


@pytest.mark.skipif(bool(LIKE_ANYBODY) and shutil.which("setpriv") is None, reason="root may write everywhere")
@pytest.mark.parametrize("words", [["submit", "submissions/good.csv"], ["fetch"]], ids=" ".join)
def test_folders_that_are_read_only(words: list[str], server: KaggleServer, here: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for folder in (here, tmp_path / "data"):
        folder.chmod(0o500)
    command = [*LIKE_ANYBODY, sys.executable, "-m", "kaggle_digits", *words]
    done = subprocess.run(command, cwd=tmp_path, env=server.environment(tmp_path), capture_output=True, text=True)
    for folder in (here, tmp_path / "data"):
        folder.chmod(0o700)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Permission denied. Choose a folder that you may write to" in done.stderr
    assert server.calls == []
    assert [path.name for path in here.iterdir()] == ["good.csv"]
    assert list((tmp_path / "data").iterdir()) == []


def test_a_file_unlike_the_best_one_is_doubted(open_kaggle: OpenKaggle, here: Path) -> None:
    assert prepare.doubt(checked_file(here), here) is None
    send.send(checked_file(here), open_kaggle(), submissions=here, wait=True, tell=quiet)
    doubt = prepare.doubt(checked_file(here, "shifted.csv", SHIFTED), here)
    assert doubt is not None
    assert "agrees with the best submission at hand, good.csv (score 0.98765), on only 0.0% of the rows" in doubt
    nearly = [(label + (number < 2_800)) % 10 for number, label in enumerate(GOOD)]
    assert prepare.doubt(checked_file(here, "nearly.csv", nearly), here) is None
    nearly[-1] = (nearly[-1] + 1) % 10
    assert "90.0%" in (prepare.doubt(checked_file(here, "hardly.csv", nearly), here) or "")
    (here / "good.csv").write_bytes((here / "shifted.csv").read_bytes())
    assert prepare.doubt(checked_file(here, "hardly.csv"), here) is None


def test_the_best_one_counts_wherever_it_was_sent_from(open_kaggle: OpenKaggle, here: Path, tmp_path: Path) -> None:
    kaggle, elsewhere = open_kaggle(), tmp_path / "elsewhere"
    send.send(checked_file(elsewhere, "best.csv", GOOD), kaggle, submissions=here, wait=True, tell=quiet)
    shifted = checked_file(here, "shifted.csv", SHIFTED)
    assert "best submission at hand, best.csv" in (prepare.doubt(shifted, here) or "")
    send.send(shifted, kaggle, submissions=here, wait=True, tell=quiet)
    (elsewhere / "best.csv").unlink()
    assert prepare.doubt(checked_file(here, "again.csv", SHIFTED), here) is None
    assert "best submission at hand, shifted.csv" in (prepare.doubt(checked_file(here), here) or "")


def test_a_late_score_is_brought_home(server: KaggleServer, open_kaggle: OpenKaggle, here: Path) -> None:
    kaggle = open_kaggle()
    assert send.refresh(here, kaggle) == 0
    assert server.calls == []
    server.pending_looks = 1
    send.send(checked_file(here), kaggle, submissions=here, wait=False, tell=quiet)
    assert send.refresh(here, kaggle) == 1
    assert send.refresh(here, kaggle) == 0
    (known,) = ledger.latest(ledger.read(here))
    assert (known.status, known.score) == ("complete", 0.98765)
    assert known.scored is not None
    assert len(ledger.read(here)) == 3


def test_a_refresh_finds_what_was_lost_and_what_kaggle_could_not_score(
    server: KaggleServer, open_kaggle: OpenKaggle, here: Path
) -> None:
    kaggle = open_kaggle()
    server.faults = {CREATE: Fault(lost=True), "ListSubmissions": Fault(400, b"", skip=1, times=1)}
    with pytest.raises(ConnectionLostError, match="unknown"):
        send.send(checked_file(here), kaggle, submissions=here, wait=False, tell=quiet)
    server.verdict = {"status": "ERROR", "errorDescription": "Row 7"}
    assert send.refresh(here, kaggle) == 0
    (known,) = ledger.latest(ledger.read(here))
    assert (known.ref, known.status, known.error) == (1_000, "error", "Row 7")


def test_what_kaggle_has_forgotten_stays_open(server: KaggleServer, open_kaggle: OpenKaggle, here: Path) -> None:
    kaggle = open_kaggle()
    send.send(checked_file(here), kaggle, submissions=here, wait=False, tell=quiet)
    server.submissions.clear()
    assert send.refresh(here, kaggle) == 1


def command(here: Path, environment: dict[str, str], *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "kaggle_digits", *words],
        cwd=here.parent,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("files", [["good.csv"] * 3, ["good.csv", "b.csv", "c.csv"]], ids=["same", "different"])
def test_submits_at_once(files: list[str], server: KaggleServer, here: Path, tmp_path: Path) -> None:
    for shift, name in enumerate(["b.csv", "c.csv"], start=1):
        submission.write(here / name, range(1, 28_001), GOOD[shift:] + GOOD[:shift])
    words = [["submit", f"submissions/{name}", "--json", "--force"] for name in files]
    if files[0] == files[1]:
        words = [one[:-1] for one in words]
    started = [command(here, server.environment(tmp_path), *one) for one in words]
    told = [(*process.communicate(timeout=120), process.returncode) for process in started]
    assert server.calls.count(CREATE) == len(set(files))
    known = ledger.latest(ledger.read(here))
    assert len(known) == len(set(files))
    assert {one.score for one in known} == {0.98765}
    assert sorted(code for *_, code in told) == [0] * len(set(files)) + [1] * (len(files) - len(set(files)))
    for out, err, code in told:
        assert json.loads(out)["score"] == 0.98765 if code == 0 else "on Kaggle already as 1000" in err


def test_killed_at_the_last_step_nothing_is_sent_twice(server: KaggleServer, here: Path, tmp_path: Path) -> None:
    server.faults[CREATE] = Fault(stall_after=0, times=1)
    with command(here, server.environment(tmp_path), "submit", "submissions/good.csv") as process:
        assert server.stalled.wait(60)
        process.kill()
        process.communicate()
    assert [one.status for one in ledger.read(here)] == ["sending"]
    with command(here, server.environment(tmp_path), "submit", "submissions/good.csv") as process:
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "it was sent before, and arrived: Kaggle has it as 1000" in err
    assert out.startswith("score 0.98765")
    assert server.calls.count(CREATE) == 1


def lose(server: KaggleServer, kaggle: Kaggle, here: Path, arrived: bool = True) -> None:
    """An attempt whose answer is lost."""
    server.faults[CREATE] = Fault(lost=arrived, dropped=not arrived, times=1)
    with pytest.raises(UnknownFateError):
        send.send(checked_file(here), kaggle, submissions=here, wait=False, tell=quiet)


def age(*ledgers: Path) -> None:
    """Makes all attempts an hour older."""
    for path in (folder / ledger.FILE for folder in ledgers):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        for line in lines:
            line["sent"] = (datetime.fromisoformat(line["sent"]) - timedelta(hours=1)).isoformat()
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def refusal(kaggle: Kaggle, here: Path, **options: bool) -> str:
    """Why the good file is not sent."""
    with pytest.raises(SubmissionError, match="Nothing was submitted") as caught:
        send.send(checked_file(here), kaggle, submissions=here, wait=False, tell=quiet, **options)
    return str(caught.value)


def test_an_attempt_that_the_list_does_not_show_yet_is_not_made_again(
    server: KaggleServer, open_kaggle: OpenKaggle, here: Path
) -> None:
    server.lag, kaggle = 1_000, open_kaggle(patience=2)
    lose(server, kaggle, here)
    assert "Kaggle counts 1 more than are known here" in refusal(kaggle, here)
    server.faults["GetSubmissionLimits"] = Fault(404, b"")
    assert re.search(r"may not show it yet; it counts as lost from \d\d:\d\d on.*--force", refusal(kaggle, here))
    server.submissions[0]["lag"] = 0
    assert send.send(checked_file(here), kaggle, submissions=here, wait=False, tell=quiet).ref == 1_000
    assert server.calls.count(CREATE) == 1


def test_an_attempt_that_did_not_arrive_is_made_again_after_a_while(
    server: KaggleServer, open_kaggle: OpenKaggle, here: Path
) -> None:
    kaggle = open_kaggle(patience=2)
    lose(server, kaggle, here, arrived=False)
    assert "counts as lost from" in refusal(kaggle, here)
    age(here, kaggle.account_folder)
    assert send.send(checked_file(here), kaggle, submissions=here, wait=False, tell=quiet).ref == 1_000
    assert server.calls.count(CREATE) == 2


def test_who_is_sure_sends_it_again_by_force(server: KaggleServer, open_kaggle: OpenKaggle, here: Path) -> None:
    kaggle = open_kaggle(patience=2)
    lose(server, kaggle, here, arrived=False)
    assert send.send(checked_file(here), kaggle, submissions=here, wait=False, tell=quiet, force=True).ref == 1_000


@pytest.mark.parametrize("old", [False, True])
def test_a_list_without_messages(old: bool, server: KaggleServer, open_kaggle: OpenKaggle, here: Path) -> None:
    server.describe, kaggle = (lambda _: ""), open_kaggle(patience=2)
    lose(server, kaggle, here)
    if old:
        age(here, kaggle.account_folder)
    assert "Kaggle's list has 1000 without a message, which may be it" in refusal(kaggle, here)
    assert server.calls.count(CREATE) == 1


def test_a_list_that_cuts_messages_short(server: KaggleServer, open_kaggle: OpenKaggle, here: Path) -> None:
    server.describe, server.faults[CREATE] = (lambda text: text[:40]), Fault(lost=True, times=1)
    file = prepare.prepare(str(here / "good.csv"), message="a long story " * 99)
    assert send.send(file, open_kaggle(patience=4), submissions=here, wait=False, tell=quiet).ref == 1_000
    assert server.calls.count(CREATE) == 1


def test_what_was_sent_from_another_folder_is_known(
    server: KaggleServer, open_kaggle: OpenKaggle, here: Path, tmp_path: Path
) -> None:
    kaggle, other = open_kaggle(patience=4), tmp_path / "other"
    server.lag = 1_000
    send.send(checked_file(here), kaggle, submissions=here, wait=False, tell=quiet)
    submission.write(other / "good.csv", range(1, 28_001), GOOD)
    assert "on Kaggle already as 1000" in refusal(kaggle, other)
    # On another machine, Kaggle's list has to tell it.
    shutil.rmtree(kaggle.account_folder)
    server.submissions[0]["lag"] = 0
    assert "on Kaggle already as 1000, and was sent from elsewhere" in refusal(kaggle, other)
    assert server.calls.count(CREATE) == 1


def test_an_attempt_of_another_folder_counts_too(
    server: KaggleServer, open_kaggle: OpenKaggle, here: Path, tmp_path: Path
) -> None:
    server.lag, kaggle = 1_000, open_kaggle(patience=2)
    lose(server, kaggle, here)
    submission.write(tmp_path / "other" / "good.csv", range(1, 28_001), GOOD)
    assert "an attempt to send" in refusal(kaggle, tmp_path / "other")


def test_an_account_folder_that_cannot_be_written_is_done_without(
    server: KaggleServer, open_kaggle: OpenKaggle, here: Path
) -> None:
    kaggle = open_kaggle()
    kaggle.account_folder = here / "good.csv" / "kaggle-digits"
    assert send.send(checked_file(here), kaggle, submissions=here, wait=True, tell=quiet).score == 0.98765
    assert len(server.submissions) == 1


def test_ctrl_c_before_the_upload_ends_leaves_nothing_unclear(server: KaggleServer, here: Path, tmp_path: Path) -> None:
    server.faults["upload"] = Fault(silent=True, times=1)
    with command(here, server.environment(tmp_path), "submit", "submissions/good.csv") as process:
        assert server.stalled.wait(60)
        process.send_signal(signal.SIGINT)
        process.communicate()
    assert process.returncode == 130
    assert [one.status for one in ledger.read(here)] == ["sending", "failed"]


def test_two_folders_at_once(server: KaggleServer, here: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "submissions"
    submission.write(other / "good.csv", range(1, 28_001), GOOD)
    server.lag = 3
    started = [
        command(folder, server.environment(tmp_path), "submit", "submissions/good.csv") for folder in (here, other)
    ]
    errors = [process.communicate(timeout=120)[1] for process in started]
    assert sorted(process.returncode for process in started) == [0, 1]
    assert sum("on Kaggle already as 1000" in error for error in errors) == 1
    assert server.calls.count(CREATE) == 1


def test_complete_without_a_score_stays_open(server: KaggleServer, open_kaggle: OpenKaggle, here: Path) -> None:
    kaggle = open_kaggle()
    send.send(checked_file(here), kaggle, submissions=here, wait=False, tell=quiet)
    server.verdict = {"status": "COMPLETE"}
    assert send.refresh(here, kaggle) == 1
    # An earlier release took it for final.
    ledger.append(here, msgspec.structs.replace(ledger.read(here)[-1], status="complete"))
    assert send.refresh(here, kaggle) == 1
    server.verdict = {"status": "COMPLETE", "publicScore": "0.98765"}
    assert send.refresh(here, kaggle) == 0
    assert ledger.latest(ledger.read(here))[-1].score == 0.98765


@pytest.mark.parametrize(
    ("predicted", "words"),
    [
        ([0.98, 0.99], "as expected: 0.9800 to 0.9900 (95 %)"),
        ([0.99, 0.995], "lower than expected: 0.9900 to 0.9950 (95 %)"),
        ([0.97, 0.98], "higher than expected: 0.9700 to 0.9800 (95 %)"),
    ],
)
def test_the_score_is_held_against_what_was_expected(
    server: KaggleServer,
    tmp_path: Path,
    predicted: list[float],
    words: str,
) -> None:
    run = complete_run(tmp_path / "models", tmp_path / "data", predicted_range=tuple(predicted))
    submission.write(tmp_path / "submissions" / f"{run.name}.csv", range(1, 28_001), GOOD)
    for words_of_command, told in ((["submit"], words), (["scores"], words.split(": ")[1].removesuffix(" (95 %)"))):
        with command(tmp_path / "submissions", server.environment(tmp_path), *words_of_command) as process:
            out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert told in out

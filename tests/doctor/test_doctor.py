"""Every check of the doctor, well and ill, without a network of its own."""

import json
from pathlib import Path

import pytest
from kaggle_server import TOKEN, Fault, KaggleServer
from made_runs import beginning
from test_fetch import right_files
from typer.testing import CliRunner

from kaggle_digits import doctor, runs
from kaggle_digits.cli import app
from kaggle_digits.competition import credentials, ledger
from kaggle_digits.doctor import machine
from kaggle_digits.doctor.check import Check

NOBODY_HOME = "http://127.0.0.1:9"
OFFLINE = dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"), NOBODY_HOME)


@pytest.fixture
def environment(server: KaggleServer, tmp_path: Path) -> dict[str, str]:
    """That of a user with an account on the server."""
    return server.environment(tmp_path / "home")


def examined(folder: Path, environment: dict[str, str], online: bool = False) -> dict[str, Check]:
    folders = {name: folder / name for name in ("data", "models", "submissions")}
    return {check.name: check for check in doctor.examine(**folders, environment=environment, online=online)}


def asked(tmp_path: Path, environment: dict[str, str]) -> Check:
    return examined(tmp_path, environment, online=True)["Kaggle"]


def test_an_empty_folder_is_well(tmp_path: Path) -> None:
    checks = examined(tmp_path, {"HOME": str(tmp_path)})
    assert [check.name for check in checks.values() if check.state == "broken"] == []
    assert {"python", "kaggle-digits", "keras", "cores", "memory", "GPU", "precision", "credentials"} <= set(checks)
    assert list(tmp_path.iterdir()) == []
    for check in checks.values():
        assert check.found
        assert check.fix or check.state != "broken"


@pytest.mark.parametrize(
    ("version", "names"),
    [("3.11.3", "CVE-2025-1550"), ("3.13.1", "CVE-2026-1462"), ("3.13.2", ""), ("3.15.1", ""), ("4.0rc1", "")],
)
def test_vulnerable_versions_are_known(version: str, names: str) -> None:
    assert (names in machine.vulnerability("keras", version)) == bool(names) or not names
    assert bool(machine.vulnerability("keras", version)) == bool(names)
    assert machine.vulnerability("numpy", "0.1") == ""


def test_places_of_credentials_in_the_clients_order(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path)}
    assert credentials.sources(environment) == []
    (tmp_path / ".kaggle").mkdir()
    for name in ("kaggle.json", "access_token", "credentials.json"):
        (tmp_path / ".kaggle" / name).write_text("secret")
    environment |= {"KAGGLE_API_TOKEN": TOKEN, "KAGGLE_USERNAME": "somebody", "KAGGLE_KEY": "secret"}
    assert credentials.sources(environment) == [
        "the environment variable KAGGLE_API_TOKEN",
        "~/.kaggle/access_token",
        "the environment variables KAGGLE_USERNAME and KAGGLE_KEY",
        "~/.kaggle/kaggle.json",
        "~/.kaggle/credentials.json",
    ]
    check = examined(tmp_path, environment)["credentials"]
    assert check.found.startswith("from the environment variable KAGGLE_API_TOKEN, which shadows ~/.kaggle/access_")
    assert TOKEN not in str(check)
    assert "secret" not in str(check)


def test_an_account_that_is_well(tmp_path: Path, environment: dict[str, str]) -> None:
    check = asked(tmp_path, environment)
    assert (check.state, check.found) == ("ok", "answers, knows the account, and its rules are accepted")


def test_rules_that_are_not_accepted(server: KaggleServer, tmp_path: Path, environment: dict[str, str]) -> None:
    server.rules_accepted = False
    check = asked(tmp_path, environment)
    assert check.state == "broken"
    assert "/competitions/digit-recognizer/rules" in check.fix


@pytest.mark.parametrize(
    ("fault", "state", "words"),
    [
        (Fault(401, b""), "broken", "rejects the credentials"),
        (Fault(403, b"<html>"), "broken", "/rules"),
        (Fault(503, b""), "note", "out of order"),
        (Fault(200, b'{"competitions": []}', content_type="application/json"), "note", "does not list"),
        (Fault(200, b"<html>"), "note", "cannot be understood"),
        (Fault(dropped=True), "note", "cut off"),
        (Fault(silent=True), "note", "did not answer within 3 seconds"),
    ],
)
def test_what_kaggle_says(
    fault: Fault, state: str, words: str, server: KaggleServer, tmp_path: Path, environment: dict[str, str]
) -> None:
    server.faults["ListCompetitions"] = fault
    check = asked(tmp_path, {**environment, "KDIGITS_TIMEOUT": "3"})
    assert check.state == state
    assert words in check.found + check.fix


def test_no_network(tmp_path: Path, environment: dict[str, str]) -> None:
    check = asked(tmp_path, {**environment, **OFFLINE})
    assert (check.state, check.found) == ("note", "not reachable")


def test_no_network_and_no_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**OFFLINE, "NO_PROXY": "", "no_proxy": ""}.items():
        monkeypatch.setenv(name, value)
    check = asked(tmp_path, {"HOME": str(tmp_path)})
    assert (check.state, check.found) == ("note", "not reachable")


def test_files_that_are_wrong_or_unfinished(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "test.csv").write_bytes(right_files()["test.csv"])
    left = runs.start(tmp_path / "models", beginning())
    (tmp_path / "submissions").mkdir()
    (tmp_path / "submissions" / ledger.FILE).write_text('{"time": ')
    checks = examined(tmp_path, {"HOME": str(tmp_path)})
    test = checks[str(tmp_path / "data" / "test.csv")]
    assert (test.state, test.fix) == ("broken", "kaggle-digits fetch")
    assert "3 rows; 28,000 are expected" in test.found
    assert checks[str(tmp_path / "data" / "train.csv")].state == "note"
    assert f"train --resume {left.name}" in checks["runs"].fix
    assert (checks["ledger"].state, checks["ledger"].found) == ("note", "line 1 is incomplete and is left out")
    (tmp_path / "submissions" / ledger.FILE).write_text("{}\n")
    assert examined(tmp_path, {"HOME": str(tmp_path)})["ledger"].state == "broken"


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("")
    check = examined(tmp_path, {"HOME": str(tmp_path)})[f"folder {tmp_path / 'models'}"]
    assert (check.state, check.found) == ("broken", f"{tmp_path / 'models'} is a file")


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"KAGGLE_KERNEL_RUN_TYPE": "Interactive", "KAGGLE_DATA_PROXY_URL": "x"}, "a Kaggle notebook"),
        ({"COLAB_RELEASE_TAG": "release-1"}, "a Google Colab notebook"),
    ],
)
def test_notebooks_are_recognised(environment: dict[str, str], words: str) -> None:
    assert words in next(iter(machine.checks(environment))).found


@pytest.mark.parametrize(
    ("fast", "found"),
    [
        (["amx_bf16"], "bfloat16 if training measures that it is faster (amx_bf16)"),
        ([], "float32: this processor does not multiply faster in 16 bits"),
        (None, "bfloat16 if training measures that it is faster"),
    ],
)
def test_nothing_is_said_of_instructions_that_nobody_tells(fast: list[str] | None, found: str) -> None:
    assert machine.precision_check(fast).found == found


@pytest.mark.parametrize("broken", [False, True])
def test_the_command(broken: bool, tmp_path: Path) -> None:
    if broken:
        (tmp_path / "data").write_text("")
    words = [f"--{name}={tmp_path / name}" for name in ("data", "models", "submissions")]
    told = CliRunner().invoke(app, ["doctor", "--offline", "--json", *words])
    document = json.loads(told.stdout)
    assert (told.exit_code, document["ok"], told.stderr) == (int(broken), not broken, "")
    assert all(set(check) == {"name", "state", "found", "fix"} for check in document["checks"])
    lines = CliRunner().invoke(app, ["doctor", "--offline", *words]).stdout.splitlines()
    assert len(lines) == len(document["checks"])
    assert all(line.startswith(("ok  ", "note  ", "broken  ")) for line in lines)

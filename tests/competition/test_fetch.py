"""Fetching leaves three files that are right, or the folder as it was."""

import compileall
import functools
import hashlib
import io
import os
import resource
import signal
import stat
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kaggle_server import Fault, KaggleServer, OpenKaggle

import kaggle_digits
from kaggle_digits.competition import fetch
from kaggle_digits.errors import CompetitionError, ConnectionLostError, CredentialsError, DataError, StorageError
from kaggle_digits.files import archive, locks

ROWS = (5, 3)
PIXELS = [f"pixel{number}" for number in range(784)]


def table(header: list[str], rows: list[list[int]]) -> bytes:
    """A CSV with the competition's own line ends."""
    return "".join(",".join(map(str, row)) + "\r\n" for row in [header, *rows]).encode()


def right_files() -> dict[str, bytes]:
    """The three files, with a few rows each."""
    train = [[number % 10] + [(number * 31 + pixel) % 256 for pixel in range(784)] for number in range(ROWS[0])]
    test = [[(number * 17 + pixel) % 256 for pixel in range(784)] for number in range(ROWS[1])]
    sample = [[number + 1, 0] for number in range(ROWS[1])]
    return {
        "train.csv": table(["label", *PIXELS], train),
        "test.csv": table(PIXELS, test),
        "sample_submission.csv": table(["ImageId", "Label"], sample),
    }


def zipped(files: dict[str, bytes], **changes: bytes | None) -> bytes:
    """A zip of `files`; `changes` replaces a file, by its name without .csv, or leaves it out."""
    changed = {**files, **{f"{name}.csv": content for name, content in changes.items()}}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in changed.items():
            if content is not None:
                target.writestr(name, content)
    return buffer.getvalue()


def with_member(name: str, mode: int = 0) -> bytes:
    """A zip of the right files and one more, of this name and Unix mode."""
    buffer = io.BytesIO(zipped(right_files(), **({name.removesuffix(".csv"): None} if mode else {})))
    with zipfile.ZipFile(buffer, "a") as target:
        member = zipfile.ZipInfo(name)
        member.external_attr = mode << 16
        target.writestr(member, b"/etc/passwd")
    return buffer.getvalue()


def edited(offset: int, value: bytes) -> bytes:
    """A zip whose table of contents says something else about its first file.

    `offset` counts from the signature: 8 flags, 10 method, 16 CRC, 24 unpacked size.
    """
    whole = bytearray(zipped(right_files()))
    start = whole.index(b"PK\x01\x02") + offset
    whole[start : start + len(value)] = value
    return bytes(whole)


def stored() -> bytes:
    """A zip of the right files that are not compressed, so that it is larger than what arrives at once."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as target:
        for name, content in right_files().items():
            target.writestr(name, content)
    return buffer.getvalue()


def flipped() -> bytes:
    """A zip of the right length, one byte of which is wrong."""
    whole = bytearray(stored())
    whole[len(whole) // 3] ^= 1
    return bytes(whole)


def twice() -> bytes:
    """A zip in which one name comes twice: sample_submission.csv renamed in place would be too long, so by hand."""
    buffer = io.BytesIO(zipped(right_files()))
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(buffer, "a") as target:
        target.writestr("test.csv", b"another")
    return buffer.getvalue()


WHOLE = zipped(right_files())
FIRST_PIXEL_300 = right_files()["test.csv"].replace(b"\r\n0,1,", b"\r\n300,1,", 1)

WRONG_ZIPS = {
    "empty": (b"", "is empty"),
    "web page": (b"<!DOCTYPE html><title>Log in</title>", "a web page, perhaps Kaggle's login page"),
    "web page with a byte order mark": (b"\xef\xbb\xbf \n<html>", "a web page"),
    "JSON": (b'{"code": 403, "message": "Accept the rules"}', "JSON, perhaps an error of Kaggle's: “Accept the rules”"),
    "text": (b"hello", "is not a zip. It begins with b'hello'"),
    "torn": (WHOLE[:-100], "is cut short"),
    "torn early": (WHOLE[:50], "is cut short"),
    "only a beginning": (b"PK", "is cut short"),
    "nothing in it": (b"PK\x05\x06" + bytes(18), "lacks sample_submission.csv, test.csv, train.csv"),
    "one file missing": (zipped(right_files(), test=None), "lacks test.csv"),
    "one file too many": (with_member("notes.txt"), "holds notes.txt"),
    "another competition": (
        zipped({"a.csv": b"", "b.csv": b"", "c.csv": b"", "d.csv": b""}),
        "b.csv, c.csv and 1 more",
    ),
    "in a folder": (zipped({f"digits/{name}": text for name, text in right_files().items()}), "holds digits/sample"),
    "leading out": (with_member("../train.csv"), "holds ../train.csv"),
    "absolute": (with_member("/tmp/train.csv"), "holds /tmp/train.csv"),
    "control characters": (with_member("\x1b[31m.csv"), r"holds \x1b[31m.csv"),
    "link": (with_member("train.csv", stat.S_IFLNK | 0o777), "train.csv in .* is a link"),
    "encrypted": (edited(8, b"\x01"), "train.csv in .* is encrypted"),
    "unknown method": (edited(10, b"\x63"), "packed by method 99"),
    "bomb": (edited(24, b"\xff\xff\xff\x7f"), "claims 2,147,483,647 bytes"),
    "bomb that lies": (edited(24, b"\x10\0\0\0"), "train.csv in .* is damaged"),
    "wrong CRC": (edited(16, b"abcd"), "train.csv in .* is damaged"),
    "one bit flipped": (flipped(), "csv in .* is damaged: Bad CRC-32"),
    "rows missing": (zipped(right_files(), train=right_files()["train.csv"][:-3000]), "train.csv in "),
    "too few rows": (
        zipped(right_files(), test=table(PIXELS, [[0] * 784])),
        "test.csv in .* has 1 rows; 3 are expected",
    ),
    "no label": (zipped(right_files(), train=right_files()["test.csv"]), "train.csv in .* column 'label'"),
    "value too high": (zipped(right_files(), test=FIRST_PIXEL_300), "test.csv in .*, row 2, column pixel0.*'300'"),
    "not text": (zipped(right_files(), train=b"\xff\x00\xff" * 999), "train.csv in "),
    "wrong sample": (zipped(right_files(), sample_submission=b"Id,Label\n1,0\n"), "sample_submission.csv in .*ImageId"),
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder that does not exist yet."""
    return tmp_path / "data"


@pytest.fixture
def own_zip(tmp_path: Path) -> Path:
    """A right zip of the user's."""
    path = tmp_path / "mine.zip"
    path.write_bytes(WHOLE)
    return path


@functools.cache
def compiled() -> None:
    """Python 3.11 would keep the half of a compiled module that fits."""
    compileall.compile_dir(Path(kaggle_digits.__file__).parent, quiet=2)


@contextmanager
def file_limit(size: int = 4096) -> Iterator[None]:
    """No file may grow beyond so many bytes, which to a program looks much like a full disk."""
    compiled()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def states(fetched: list[fetch.Fetched]) -> list[str]:
    return [one.state for one in fetched]


def test_fetch_from_kaggle(server: KaggleServer, open_kaggle: OpenKaggle, data: Path) -> None:
    server.archive = WHOLE
    told: list[tuple[int, int | None]] = []
    fetched = fetch.fetch(
        data, kaggle=open_kaggle(), rows=ROWS, on_progress=lambda done, total: told.append((done, total))
    )
    assert contents(data) == right_files()
    assert [one.path for one in fetched] == [data / name for name in ("train.csv", "test.csv", "sample_submission.csv")]
    assert states(fetched) == ["new", "new", "new"]
    assert told[-1] == (len(WHOLE), len(WHOLE))


def test_what_is_right_is_kept_without_a_question(server: KaggleServer, open_kaggle: OpenKaggle, data: Path) -> None:
    server.archive = WHOLE
    fetch.fetch(data, kaggle=open_kaggle(), rows=ROWS)
    server.calls.clear()
    before = {path: path.stat().st_mtime_ns for path in data.iterdir()}
    assert states(fetch.fetch(data, kaggle=open_kaggle(), rows=ROWS)) == ["kept", "kept", "kept"]
    assert server.calls == []
    assert {path: path.stat().st_mtime_ns for path in data.iterdir()} == before
    assert states(fetch.fetch(data, kaggle=open_kaggle(), rows=ROWS, force=True)) == ["replaced"] * 3
    assert "zip" in server.calls


def test_only_what_is_wrong_or_missing_is_taken(own_zip: Path, data: Path) -> None:
    data.mkdir()
    rightly_different = right_files()["train.csv"].replace(b"\r\n", b"\n")
    (data / "train.csv").write_bytes(rightly_different)
    (data / "test.csv").write_bytes(right_files()["test.csv"][:-10])
    (data / "notes.txt").write_bytes(b"mine")
    fetched = fetch.fetch(data, archive=own_zip, rows=ROWS)
    assert states(fetched) == ["kept", "replaced", "new"]
    assert contents(data) == {**right_files(), "train.csv": rightly_different, "notes.txt": b"mine"}
    assert own_zip.read_bytes() == WHOLE


PUBLISHED = {name: hashlib.sha256(content).hexdigest() for name, content in right_files().items()}
OTHER_LABEL = zipped(right_files(), train=right_files()["train.csv"].replace(b"\r\n1,", b"\r\n7,", 1))


def test_the_published_files_pass_with_any_line_ends(own_zip: Path, data: Path) -> None:
    assert states(fetch.fetch(data, archive=own_zip, rows=ROWS, published=PUBLISHED)) == ["new"] * 3
    unix = {
        name: hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest() for name, content in right_files().items()
    }
    assert all(fetch.is_published(data / name, unix) for name in right_files())
    assert not any(one.changed for one in fetch.fetch(data, rows=ROWS, published=unix))


def test_a_zip_with_another_label_is_refused_unless_it_is_trusted(tmp_path: Path, data: Path) -> None:
    path = tmp_path / "mine.zip"
    path.write_bytes(OTHER_LABEL)
    with pytest.raises(DataError, match=r"train.csv in .*mine.zip is not what Kaggle has published.*--allow-changed"):
        fetch.fetch(data, archive=path, rows=ROWS, published=PUBLISHED)
    assert not data.exists()
    assert states(fetch.fetch(data, archive=path, rows=ROWS, published={})) == ["new"] * 3
    fetched = fetch.fetch(data, rows=ROWS, published=PUBLISHED)
    assert [(one.state, one.changed) for one in fetched] == [("kept", True), ("kept", False), ("kept", False)]


def test_a_download_with_another_label_is_refused_at_once(
    server: KaggleServer, open_kaggle: OpenKaggle, data: Path
) -> None:
    server.archive = OTHER_LABEL
    with pytest.raises(CompetitionError, match=r"train.csv in the file that Kaggle sent.*/data.*--allow-changed"):
        fetch.fetch(data, kaggle=open_kaggle(), rows=ROWS, published=PUBLISHED)
    assert server.calls.count("zip") == 1
    assert not data.exists()


@pytest.mark.parametrize("case", WRONG_ZIPS)
def test_a_wrong_zip_changes_nothing(case: str, tmp_path: Path, data: Path) -> None:
    whole, words = WRONG_ZIPS[case]
    words = words if ".*" in words else words.replace("\\", "\\\\").replace("[", r"\[")
    own_zip = tmp_path / "mine.zip"
    own_zip.write_bytes(whole)
    data.mkdir()
    (data / "train.csv").write_bytes(b"what was there")
    with pytest.raises(DataError, match=words) as caught:
        fetch.fetch(data, archive=own_zip, rows=ROWS)
    assert str(own_zip) in str(caught.value)
    assert "/competitions/digit-recognizer/data" in str(caught.value)
    assert ".fetch-" not in str(caught.value)
    assert contents(data) == {"train.csv": b"what was there"}
    assert own_zip.read_bytes() == whole


def test_a_name_that_comes_twice(tmp_path: Path, data: Path) -> None:
    own_zip = tmp_path / "mine.zip"
    own_zip.write_bytes(twice())
    with pytest.raises(DataError, match="holds a file twice"):
        fetch.fetch(data, archive=own_zip, rows=ROWS)
    assert not data.exists()


def test_a_zip_that_is_not_there(tmp_path: Path, data: Path) -> None:
    with pytest.raises(DataError, match=r"no\.zip cannot be read: No such file"):
        fetch.fetch(data, archive=tmp_path / "no.zip", rows=ROWS)
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        fetch.fetch(data, archive=tmp_path, rows=ROWS)
    assert not data.exists()


@pytest.mark.parametrize("case", ["web page", "torn", "one bit flipped", "rows missing"])
def test_a_wrong_download_changes_nothing(case: str, server: KaggleServer, open_kaggle: OpenKaggle, data: Path) -> None:
    server.archive, words = WRONG_ZIPS[case]
    data.mkdir()
    (data / "test.csv").write_bytes(b"what was there")
    with pytest.raises(CompetitionError, match=words) as caught:
        fetch.fetch(data, kaggle=open_kaggle(), rows=ROWS)
    assert "that Kaggle sent" in str(caught.value)
    assert "fetch --zip" in str(caught.value)
    assert contents(data) == {"test.csv": b"what was there"}


FAULTS = {
    "rules": ({"DownloadDataFiles": Fault(403, b"<html>")}, CompetitionError, "/rules"),
    "rejected": (
        {"IntrospectToken": Fault(401, b"")},
        CredentialsError,
        "rejects.* Or without a token: log in.*--zip FILE",
    ),
    "login page": ({"DownloadDataFiles": Fault(200, b"<html>Log in")}, CompetitionError, "a web page"),
    "sent to a login page": (
        {"DownloadDataFiles": Fault(302, b"", headers={"Location": "http://localhost/account/login.aspx/next"})},
        CompetitionError,
        "a web page, perhaps Kaggle's login page",
    ),
    "stalled": ({"zip": Fault(stall_after=20_000)}, ConnectionLostError, "stopped after"),
    "resume gives another file": ({"zip": Fault(cut_after=20_000)}, CompetitionError, "is cut short"),
    "resume refused": (
        {"zip": Fault(cut_after=20_000), "rest": Fault(503, b"<html>")},
        ConnectionLostError,
        "cut off in the middle",
    ),
    "broken": ({"zip": Fault(503, b"")}, CompetitionError, "out of order"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_failed_download_changes_nothing(
    case: str, server: KaggleServer, open_kaggle: OpenKaggle, data: Path
) -> None:
    faults, kind, words = FAULTS[case]
    server.archive = stored()
    server.resumed_with = 0xFF if case == "resume gives another file" else 0
    data.mkdir()
    (data / "train.csv").write_bytes(b"what was there")
    kaggle = open_kaggle(patience=10)
    if case == "stalled":
        kaggle.submissions()
        kaggle.patience = 1
    server.faults = faults
    with pytest.raises(kind, match=words):
        fetch.fetch(data, kaggle=kaggle, rows=ROWS)
    assert contents(data) == {"train.csv": b"what was there"}


def test_a_full_disk_while_unpacking(own_zip: Path, data: Path) -> None:
    told = r"cannot write .*csv: File too large.*It needs [\d,]+ bytes"
    with file_limit(), pytest.raises(StorageError, match=told):
        fetch.fetch(data, archive=own_zip, rows=ROWS)
    assert not data.exists()


def test_a_full_disk_while_downloading(server: KaggleServer, open_kaggle: OpenKaggle, data: Path) -> None:
    server.archive = WHOLE + bytes(200_000)
    told = r"cannot be read or written: File too large: .*digit-recognizer\.zip"
    with file_limit(), pytest.raises(StorageError, match=told):
        fetch.fetch(data, kaggle=open_kaggle(), rows=ROWS)
    assert not data.exists()


def test_no_room_for_the_unpacked_files(own_zip: Path, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"has no room: the files need [\d,]+ MB"):
        archive.check_room(tmp_path, 1 << 60)
    assert own_zip.exists()


def test_what_a_killed_fetch_left_is_swept_away_and_a_living_one_is_not(own_zip: Path, data: Path) -> None:
    for name in (".fetch-dead", ".fetch-alive", ".fetch-begun"):
        (data / name).mkdir(parents=True)
        if name == ".fetch-alive":
            (data / name / "lock").touch()
        if name != ".fetch-begun":  # a moment ago: it may be about to lock its folder
            os.utime(data / name, (0, 0))
    with locks.locked(data / ".fetch-alive" / "lock", 0):
        fetch.fetch(data, archive=own_zip, rows=ROWS)
    assert sorted(path.name for path in data.iterdir()) == [".fetch-alive", ".fetch-begun", *sorted(right_files())]


def test_a_folder_that_is_a_file(own_zip: Path, data: Path) -> None:
    data.write_text("I am a file")
    with pytest.raises(StorageError, match=r"cannot write .*data: File exists"):
        fetch.fetch(data, archive=own_zip, rows=ROWS)


def test_two_at_once(own_zip: Path, data: Path) -> None:
    failures: list[BaseException] = []

    def fetch_all() -> None:
        try:
            fetch.fetch(data, archive=own_zip, rows=ROWS, force=True)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=fetch_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert contents(data) == right_files()


@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_in_the_middle(blow: signal.Signals, server: KaggleServer, tmp_path: Path, data: Path) -> None:
    server.archive = WHOLE
    server.faults["zip"] = Fault(stall_after=700)
    data.mkdir()
    (data / "train.csv").write_bytes(b"what was there")
    code = f"from pathlib import Path; from kaggle_digits.competition.fetch import fetch; fetch(Path({str(data)!r}))"
    environment = server.environment(tmp_path)
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE) as process:
        assert server.stalled.wait(60)
        process.send_signal(blow)
        process.communicate()
    # Not even kill -9 leaves the kaggle client running.
    assert server.hung_up.wait(10)
    visible = {path.name: path.read_bytes() for path in data.iterdir() if not path.name.startswith(".")}
    assert visible == {"train.csv": b"what was there"}
    if blow == signal.SIGINT:
        assert list(visible) == [path.name for path in data.iterdir()]

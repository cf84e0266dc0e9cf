import hashlib
import subprocess
import sys

import pytest

from kaggle_digits.errors import StorageError
from kaggle_digits.files import storage


def test_write_text_makes_folders_and_replaces(tmp_path):
    path = tmp_path / "deep" / "file.txt"
    storage.write_text(path, "one\n")
    storage.write_text(path, "two é\n")
    assert path.read_bytes() == "two é\n".encode()
    assert [entry.name for entry in path.parent.iterdir()] == ["file.txt"]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="in the middle"), storage.replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError("in the middle")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file.txt"]


def test_the_temporary_file_lies_beside_and_keeps_the_suffix(tmp_path):
    with storage.replacing(tmp_path / "model.keras") as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".keras"
        assert temporary.name.startswith(".")
        temporary.write_text("whole")


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StorageError, match=r"cannot write .*x\.txt: .*Something else has that name"):
        storage.write_text(tmp_path / "file" / "x.txt", "")


def test_sha256(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"digits" * 400_000)
    assert storage.sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest()


WRITER = """
import sys, time
from pathlib import Path
from kaggle_digits.files import storage
with storage.replacing(Path(sys.argv[1])) as temporary:
    temporary.write_text("half")
    print("writing", flush=True)
    sys.stdin.read(1)
    temporary.write_text("whole")
"""


def test_what_a_killed_writer_left_is_swept_away_and_what_a_living_one_writes_is_not(tmp_path):
    command = [sys.executable, "-c", WRITER, str(tmp_path / "model.keras")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as dead, subprocess.Popen(command, **pipes) as living:
        for process in (dead, living):
            assert process.stdout.readline() == "writing\n"
        assert len(list(tmp_path.iterdir())) == 2
        dead.kill()
        dead.wait()
        (tmp_path / ".partial-notes.txt").mkdir()  # whatever else it may be, it is not ours to remove
        storage.write_text(tmp_path / "run.json", "{}")
        assert len(list(tmp_path.glob(".partial-????????-model.keras"))) == 1
        living.communicate("x")
        assert living.returncode == 0
    assert (tmp_path / "model.keras").read_text() == "whole"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".partial-notes.txt", "model.keras", "run.json"]


STALE = """
import errno, sys
def refuse(event, _):
    if event == "fcntl.flock":
        raise OSError(errno.ESTALE, "Stale file handle")
sys.addaudithook(refuse)
from pathlib import Path
from kaggle_digits.errors import StorageError
from kaggle_digits.files import storage
try:
    storage.write_text(Path("x.txt"), "x")
except StorageError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="locks with something else")
def test_a_drive_that_fails_while_it_locks_keeps_no_half_file(tmp_path):
    done = subprocess.run([sys.executable, "-c", STALE], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "cannot write x.txt" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_file_or_too_large_is_not_read(tmp_path):
    (tmp_path / "file").write_text("12345")
    assert storage.read_text(tmp_path / "file", 5) == "12345"
    for path, told in (
        (tmp_path / "file", "5 bytes, of at most 4"),
        (tmp_path, "directory"),
        (tmp_path / "no", "No such"),
    ):
        with pytest.raises(OSError, match=told):
            storage.read_text(path, 4)

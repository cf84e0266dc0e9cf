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
    with pytest.raises(StorageError, match=r"cannot write .*x\.txt: .*Free some space"):
        storage.write_text(tmp_path / "file" / "x.txt", "")


def test_a_full_disk_is_one_sentence(tmp_path):
    full = tmp_path / "full"
    full.symlink_to("/dev/full")
    with pytest.raises(StorageError, match="No space left"), storage.disk_errors(full):
        full.write_text("x")


def test_a_lock_is_held_by_one_at_a_time(tmp_path):
    waits = []
    with storage.locked(tmp_path / "new" / "lock", 0):
        with (
            pytest.raises(StorageError, match="another kaggle-digits has held"),
            storage.locked(tmp_path / "new" / "lock", 0.01, lambda: waits.append(1)),
        ):
            pass
        assert waits == [1]
    with storage.locked(tmp_path / "new" / "lock", 0):
        pass


def test_a_lock_ends_with_its_process(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from kaggle_digits import storage\n"
        "with storage.locked(Path(sys.argv[1]), 0): print('held', flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(StorageError), storage.locked(tmp_path / "lock", 0):
            pass
        process.kill()
    with storage.locked(tmp_path / "lock", 5):
        pass


def test_a_lock_in_a_folder_that_cannot_be_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot write"), storage.locked(tmp_path / "file" / "lock", 0):
        pass


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


def test_a_lock_can_be_seen(tmp_path):
    assert not storage.is_locked(tmp_path / "lock")
    with storage.locked(tmp_path / "lock", 0):
        assert storage.is_locked(tmp_path / "lock")
    assert not storage.is_locked(tmp_path / "lock")


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

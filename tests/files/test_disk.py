import errno
import os

import pytest

from kaggle_digits.errors import DataError, StorageError
from kaggle_digits.files import disk


def test_a_full_disk_is_one_sentence(tmp_path):
    full = tmp_path / "full"
    full.symlink_to("/dev/full")
    with pytest.raises(StorageError, match="No space left"), disk.disk_errors(full):
        full.write_text("x")


@pytest.mark.parametrize(
    ("number", "next_step"),
    [
        (errno.ENOSPC, "Free some space, then try again."),
        (errno.EDQUOT, "Free some space, then try again."),
        (errno.EACCES, "Choose a folder that you may write to."),
        (errno.EROFS, "Choose a folder that you may write to."),
        (errno.EISDIR, "Something else has that name: move it away, or choose another folder."),
        (errno.EFBIG, "No file may be so large here: see ulimit -f, or choose another disk."),
        (errno.ESTALE, "Try again, or choose another folder."),
        (errno.EXDEV, "Try again, or choose another folder."),
        (errno.ENOENT, "Try again, or choose another folder."),
    ],
)
def test_only_a_full_disk_wants_space(tmp_path, number, next_step):
    with pytest.raises(StorageError) as caught, disk.disk_errors(tmp_path / "a.csv"):
        raise OSError(number, os.strerror(number), str(tmp_path / "a.csv"))
    assert str(caught.value) == f"cannot write {tmp_path / 'a.csv'}: {os.strerror(number)}. {next_step}"


def test_a_file_that_is_missing_while_another_is_written_is_named(tmp_path):
    with pytest.raises(StorageError) as caught, disk.disk_errors(tmp_path / "out" / "a.csv"):
        (tmp_path / "elsewhere" / "b.csv").read_text()
    assert f"cannot write {tmp_path / 'out' / 'a.csv'}: {tmp_path / 'elsewhere' / 'b.csv'}: No such" in str(
        caught.value
    )


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path):
    told = r"no\.txt cannot be read: No such file or directory\. Check its name"
    with pytest.raises(DataError, match=told), disk.reading(tmp_path):
        (tmp_path / "no.txt").read_text()


def test_folders_are_made_and_files_moved(tmp_path):
    disk.make_folder(tmp_path / "a" / "b")
    disk.make_folder(tmp_path / "a" / "b")
    (tmp_path / "one").write_text("1")
    (tmp_path / "a" / "b" / "two").write_text("2")
    disk.move(tmp_path / "one", tmp_path / "a" / "b" / "two")
    assert [(path.name, path.read_text()) for path in tmp_path.rglob("*") if path.is_file()] == [("two", "1")]

import subprocess
import sys

import pytest

from kaggle_digits.errors import StorageError
from kaggle_digits.files import locks


def test_a_lock_is_held_by_one_at_a_time(tmp_path):
    waits = []
    with locks.locked(tmp_path / "new" / "lock", 0):
        with (
            pytest.raises(StorageError, match="another kaggle-digits has held"),
            locks.locked(tmp_path / "new" / "lock", 0.01, lambda: waits.append(1)),
        ):
            pass
        assert waits == [1]
    with locks.locked(tmp_path / "new" / "lock", 0):
        pass


def test_a_lock_ends_with_its_process(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from kaggle_digits.files import locks\n"
        "with locks.locked(Path(sys.argv[1]), 0): print('held', flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(StorageError), locks.locked(tmp_path / "lock", 0):
            pass
        process.kill()
    with locks.locked(tmp_path / "lock", 5):
        pass


def test_a_lock_in_a_folder_that_cannot_be_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot write"), locks.locked(tmp_path / "file" / "lock", 0):
        pass


def test_a_lock_can_be_seen(tmp_path):
    assert not locks.is_locked(tmp_path / "lock")
    with locks.locked(tmp_path / "lock", 0):
        assert locks.is_locked(tmp_path / "lock")
    assert not locks.is_locked(tmp_path / "lock")


NETWORK = """
import errno, os, sys
from pathlib import Path
from kaggle_digits.files import locks

def refuse(event, arguments):
    if event == "fcntl.flock":
        import fcntl
        handle, operation = arguments
        is_open_for_writing = fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY
        if operation & fcntl.LOCK_EX and not is_open_for_writing:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))

sys.addaudithook(refuse)
print(locks.is_locked(Path(sys.argv[1])))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="flock is POSIX's")
def test_a_lock_can_be_seen_on_a_network_file_system(tmp_path):
    """NFS makes locks on ranges of bytes of flock, and what is open for reading only cannot be locked exclusively."""

    def is_locked():
        command = [sys.executable, "-c", NETWORK, str(tmp_path / "lock")]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    with locks.locked(tmp_path / "lock", 0):
        assert is_locked() == "True\n"
    assert is_locked() == "False\n"

"""Runs a command whose process is killed at one of its steps on the disk: `kill -9`, no last words.

    python power_cut.py STEP DELAY COUNT WORD...

A step is whatever makes, opens for writing, renames or removes a file or folder below the current one; the kill comes
DELAY seconds after the STEPth. STEP 0 is never: then the file COUNT holds, in the end, how many steps there were.
`fetch` stands for a fetch of a few rows; other words are a command line.
"""

import atexit
import os
import signal
import sys
import threading
import time
from pathlib import Path

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def is_step(event: str, arguments: tuple[object, ...], here: str) -> bool:
    """Whether an audit event changes, or is about to change, what is on the disk below a folder."""
    if event == "open":
        flags = arguments[2]
        if not isinstance(flags, int) or not flags & _WRITING:
            return False
    elif event not in ("os.rename", "os.remove", "os.mkdir", "os.rmdir"):
        return False
    path = arguments[0]
    if not isinstance(path, str | bytes | os.PathLike):
        return False
    path = os.fsdecode(path)
    return not path.startswith("/") or path.startswith(here)


class Watch:
    """Counts the steps of this process, and ends it.

    Args:
        step: at which; 0 is never.
        delay: seconds from that step to the end.
    """

    def __init__(self, step: int, delay: float) -> None:
        self.step, self.delay, self.seen = step, delay, 0
        self.here = os.getcwd()  # noqa: PTH109 - pathlib's would be watched, too

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        """An audit hook; see `sys.addaudithook`."""
        if not is_step(event, arguments, self.here):
            return
        self.seen += 1
        if self.seen != self.step:
            return
        if self.delay:
            threading.Thread(target=self._kill, daemon=True).start()
        else:
            self._kill()

    def _kill(self) -> None:
        time.sleep(self.delay)
        os.kill(os.getpid(), signal.SIGKILL)


def main(step: int, delay: float, count: str, words: list[str]) -> None:
    """What the process does."""
    watch = Watch(step, delay)
    if step == 0:
        atexit.register(lambda: Path(count).write_text(str(watch.seen)))
    sys.addaudithook(watch)
    if words == ["fetch"]:
        from kaggle_digits.competition import fetch

        fetch.fetch(Path("data"), rows=(5, 3), force=True)
        return
    from kaggle_digits import cli

    sys.argv = ["kaggle-digits", *words]
    cli.main()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3], sys.argv[4:])

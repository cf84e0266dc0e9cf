"""Runs a command, and writes down what a disk may hold if the power fails at each of its steps.

    python power_loss.py OUT WORD...

A disk keeps for certain only what was synced: of a file the bytes that it had then, of a folder the names. Everything
else may have reached it or not, in any order. So at each step that changes a name below the current folder, and after
each sync, folders are made in OUT, of hard links and small copies:

    NNN-lost    nothing is there but what was synced
    NNN-torn    all names are there, but of bytes that were not synced only the first half
    NNN-mixed   each name and each file is as before or as now, by chance

Steps at which nothing differs from the step before make none. `end-...` is when the command has ended. The processes
that it starts are not stopped at their own steps; but what they sync counts as synced.
`fetch` stands for a fetch of a few rows; other words are a command line.
"""

import itertools
import json
import os
import random
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from power_cut import is_step

Variant = Literal["lost", "torn", "mixed"]
_Survivor = tuple[Path, Path | bytes | None]
VARIANTS: tuple[Variant, ...] = ("lost", "torn", "mixed")


class Disk:
    """What is below a folder, and what of it was synced.

    Attributes:
        names: of each folder that was synced, by inode: the inode of each name in it.
        contents: of each file that was synced, by inode: where its bytes at that time are kept.
    """

    def __init__(self, here: Path, out: Path) -> None:
        self._here, self._out = here, out
        self._store = out / "store"
        self._store.mkdir(parents=True)
        self.names: dict[int, dict[str, int]] = {}
        self.contents: dict[int, Path] = {}
        self._pinned: dict[int, int] = {}
        self._seen: set[tuple[object, ...]] = set()
        self._steps = self._kept = 0
        for folder, _, files in os.walk(here):  # what was there before is on the disk
            self.sync(folder)
            for name in files:
                self.sync(os.path.join(folder, name))  # noqa: PTH118

    def sync(self, path: str) -> None:
        """Remembers what is at a path as synced."""
        status = Path(path).stat()
        self._pin(path, status.st_ino)
        if stat.S_ISDIR(status.st_mode):
            self.names[status.st_ino] = self._names_in(path)
        else:
            self._kept += 1
            kept = self._store / str(self._kept)
            kept.write_bytes(Path(path).read_bytes())
            self.contents[status.st_ino] = kept

    def sync_of_others(self) -> None:
        """Remembers what the processes started by this one have synced; see `note_syncs`."""
        for note in sorted(self._out.glob("note-*.json"), key=lambda path: path.stat().st_mtime_ns):
            told = json.loads(note.read_text())
            if isinstance(told["held"], dict):
                self.names[told["inode"]] = told["held"]
            else:
                self.contents[told["inode"]] = Path(told["held"])
            note.unlink()

    def fail(self, label: str | None = None) -> None:
        """Writes down what may be there if the power fails now; a label is always written, and names the folders."""
        self._steps += 1
        for variant in VARIANTS:
            chance = random.Random(f"{self._steps}{variant}")
            found = dict(self._survivors(str(self._here), Path(), variant, chance))
            known = tuple(
                sorted((str(path), str(kept) if isinstance(kept, Path) else hash(kept)) for path, kept in found.items())
            )
            if label is None and known in self._seen:
                continue
            self._seen.add(known)
            self._write(self._out / f"{label or f'{self._steps:03}'}-{variant}", found)

    def _survivors(self, folder: str, below: Path, variant: Variant, chance: random.Random) -> Iterator[_Survivor]:
        """The files and folders that are left, each with what is in it: kept bytes, other bytes, None for a folder."""
        old, now = self.names.get(Path(folder).stat().st_ino, {}), self._names_in(folder)
        for name, child in self._chosen(old, now, variant, chance).items():
            path = f"{folder}/{name}"
            if not self._is_there(path, child):
                path = f"/proc/self/fd/{self._pinned[child]}"
            if os.path.isdir(path):  # noqa: PTH112
                yield below / name, None
                yield from self._survivors(path, below / name, variant, chance)
            else:
                yield below / name, self._bytes(path, child, variant, chance)

    @staticmethod
    def _chosen(old: dict[str, int], now: dict[str, int], variant: Variant, chance: random.Random) -> dict[str, int]:
        if variant == "lost":
            return old
        if variant == "torn":
            return now
        either = {name: chance.choice((old, now)).get(name) for name in sorted(old.keys() | now.keys())}
        return {name: inode for name, inode in either.items() if inode is not None}

    def _bytes(self, path: str, inode: int, variant: Variant, chance: random.Random) -> Path | bytes:
        synced, now = self.contents.get(inode), Path(path).read_bytes()
        if synced is not None and (variant == "lost" or synced.read_bytes() == now):
            return synced
        if variant == "lost":
            return b""
        return now[: len(now) // 2] if variant == "torn" else chance.choice((b"", now[: len(now) // 2], now))

    @staticmethod
    def _write(folder: Path, found: dict[Path, Path | bytes | None]) -> None:
        folder.mkdir()
        for path, kept in found.items():
            if kept is None:
                (folder / path).mkdir()
            elif isinstance(kept, Path):
                os.link(kept, folder / path)
            else:
                (folder / path).write_bytes(kept)

    def _names_in(self, folder: str) -> dict[str, int]:
        names = {}
        with os.scandir(folder) as entries:
            for entry in entries:
                names[entry.name] = entry.inode()
                self._pin(f"{folder}/{entry.name}", entry.inode())
        return names

    def _pin(self, path: str, inode: int) -> None:
        """Keeps an inode's number from being given to another file."""
        if inode not in self._pinned:
            self._pinned[inode] = os.open(path, os.O_PATH | os.O_NOFOLLOW)

    @staticmethod
    def _is_there(path: str, inode: int) -> bool:
        try:
            return Path(path).stat().st_ino == inode
        except OSError:
            return False


class Layer:
    """Stands between the command and its disk: before every step, and around every sync, the power may fail."""

    def __init__(self, disk: Disk, here: str) -> None:
        self._disk, self._here, self._sync = disk, here, os.fsync
        self._guard, self._lock = threading.local(), threading.Lock()

    def install(self) -> None:
        """From now on this process is watched."""
        os.fsync = self.fsync
        sys.addaudithook(self.hook)

    def hook(self, event: str, arguments: tuple[object, ...]) -> None:
        """An audit hook; see `sys.addaudithook`."""
        if getattr(self._guard, "busy", False) or not is_step(event, arguments, self._here):
            return
        self._look(None)

    def fsync(self, handle: int) -> None:
        """In place of `os.fsync`."""
        self._sync(handle)
        path = str(Path(f"/proc/self/fd/{handle}").readlink())
        if path.startswith(self._here):
            self._look(f"/proc/self/fd/{handle}")

    def _look(self, synced: str | None) -> None:
        self._guard.busy = True
        try:
            with self._lock:
                self._disk.sync_of_others()
                if synced is not None:
                    self._disk.sync(synced)
                self._disk.fail()
        finally:
            self._guard.busy = False


def note_syncs(here: str, out: Path) -> None:
    """In a process that a watched one has started: writes down what is synced, and then is on the disk, into `out`."""
    sync, numbers = os.fsync, itertools.count()

    def fsync(handle: int) -> None:
        sync(handle)
        path, status = Path(f"/proc/self/fd/{handle}"), os.fstat(handle)
        if not str(path.readlink()).startswith(here):
            return
        name = f"{os.getpid()}-{next(numbers)}"
        held: str | dict[str, int] = str(out / f"held-{name}")
        if stat.S_ISDIR(status.st_mode):
            with os.scandir(path) as entries:
                held = {entry.name: entry.inode() for entry in entries}
        else:
            Path(str(held)).write_bytes(path.read_bytes())
        begun = out / f"begun-{name}"
        begun.write_text(json.dumps({"inode": status.st_ino, "held": held}))
        begun.rename(out / f"note-{name}.json")

    os.fsync = fsync


def main(out: Path, words: list[str]) -> None:
    """What the process does."""
    here = os.getcwd()  # noqa: PTH109
    disk = Disk(Path(here), out)
    code = f"import sys; sys.path.append({str(Path(__file__).parent)!r}); import power_loss; from pathlib import Path\n"
    (out / "sitecustomize.py").write_text(f"{code}power_loss.note_syncs({here!r}, Path({str(out)!r}))\n")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(out), *filter(None, [os.environ.get("PYTHONPATH")])])
    Layer(disk, here).install()
    try:
        run(words)
    except SystemExit as end:
        if end.code:
            raise
    disk.sync_of_others()
    disk.fail("end")


def run(words: list[str]) -> None:
    if words == ["fetch"]:
        from kaggle_digits.competition import fetch

        fetch.fetch(Path("data"), archive=Path("mine.zip"), rows=(5, 3), force=True)
        return
    from kaggle_digits import cli

    sys.argv = ["kaggle-digits", *words]
    cli.main()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])

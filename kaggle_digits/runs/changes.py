"""Complete runs changed afterwards: a note, another name, removal. Blends, which refer to runs beside them, follow."""

import re
import secrets
import shutil
from pathlib import Path

import msgspec

from kaggle_digits import recipes
from kaggle_digits.errors import RunError
from kaggle_digits.files import disk, storage
from kaggle_digits.runs.names import BEST
from kaggle_digits.runs.record import Record
from kaggle_digits.runs.run import BEGUN, PLAN, RECORD, Run, is_in_training, listing, read, write_record

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")  # as `record.Name`, which blends know their runs by
_LONGEST_NOTE = 1000


def set_note(run: Run, note: str) -> Run:
    """Gives a run another note, a line of at most 1,000 characters; an empty one takes it away.

    Raises:
        RunError: the note is too long.
        StorageError: the folder cannot be written, or the disk is full.
    """
    line = " ".join(note.split())
    if len(line) > _LONGEST_NOTE:
        raise RunError(f"a note has at most {_LONGEST_NOTE:,} characters. Received: {len(line):,}.")
    plan = msgspec.structs.replace(run.record.plan, note=line)
    return _rewrite(run, msgspec.structs.replace(run.record, plan=plan))


def rename(run: Run, name: str) -> Run:
    """Gives a run another name; the blends that it is part of know it by that from now on.

    Args:
        run: which run.
        name: lower-case letters, digits, - and _; neither a recipe's name nor `best`, which mean other runs.

    Raises:
        RunError: the name will not do, it is taken, or the run is in training just now.
        StorageError: the folder cannot be renamed.
    """
    if not _NAME.fullmatch(name):
        raise RunError(f"a run's name has lower-case letters, digits, - and _, at most 61 in all. Received: {name!r}.")
    if name == BEST or name in recipes.names():
        raise RunError(f"{name} means {'the best run' if name == BEST else 'the newest run of that recipe'} already.")
    path = run.path.with_name(name)
    if path.exists():
        raise RunError(f"there is already a {path}. Choose another name.")
    _check_idle(run.path)
    blends = [blend.path for blend in blends_of(run)]
    with disk.disk_errors(path):
        disk.move(run.path, path)
    for blend in map(read, blends):  # one at a time: the first may be part of the next
        _rewrite(blend, _with_member(blend.record, run.name, name))
    return read(path)


def remove(path: Path) -> None:
    """Removes the folder of a run, complete or not. It is gone at once, even if deleting its files is interrupted.

    Raises:
        RunError: it holds no run, or one that is in training just now.
        StorageError: the folder cannot be removed.
    """
    if path.is_symlink() or not any((path / name).is_file() for name in (PLAN, RECORD)):
        raise RunError(f"{path} is not the folder of a run: nothing was removed.")
    _check_idle(path)
    doomed = path.with_name(f"{BEGUN}{secrets.token_hex(4)}")  # the next training sweeps what is left
    with disk.disk_errors(path):
        disk.move(path, doomed)
        shutil.rmtree(doomed, ignore_errors=True)  # a training that begins just now may sweep it, too
        if doomed.exists():
            shutil.rmtree(doomed)


def blends_of(run: Run) -> list[Run]:
    """The blends beside a run that it has a share in."""
    return [one for one in listing(run.path.parent) if run.name in one.record.blended]


def size(path: Path) -> int:
    """The bytes of all files in a folder."""
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def _check_idle(path: Path) -> None:
    if is_in_training(path):
        raise RunError(f"{path.name} is in training just now. Wait until that ends, or end it.")


def _rewrite(run: Run, record: Record) -> Run:
    """Writes run.json anew; a blend knows its runs by the checksum of that, and a blend of blends in turn."""
    try:
        before = storage.sha256(run.path / RECORD)
        changed = write_record(run.path, record)
        after = storage.sha256(run.path / RECORD)
    except FileNotFoundError:
        raise RunError(f"{run.path} was removed or renamed meanwhile. List the runs: kaggle-digits runs.") from None
    for blend in map(read, [one.path for one in blends_of(run)]):
        if blend.record.blended[run.name] == before:
            blended = {**blend.record.blended, run.name: after}
            _rewrite(blend, msgspec.structs.replace(blend.record, blended=blended))
    return changed


def _with_member(blend: Record, old: str, new: str) -> Record:
    """A blend that knows one of its runs by another name; their order stays."""
    change, names = msgspec.structs.replace, {old: new}
    return change(
        blend,
        members={names.get(name, name): weight for name, weight in (blend.members or {}).items()},
        blended={names.get(name, name): digest for name, digest in blend.blended.items()},
        layers=[change(layer, name=names.get(layer.name, layer.name)) for layer in blend.layers],
    )

"""Members of a committee trained side by side: by processes of this machine, or by the workers of a Dask cluster."""

import io
import os
import shutil
import tempfile
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from kaggle_digits import runs
from kaggle_digits.classifiers.backend import has_gpu, load_keras
from kaggle_digits.classifiers.protocol import Listener
from kaggle_digits.errors import DigitsError
from kaggle_digits.machine import free_memory, usable_cores
from kaggle_digits.recipes import Recipe
from kaggle_digits.training import child
from kaggle_digits.training.committee import TEMPORARY, Member, Paused, Work, missing

_TOPIC = "kaggle-digits"
_PATIENCE = 30  # seconds to find the cluster's scheduler
_LOOK_EVERY = 2.0  # seconds

# What makes a training long: `strong` learns from 20 x 33,600 images, `sprint`, which is done in 5 s, from 2 x 33,600.
LONG = 60.0
"""Seconds from which on a training is worth a process of its own."""

_MANY_IMAGES = 400_000
_MEMORY = 1.5e9  # bytes that a process takes, at most; see the table in README.md
_BLIND = 2  # processes where nobody tells how much memory is free


def in_processes(count: int | None, work: Work, members: list[Member], listener: Listener) -> None:
    """Trains members in processes of this machine, which share its cores; or leaves them all to this process.

    Networks as small as these cannot keep two cores busy: two processes with a core each get 1.3 times as far.

    Args:
        count: how many at a time; None is as many as make it faster.
        work: the run that they are members of.
        members: all of them; those that are there already are left alone.
        listener: is told of every epoch.

    Raises:
        DigitsError: a member could not be trained.
        Paused: Ctrl-C; members that are done stay, and of the others their checkpoints.
    """
    # By all members, not only those to train: one with more cores than the others had would round differently.
    count = min(count or _fastest(work, members), len(members))
    if count == 1:
        return
    rows, children = child.pack_rows(work), child.Children()
    shares, most = _shares(count), max(1, usable_cores() // count)

    def train(member: Member) -> None:
        share = shares.pop()
        try:
            with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=work.path) as name:
                child.pack(Path(name), work.path, work.plan, member, rows)
                children.run(Path(name), listener.note, most, share)
        finally:
            shares.append(share)

    with ThreadPoolExecutor(count) as threads:
        waiting = [threads.submit(train, member) for member in missing(work, members)]
        try:
            for done in as_completed(waiting):
                done.result()
        except BaseException as error:
            threads.shutdown(wait=False, cancel_futures=True)
            children.end()
            if isinstance(error, KeyboardInterrupt):
                raise Paused(work.path.name) from None
            raise


def on_cluster(address: str, work: Work, members: list[Member], listener: Listener) -> None:
    """Trains members on the workers of a Dask cluster, on each of which the package must be installed.

    A worker that dies loses only its task, which another one takes over.

    Args:
        address: of the cluster's scheduler, `tcp://10.0.0.1:8786` say.
        work: the run that they are members of; their folders come back whole to its own, on this machine.
        members: all of them; those that are there already are left alone.
        listener: is told of every epoch.

    Raises:
        DigitsError: Dask is not installed, the scheduler cannot be reached, or a member could not be trained.
        Paused: Ctrl-C; members that are done stay.
    """
    with connect(address) as client:
        client.subscribe_topic(_TOPIC, lambda event: listener.note(event[1]))
        try:
            # On every worker: what only one holds is lost with it.
            [rows] = client.scatter([child.pack_rows(work)], broadcast=True)
            _train_all(client, work, missing(work, members), rows)
        except (DigitsError, Paused):
            raise
        except Exception as error:  # whatever a cluster can go wrong with, in its own words
            raise DigitsError(
                f"the cluster did not train all members: {type(error).__name__}: {error}. See that every worker has "
                "the same kaggle-digits."
            ) from error


def _train_all(client: Any, work: Work, members: list[Member], rows: Any) -> None:
    from distributed import Event, as_completed

    stop = f"{_TOPIC}-{work.path.name}-{time.time_ns()}"
    waiting = {
        client.submit(_on_worker, work.plan, member, rows, stop, key=f"{stop}-{member.name}", pure=False): member
        for member in members
    }
    try:
        for done in as_completed(waiting):
            _bring_home(done.result(), work.path, waiting[done])
    except BaseException as error:
        Event(stop, client=client).set()
        client.cancel(list(waiting))
        if isinstance(error, KeyboardInterrupt):
            raise Paused(work.path.name) from None
        raise


def connect(address: str, patience: float = _PATIENCE) -> Any:
    """A `distributed.Client` of the cluster.

    Args:
        address: of its scheduler.
        patience: seconds to find it.

    Raises:
        DigitsError: Dask is not installed, or the scheduler cannot be reached.
    """
    try:
        from distributed import Client
    except ImportError:
        raise DigitsError("Dask is not installed. Install it: pip install 'kaggle-digits[cluster]'.") from None
    try:
        return Client(address, timeout=patience)
    except (OSError, ValueError) as error:
        raise DigitsError(
            f"no Dask scheduler answers at {address} ({error}). Start one with dask scheduler, and workers with "
            "dask worker ADDRESS."
        ) from None


def _on_worker(plan: dict[str, Any], member: Member, rows: bytes, stop: str) -> bytes:
    """What a worker does: its own process for every member, because a network's threads and seeds are the process's."""
    from distributed import Event, get_client, get_worker

    worker, children, done = get_worker(), child.Children(), threading.Event()
    told = Event(stop, client=get_client())  # which only the task's own thread can find

    def end_when_told() -> None:
        while not done.wait(_LOOK_EVERY):
            if told.is_set():
                children.end()
                return

    watcher = threading.Thread(target=end_when_told, daemon=True)
    watcher.start()
    try:
        with tempfile.TemporaryDirectory() as name:
            child.pack(Path(name), Path(name), plan, member, rows)
            # A task is one thread's work, and a worker has as many at a time as it has threads.
            children.run(Path(name), lambda line: worker.log_event(_TOPIC, f"{worker.name}: {line}"), most=1)
            return _zipped(Path(name) / member.name)
    finally:
        done.set()


def _zipped(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder))
    return buffer.getvalue()


def _bring_home(content: bytes, path: Path, member: Member) -> None:
    """Unpacks a member beside its place, and moves it there when it is whole. `zipfile` keeps names inside."""
    with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=path) as name:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(Path(name) / member.name)
        runs.find(Path(name) / member.name)
        # A half-trained member may stand there, from a training that was interrupted on this machine.
        shutil.rmtree(path / member.name, ignore_errors=True)
        (Path(name) / member.name).replace(path / member.name)


def tasks_at_once(address: str) -> int:
    """How many members a cluster trains at a time, as it is now: one for each thread of its workers.

    Args:
        address: of its scheduler.

    Raises:
        DigitsError: Dask is not installed, or the scheduler cannot be reached.
    """
    with connect(address) as client:
        return max(1, sum(map(int, client.nthreads().values())))


def most_at_once() -> int:
    """How many processes this machine is good for: one a core, as far as the memory goes; one beside a GPU."""
    if has_gpu(load_keras()):
        return 1  # which each process would want for itself
    memory = free_memory()
    return min(usable_cores(), _BLIND if memory is None else max(1, int(memory / _MEMORY)))


def _fastest(work: Work, members: list[Member]) -> int:
    """How many processes get so many members done first."""
    if len(members) < 2 or not all(takes_long(member.recipe, len(work.digits)) for member in members):
        return 1
    return min(most_at_once(), len(members))


def takes_long(recipe: Recipe, rows: int) -> bool:
    """Whether the few seconds that a process needs to start do not matter.

    Args:
        recipe: of a member.
        rows: how many there are in all.
    """
    if recipe.fit is None:
        return False
    if recipe.fit.seconds is not None:
        return recipe.fit.seconds >= LONG
    return recipe.fit.epochs * rows >= _MANY_IMAGES


def _shares(count: int) -> list[set[int] | None]:
    """The cores of each of so many processes; None where the system cannot hold a process to some."""
    if not hasattr(os, "sched_getaffinity"):
        return [None] * count
    cores = sorted(os.sched_getaffinity(0))
    return [set(cores[number::count]) or set(cores) for number in range(count)]

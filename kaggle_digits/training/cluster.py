"""Members of a committee trained side by side, by the workers of a Dask cluster."""

import io
import shutil
import tempfile
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

import msgspec

from kaggle_digits import extras, runs
from kaggle_digits.errors import DigitsError
from kaggle_digits.runs import Listener
from kaggle_digits.training.committee import TEMPORARY, Member, Paused, Work, missing
from kaggle_digits.training.member import Processes, Task, hear, pack, pack_rows, task
from kaggle_digits.training.processes import can_travel

_TOPIC = "kaggle-digits"
_PATIENCE = 30  # seconds to find the cluster's scheduler
_LOOK_EVERY = 2.0  # seconds


def train(address: str, work: Work, members: list[Member], listener: Listener) -> None:
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
    if not all(can_travel(member.recipe) for member in members):
        raise DigitsError("a recipe from a function cannot be sent to a cluster. Write it into a file: own.py.")
    with connect(address) as client:
        client.subscribe_topic(_TOPIC, lambda event: hear(event[1][1], listener, event[1][0]))
        try:
            # On every worker: what only one holds is lost with it.
            [rows] = client.scatter([pack_rows(work)], broadcast=True)
            left = missing(work, members)
            listener.several([member.expected for member in left], _threads(client))
            _train_all(client, work, left, rows, listener)
        except (DigitsError, Paused):
            raise
        except Exception as error:  # whatever a cluster can go wrong with, in its own words
            raise DigitsError(
                f"the cluster did not train all members: {type(error).__name__}: {error}. See that every worker has "
                "the same kaggle-digits."
            ) from error


def _train_all(client: Any, work: Work, members: list[Member], rows: Any, listener: Listener) -> None:
    from distributed import Event, as_completed

    stop = f"{_TOPIC}-{work.path.name}-{time.time_ns()}"
    waiting = {
        client.submit(
            _on_worker, task(Path(), work.beginning, member), rows, stop, key=f"{stop}-{member.name}", pure=False
        ): member
        for member in members
    }
    try:
        for done in as_completed(waiting):
            _bring_home(done.result(), work.path, waiting[done])
            listener.model_ends(waiting[done].name)
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
    extras.require("cluster", "distributed")
    from distributed import Client

    try:
        return Client(address, timeout=patience)
    except (OSError, ValueError) as error:
        raise DigitsError(
            f"no Dask scheduler answers at {address} ({error}). Start one with dask scheduler, and workers with "
            "dask worker ADDRESS."
        ) from None


def _on_worker(task: Task, rows: bytes, stop: str) -> bytes:
    """What a worker does: its own process for every member, because a network's threads and seeds are the process's."""
    from distributed import Event, get_client, get_worker

    worker, processes, done = get_worker(), Processes(), threading.Event()
    asked_to_stop = Event(stop, client=get_client())  # which only the task's own thread can find

    def end_when_asked() -> None:
        while not done.wait(_LOOK_EVERY):
            if asked_to_stop.is_set():
                processes.end()
                return

    watcher = threading.Thread(target=end_when_asked, daemon=True)
    watcher.start()
    try:
        with tempfile.TemporaryDirectory() as name:
            pack(Path(name), msgspec.structs.replace(task, run=name), rows)
            # A task is one thread's work, and a worker has as many at a time as it has threads.
            processes.run(Path(name), lambda line: worker.log_event(_TOPIC, [str(worker.name), line]), most=1)
            return _zipped(Path(name) / task.name)
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
        runs.read(Path(name) / member.name)
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
        return _threads(client)


def _threads(client: Any) -> int:
    return max(1, sum(map(int, client.nthreads().values())))

"""Members of a committee trained side by side, by the workers of a Dask cluster."""

import io
import shutil
import tempfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import msgspec

from kaggle_digits import extras, runs
from kaggle_digits.errors import DigitsError
from kaggle_digits.runs import Listener
from kaggle_digits.training.committee import TEMPORARY, Member, Work, missing
from kaggle_digits.training.member import Processes, Task, can_travel, hear, pack, pack_rows, task

_TOPIC = "kaggle-digits"
_PATIENCE = 30  # seconds to find the cluster's scheduler
_LOOK_EVERY = 2.0  # seconds


def train(address: str, work: Work, members: list[Member], listener: Listener) -> None:
    """Trains members on the workers of a Dask cluster, on each of which the package must be installed; see `Executor`.

    A worker that dies loses only its task, which another one takes over. The members' folders come back whole. The
    address is the scheduler's, `tcp://10.0.0.1:8786` say.

    Raises:
        DigitsError: Dask is not installed, the scheduler cannot be reached, or a member could not be trained.
    """
    if not all(can_travel(member) for member in members):
        raise DigitsError("a recipe from a function cannot be sent to a cluster. Write it into a file: own.py.")
    with connect(address) as client:
        client.subscribe_topic(_TOPIC, lambda event: hear(event[1][1], listener, event[1][0]))
        try:
            # On every worker: what only one holds is lost with it.
            [rows] = client.scatter([pack_rows(work)], broadcast=True)
            left = missing(work, members)
            listener.several([member.expected for member in left], _threads(client))
            _train_all(client, work, left, rows, listener)
        except DigitsError:
            raise
        except Exception as error:  # whatever a cluster can go wrong with, in its own words
            raise DigitsError(
                f"the cluster did not train all members: {type(error).__name__}: {error}. See that every worker has "
                "the same kaggle-digits."
            ) from error


def _train_all(client: Any, work: Work, members: list[Member], rows: Any, listener: Listener) -> None:
    from distributed import Event, as_completed

    stop = f"{_TOPIC}-{work.path.name}-{time.time_ns()}"
    waiting = {}
    for member in members:
        key = f"{stop}-{member.name}"
        waiting[client.submit(_on_worker, task(Path(), member), rows, stop, key=key, pure=False)] = member.name
    try:
        for done in as_completed(waiting):
            _bring_home(done.result(), work.path, waiting[done])
            listener.model_ends(waiting[done])
    except BaseException:
        Event(stop, client=client).set()
        client.cancel(list(waiting))
        raise


def connect(address: str, patience: float = _PATIENCE) -> Any:
    """A `distributed.Client` of the cluster; a `DigitsError` where no scheduler answers in so many seconds."""
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

    worker, processes = get_worker(), Processes()
    asked_to_stop = Event(stop, client=get_client())  # which only the task's own thread can find

    def tell(line: str) -> None:
        worker.log_event(_TOPIC, [str(worker.name), line])

    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(1) as aside:
        folder = Path(name)
        pack(folder, msgspec.structs.replace(task, run=name), rows)
        # A task is one thread's work, and a worker has as many at a time as it has threads.
        training = aside.submit(processes.run, folder, tell, most=1)
        while not wait([training], _LOOK_EVERY).done:
            if asked_to_stop.is_set():
                processes.end()
        training.result()
        return Path(shutil.make_archive(str(folder / "home"), "zip", folder / task.name)).read_bytes()


def _bring_home(content: bytes, path: Path, member: str) -> None:
    """Unpacks a member beside its place, and moves it there when it is whole. `zipfile` keeps names inside."""
    with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=path) as name:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(Path(name) / member)
        runs.read(Path(name) / member)
        # A half-trained member may stand there, from a training that was interrupted on this machine.
        shutil.rmtree(path / member, ignore_errors=True)
        (Path(name) / member).replace(path / member)


def tasks_at_once(address: str) -> int:
    """How many members the cluster at that address trains at a time, as it is now: one for each worker's thread."""
    with connect(address) as client:
        return _threads(client)


def _threads(client: Any) -> int:
    return max(1, sum(map(int, client.nthreads().values())))

"""Members trained in other processes, and on a real Dask cluster on loopback, one of whose workers is killed."""

import os
import shutil
import signal
import threading
import time
from functools import partial

import numpy as np
import pytest
from kaggle_digits.classifiers.protocol import Silence
from kaggle_digits.recipes.architectures import Dense

from kaggle_digits import machine, runs, sources, training
from kaggle_digits.errors import DigitsError
from kaggle_digits.recipes import Fit, Recipe
from kaggle_digits.training import elsewhere

SMALL = Recipe("small", "", Dense(hidden=(32,)), Fit(epochs=3, batch_size=64, learning_rate=5e-3))


class Notes(Silence):
    """Collects what is told, and does something at one line, the first if nothing else is said."""

    def __init__(self, action=lambda: None, at=1):
        self.lines, self._action, self._at, self._lock = [], action, at, threading.Lock()

    def note(self, text):
        with self._lock:  # processes tell of their epochs at the same time
            self.lines.append(text)
            is_time = len(self.lines) == self._at
        if is_time:
            self._action()


def children():
    """The processes below this one that train a member."""
    psutil = pytest.importorskip("psutil")
    below = psutil.Process().children(recursive=True)
    return [one for one in below if one.is_running() and "kaggle_digits.training.child" in _words(one, psutil)]


def _words(process, psutil):
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.fixture(scope="module")
def source():
    return sources.load("sklearn")


@pytest.fixture(scope="module")
def here(source, tmp_path_factory):
    folder = tmp_path_factory.mktemp("here")
    return training.train(SMALL, source, folds=2, models=folder, submissions=folder / "s")


def same(one, other):
    assert np.abs(one.probabilities - other.probabilities).max() < 1e-4
    assert one.submission.read_bytes() == other.submission.read_bytes()
    assert sorted(path.name for path in one.run.path.iterdir()) == sorted(p.name for p in other.run.path.iterdir())


def test_two_processes_give_what_one_gives(here, source, tmp_path):
    notes = Notes()
    done = training.train(
        SMALL,
        source,
        folds=2,
        models=tmp_path,
        submissions=tmp_path / "s",
        listener=notes,
        elsewhere=partial(elsewhere.in_processes, 2),
    )
    same(done, here)
    assert sum(line.startswith("fold-1: epoch") for line in notes.lines) == 3
    assert notes.lines[-1].endswith(" s")


def test_where_all_members_are_there_no_process_is_started(here, tmp_path):
    """A training killed just before its members are put together."""
    cut = tmp_path / here.run.name
    shutil.copytree(here.run.path, cut)
    (cut / runs.RECORD).unlink()
    jobs = partial(elsewhere.in_processes, 2)
    done = training.resume(here.run.name, models=tmp_path, submissions=tmp_path / "s", elsewhere=jobs)
    same(done, here)


def test_the_last_member_of_many_is_trained_as_it_would_have_been_beside_the_others(here, tmp_path):
    cut = tmp_path / here.run.name
    shutil.copytree(here.run.path, cut)
    (cut / runs.RECORD).unlink()
    shutil.rmtree(cut / "fold-2")
    notes, jobs = Notes(), partial(elsewhere.in_processes, 2)
    done = training.resume(here.run.name, models=tmp_path, submissions=tmp_path / "s", listener=notes, elsewhere=jobs)
    same(done, here)
    assert [line.split(",")[0] for line in notes.lines] == [f"fold-2: epoch {epoch} of 3" for epoch in (1, 2, 3)]


def test_a_process_that_is_killed_goes_on(here, source, tmp_path):
    notes = Notes(lambda: children()[0].kill())
    jobs = partial(elsewhere.in_processes, 2)
    done = training.train(
        SMALL, source, folds=2, models=tmp_path, submissions=tmp_path / "s", listener=notes, elsewhere=jobs
    )
    same(done, here)
    assert "a process was killed (9); it goes on where it was" in notes.lines


def test_half_trained_members_go_on_where_they_were(source, tmp_path):
    longer, jobs = SMALL.with_fit(epochs=60), partial(elsewhere.in_processes, 2)
    folders = {"models": tmp_path, "submissions": tmp_path / "s"}
    until = Notes(lambda: os.kill(os.getpid(), signal.SIGINT), at=12)
    with pytest.raises(training.Paused) as paused:
        training.train(longer, source, folds=2, listener=until, elsewhere=jobs, **folders)
    notes = Notes()
    done = training.resume(paused.value.run, listener=notes, elsewhere=jobs, **folders)
    # Of each, one epoch may have been told of, but not kept yet.
    assert len(until.lines) >= 12
    assert len(until.lines) + len(notes.lines) <= 2 * (60 + 1)
    assert sorted(path.name for path in done.run.path.iterdir() if path.is_dir()) == ["fold-1", "fold-2"]


def test_short_trainings_are_not_worth_a_process(source, tmp_path):
    notes = Notes()
    training.train(
        SMALL.with_fit(epochs=1),
        source,
        folds=2,
        models=tmp_path,
        submissions=tmp_path / "s",
        listener=notes,
        elsewhere=partial(elsewhere.in_processes, None),
    )
    assert notes.lines == ["fold-1, 1 of 2", "fold-2, 2 of 2"]


@pytest.mark.parametrize(
    ("fit", "worth_it"),
    [
        ({"epochs": 2}, False),
        ({"epochs": 20}, True),
        ({"epochs": 1_000_000, "seconds": 30.0}, False),
        ({"epochs": 1_000_000, "seconds": 90.0}, True),
    ],
)
def test_what_a_process_is_worth_starting_for(fit, worth_it):
    assert elsewhere.takes_long(SMALL.with_fit(**fit), 33_600) == worth_it


def test_there_is_always_one_process():
    assert 1 <= elsewhere.most_at_once() <= machine.usable_cores()


def test_a_member_that_fails_says_why_and_leaves_the_others(source, tmp_path):
    wild = SMALL.with_fit(learning_rate=1e30, schedule="constant")
    with pytest.raises(DigitsError, match="a member could not be trained: the training diverged"):
        training.train(
            wild, source, folds=2, models=tmp_path, submissions=tmp_path, elsewhere=partial(elsewhere.in_processes, 2)
        )
    assert not any(tmp_path.glob("**/run.json"))


def test_a_worker_that_is_killed_loses_only_its_task(here, source, tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=tmp_path / "dask", silence_logs=50
    ) as cluster:
        pids = [worker.pid for worker in cluster.workers.values()]
        killed = threading.Event()

        def kill():
            os.kill(pids[0], signal.SIGKILL)
            killed.set()

        done = training.train(
            SMALL,
            source,
            folds=2,
            models=tmp_path / "m",
            submissions=tmp_path / "s",
            listener=Notes(kill),
            elsewhere=partial(elsewhere.on_cluster, cluster.scheduler_address),
        )
    assert killed.is_set()
    same(done, here)
    assert all(runs.find(done.run.path / f"fold-{number}") for number in (1, 2))


def test_ctrl_c_ends_what_the_workers_do(source, tmp_path):
    distributed = pytest.importorskip("distributed")
    endless = SMALL.with_fit(epochs=100_000)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=None, local_directory=tmp_path / "dask", silence_logs=50
    ) as cluster:
        assert elsewhere.tasks_at_once(cluster.scheduler_address) == 1
        with pytest.raises(training.Paused):
            training.train(
                endless,
                source,
                folds=2,
                models=tmp_path / "m",
                submissions=tmp_path / "s",
                listener=Notes(lambda: os.kill(os.getpid(), signal.SIGINT)),
                elsewhere=partial(elsewhere.on_cluster, cluster.scheduler_address),
            )
        deadline = time.monotonic() + 60
        while children() and time.monotonic() < deadline:
            time.sleep(0.2)
        assert children() == []


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense", "ftp://127.0.0.1:1"])
def test_where_no_scheduler_answers_one_sentence_says_so(address):
    pytest.importorskip("distributed")
    with pytest.raises(DigitsError, match=f"no Dask scheduler answers at {address}"):
        elsewhere.connect(address, patience=1)

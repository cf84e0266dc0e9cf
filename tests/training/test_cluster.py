"""Members trained on a real Dask cluster on loopback, one of whose workers is killed."""

import contextlib
import os
import signal
import threading
import time

import pytest
from side_by_side import Notes, children, same
from small import SMALL, but, recipe, train

from kaggle_digits import recipes, runs, training
from kaggle_digits.errors import DigitsError
from kaggle_digits.training import cluster

PLAN = but(SMALL, folds=2)


@contextlib.contextmanager
def dask(folder, workers):
    """A cluster, whose workers have a thread each."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        dashboard_address=None,
        local_directory=folder / "dask",
        silence_logs=50,
    ) as running:
        yield running


def test_a_worker_that_is_killed_loses_only_its_task(in_two_folds, tmp_path):
    with dask(tmp_path, workers=2) as running:
        pids = [worker.pid for worker in running.workers.values()]
        killed = threading.Event()

        def kill():
            os.kill(pids[0], signal.SIGKILL)
            killed.set()

        listener = Notes(kill, at="epoch")
        done = train(but(PLAN, cluster=running.scheduler_address), tmp_path, listener=listener)
    assert killed.is_set()
    same(done, in_two_folds)
    assert all(runs.read(done.path / f"fold-{number}") for number in (1, 2))
    assert done.record.recipe == in_two_folds.record.recipe


def test_ctrl_c_ends_what_the_workers_do(tmp_path):
    with dask(tmp_path, workers=1) as running:
        assert cluster.tasks_at_once(running.scheduler_address) == 1
        endless = but(PLAN, {"epochs": 100_000}, cluster=running.scheduler_address)
        with pytest.raises(training.Paused):
            train(endless, tmp_path, listener=Notes(lambda: os.kill(os.getpid(), signal.SIGINT), at="epoch"))
        deadline = time.monotonic() + 60
        while children() and time.monotonic() < deadline:
            time.sleep(0.2)
        assert children() == []


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense", "ftp://127.0.0.1:1"])
def test_where_no_scheduler_answers_one_sentence_says_so(address):
    pytest.importorskip("distributed")
    with pytest.raises(DigitsError, match=f"no Dask scheduler answers at {address}"):
        cluster.connect(address, patience=1)


def test_a_function_cannot_be_sent(tmp_path):
    own = recipes.from_function(recipe(SMALL).build, name="mine")
    with pytest.raises(DigitsError, match="a recipe from a function cannot be sent to a cluster"):
        train(training.Plan(data="sklearn", folds=2, cluster="tcp://127.0.0.1:1"), tmp_path, recipe=own)
    assert list((tmp_path / "models").iterdir()) == []

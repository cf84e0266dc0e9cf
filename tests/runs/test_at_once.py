"""Two commands in one folder at the same time; for two submits see test_send.py."""

import json
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from made_runs import beginning
from small import SMALL
from test_fetch import ROWS, WHOLE, contents, right_files

from kaggle_digits import runs, sources, training
from kaggle_digits.competition import fetch, submission
from kaggle_digits.errors import DataError, RunError
from kaggle_digits.runs import Epoch, Listener


def test_runs_begun_in_the_same_second_have_names_of_their_own(tmp_path: Path) -> None:
    def start(number: int) -> Path:
        return runs.start(tmp_path, beginning(plan=runs.Plan("mlp", seed=number)))

    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(start, range(40)))
    assert len(set(paths)) == 40
    assert [runs.interrupted(path).plan.seed for path in paths] == list(range(40))


def test_two_trainings_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "kaggle_digits", "train", "knn", "--data", "sklearn", "--json"]
    both = [subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    told = [json.loads(process.communicate()[0]) for process in both]
    assert len({one["run"] for one in told}) == 2
    for one in told:
        run = runs.find(one["run"], tmp_path / "models")
        runs.verify(run)
        assert len(submission.check(tmp_path / one["submission"], rows=719)) == 719
    assert runs.unfinished(tmp_path / "models") == []


@pytest.mark.filterwarnings("error")
def test_data_that_is_fetched_anew_while_it_is_read_is_never_half_there(tmp_path: Path) -> None:
    (tmp_path / "mine.zip").write_bytes(WHOLE)
    data, done = tmp_path / "data", threading.Event()
    fetch.fetch(data, archive=tmp_path / "mine.zip", rows=ROWS)

    def fetch_again() -> None:
        while not done.is_set():
            fetch.fetch(data, archive=tmp_path / "mine.zip", rows=ROWS, force=True)

    fetcher = threading.Thread(target=fetch_again)
    fetcher.start()
    try:
        seen = [sources.load(str(data)) for _ in range(20)]
    finally:
        done.set()
        fetcher.join()
    assert {(len(one.train), len(one.test or ())) for one in seen} == {ROWS}
    assert len({tuple(one.sha256.values()) for one in seen}) == 1
    assert {name: text for name, text in contents(data).items() if name in right_files()} == right_files()


def test_a_source_that_is_missing_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="kaggle-digits fetch"):
        sources.load(str(tmp_path / "data"))


class Removing(Listener):
    """Removes a run's folder while it is in training."""

    def __init__(self, models: Path) -> None:
        self._models = models

    def epoch(self, epoch: Epoch) -> None:
        if epoch.epoch == 1:
            for run in self._models.iterdir():
                shutil.rmtree(run)


def test_a_run_that_is_removed_while_it_trains_leaves_nothing_behind(tmp_path: Path) -> None:
    models, submissions = tmp_path / "models", tmp_path / "submissions"
    with pytest.raises(RunError, match="was removed while it was in training. Train again: kaggle-digits train."):
        training.train(SMALL, models=models, submissions=submissions, listener=Removing(models))
    assert list(models.iterdir()) == []
    assert list(submissions.iterdir()) == []


def test_what_a_killed_process_left_in_a_folder_of_a_run_is_swept_when_it_completes(tmp_path: Path) -> None:
    path = runs.start(tmp_path, beginning())
    (path / "teacher").mkdir()
    (path / "teacher" / ".partial-01234567-model.keras").write_bytes(b"half")
    with pytest.raises(TypeError):  # nothing is known of this run; it is swept first
        runs.complete(path, runs.interrupted(path), [])
    assert list((path / "teacher").iterdir()) == []

"""Two commands in one folder at the same time; for two submits see test_send.py."""

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from made_runs import begin
from test_fetch import ROWS, WHOLE, contents, right_files

from kaggle_digits import runs, sources
from kaggle_digits.competition import fetch, submission
from kaggle_digits.errors import DataError


def test_runs_begun_in_the_same_second_have_names_of_their_own(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(lambda number: begin(tmp_path, test_rows=number), range(40)))
    assert len(set(paths)) == 40
    assert [runs.interrupted(path).test_rows for path in paths] == list(range(40))


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

"""Many hands in one folder: whatever they do at once, a run is complete or absent, and every refusal is a sentence."""

import os
import random
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from kaggle_server import KaggleServer
from made_runs import begin, make
from test_fetch import WHOLE, right_files

from kaggle_digits import runs
from kaggle_digits.competition import ledger, submission
from kaggle_digits.errors import DigitsError
from kaggle_digits.files import locks


def test_runs_are_made_renamed_noted_removed_and_listed_at_once(tmp_path: Path) -> None:
    def work(seed: int) -> int:
        chance, done = random.Random(seed), 0
        for number in range(25):
            try:
                seen = runs.listing(tmp_path)
                assert all(one.record.files for one in seen)
                act, one = chance.randrange(5), chance.choice(seen) if seen else None
                if one is None or act < 2:
                    make(tmp_path, hours=seed)
                elif act == 2:
                    runs.remove(one.path)
                elif act == 3:
                    runs.rename(one, f"own-{seed}-{number}")
                else:
                    runs.set_note(one, f"by {seed}")
                runs.unfinished(tmp_path)
                done += 1
            except DigitsError as error:  # somebody else was there first
                assert len(str(error).splitlines()) == 1
        return done

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(8))) > 100
    for run in runs.listing(tmp_path):
        runs.verify(run)


def test_what_is_being_removed_may_be_swept_by_a_training_that_begins(tmp_path: Path) -> None:
    def remove(hours: int) -> None:
        runs.remove(make(tmp_path, hours=hours).path)

    with ThreadPoolExecutor(4) as pool:
        removals = [pool.submit(remove, number) for number in range(60)]
        begun = [pool.submit(begin, tmp_path, "cnn", number) for number in range(60)]
        assert all(one.result() is None for one in removals)
        assert len({one.result() for one in begun}) == 60


# The command takes the competition's own files alone, and `submit` holds those in `data` against the submission.
FETCH = """
from pathlib import Path
from kaggle_digits.competition import fetch
from kaggle_digits.errors import DigitsError
try:
    fetch.fetch(Path("few"), archive=Path("mine.zip"), rows=(5, 3), force=True)
except DigitsError as error:
    raise SystemExit(f"error: {error}") from None
"""


def command(folder: Path, environment: dict[str, str], *words: str) -> subprocess.Popen[str]:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
    start = ["-c", FETCH] if words == ("fetch",) else ["-m", "kaggle_digits", *words]
    return subprocess.Popen([sys.executable, *start], cwd=folder, env=environment, text=True, **pipes)


@pytest.mark.nightly
def test_ten_trainings_two_submits_two_fetches_a_removal_and_a_resume(tmp_path: Path, server: KaggleServer) -> None:
    home, here = tmp_path / "home", tmp_path / "here"
    home.mkdir()
    here.mkdir()
    environment = {**os.environ, **server.environment(home)}
    (here / "mine.zip").write_bytes(WHOLE)
    submission.write(here / "mine.csv", range(1, 28_001), [number % 10 for number in range(28_000)])
    train = ("train", "knn", "--data", "sklearn", "--set", "components=10")
    begun = begin(here / "models", "knn").name
    doomed = make(here / "models", hours=1).name
    words = [
        *[(*train, "--seed", str(number)) for number in range(10)],
        *[("submit", "mine.csv", "--no-wait")] * 2,
        *[("fetch",)] * 2,
        ("runs", doomed, "--remove", "--yes"),
        ("train", "--resume", begun),
    ]
    ends = {}
    for one, process in [(one, command(here, environment, *one)) for one in words]:
        output, told = process.communicate(timeout=1800)
        ends.setdefault(one[0], []).append((process.returncode, told))
        assert process.returncode in (0, 1), told
        assert "Traceback" not in output + told
    assert sum(code == 0 for code, _ in ends["train"]) >= 10
    assert any(code == 0 for code, _ in ends["fetch"]), ends["fetch"]
    assert len(server.submissions) == 1, ends["submit"]
    assert len({one.sha256 for one in ledger.read(here / "submissions")}) == 1
    for name, content in right_files().items():
        assert (here / "few" / name).read_bytes() == content
    assert not (here / "models" / doomed).exists()
    for run in runs.listing(here / "models"):
        runs.verify(run)
        assert not locks.is_locked(run.path / runs.PLAN)
    assert not [path for path in here.rglob("*") if re.match(r"\.(partial|begun)-", path.name)]

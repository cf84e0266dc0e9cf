"""What several test files need."""

import os

# Each of the processes that run tests has a core: with more threads than that, they wait for one another many times as
# long as they compute. Said here, before NumPy is loaded; the workers and whatever the tests start inherit it.
for _setting in ("OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
    os.environ.setdefault(_setting, "1")

from collections.abc import Iterator
from pathlib import Path

import pytest
from digit_server import DigitServer
from hypothesis import settings
from kaggle_server import KaggleServer, OpenKaggle
from small import SMALL, but, train

from kaggle_digits.competition import Kaggle
from kaggle_digits.runs import Run

# No test may fail because the machine is busy, or find today what it did not find yesterday; HYPOTHESIS_PROFILE=search
# looks for new cases, at night: see docs/architecture.md.
settings.register_profile("patient", deadline=None, derandomize=True, max_examples=40)
settings.register_profile("search", deadline=None, max_examples=1_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "patient"))


@pytest.fixture
def server() -> Iterator[KaggleServer]:
    """A Kaggle of our own, which knows one account."""
    with KaggleServer() as kaggle_server:
        yield kaggle_server


@pytest.fixture
def open_kaggle(server: KaggleServer, tmp_path: Path) -> Iterator[OpenKaggle]:
    """Makes a `Kaggle` that talks to the server; closed at the end of the test.

    Keyword arguments: `patience` in seconds, and environment variables that differ (empty: not set).
    """
    opened: list[Kaggle] = []
    home = tmp_path / "home"
    home.mkdir()

    def open_one(patience: float = 30.0, **environment: str) -> Kaggle:
        kaggle = Kaggle(patience=patience, environment=server.environment(home, **environment))
        opened.append(kaggle)
        return kaggle

    yield open_one
    for kaggle in opened:
        kaggle.close()


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of `sprint` that has learned scikit-learn's digits well enough to read drawings."""
    from kaggle_digits import training

    folder = tmp_path_factory.mktemp("network")
    plan = training.Plan("sprint", "sklearn", {"epochs": 12, "batch_size": 64, "precision": "float32"})
    return training.train(plan, models=folder / "models", submissions=folder / "submissions")


@pytest.fixture(scope="session")
def in_two_folds(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of the small network in two folds, trained one after the other; `submissions` is beside its `models`."""
    return train(but(SMALL, folds=2), tmp_path_factory.mktemp("folds"))


@pytest.fixture(scope="session")
def digit_server(network: Run) -> Iterator[DigitServer]:
    """`kaggle-digits serve` for `network`."""
    with DigitServer(network.path) as running:
        yield running

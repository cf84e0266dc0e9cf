"""What several test files need."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from kaggle_server import KaggleServer, OpenKaggle

from kaggle_digits.competition import Kaggle

# No test may fail because the machine is busy.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


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

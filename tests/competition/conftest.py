"""The command line, with an account on a Kaggle of our own."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
from kaggle_server import KaggleServer
from typer.testing import CliRunner, Result

from kaggle_digits.cli import app

# Short enough for pauses of a fraction of a second, long enough for a busy machine to start the child.
PATIENCE = {"KDIGITS_TIMEOUT": "12"}


@pytest.fixture
def command(server: KaggleServer, tmp_path: Path) -> Callable[..., Result]:
    """Runs a command in a folder of its own, with an account on the server."""
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()

    def run(*words: str, **changes: str) -> Result:
        environment = server.environment(tmp_path / "home", **{**PATIENCE, **changes})
        with contextlib.chdir(tmp_path / "work"), pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            if "KAGGLE_API_TOKEN" not in environment:
                patch.delenv("KAGGLE_API_TOKEN", raising=False)
            return CliRunner().invoke(app, list(words))

    return run

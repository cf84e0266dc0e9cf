"""What there is to know before something fails: versions, account, files, machine; one line each, with its fix."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from kaggle_digits.doctor import account, files, machine
from kaggle_digits.doctor.check import Check, State

__all__ = ["Check", "State", "examine"]


def examine(
    *, data: Path, models: Path, submissions: Path, environment: Mapping[str, str], online: bool = True
) -> Iterator[Check]:
    """Looks at everything, one check after the other; none of them changes anything or raises an expected error.

    Args:
        data: the folder of the competition's files.
        models: the folder of all runs.
        submissions: the folder of all submissions.
        environment: this process's environment variables.
        online: whether to ask Kaggle, which takes a few seconds at most.
    """
    yield from machine.checks(environment)
    yield from files.checks(data, models, submissions)
    yield from account.checks(environment, online)

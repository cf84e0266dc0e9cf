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

    The environment is this process's variables; online, Kaggle is asked too, which takes a few seconds at most.
    """
    yield from machine.libraries()
    yield from machine.checks(environment)
    yield from files.checks(data, models, submissions)
    yield from account.checks(environment, online)

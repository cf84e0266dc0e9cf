"""What the environment says about the competition: its name, and how long to wait for Kaggle."""

import math
import re
from collections.abc import Mapping

from kaggle_digits.errors import CompetitionError

SLUG = "digit-recognizer"
"""The competition's name in Kaggle's addresses; the environment variable KDIGITS_COMPETITION names another one."""

PATIENCE = 60.0
"""Seconds without a sign of life after which Kaggle is given up; KDIGITS_TIMEOUT sets another number."""

_LONGEST_PATIENCE = 86_400.0


def number(text: str) -> float | None:
    """The finite number that a text is, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def patience(environment: Mapping[str, str]) -> float:
    """Seconds without a sign of life after which Kaggle is given up.

    Raises:
        CompetitionError: KDIGITS_TIMEOUT makes no sense.
    """
    text = environment.get("KDIGITS_TIMEOUT", str(PATIENCE))
    seconds = number(text)
    if seconds is None or not 0 < seconds <= _LONGEST_PATIENCE:
        raise CompetitionError(
            f"KDIGITS_TIMEOUT must be a number of seconds above 0 and at most {_LONGEST_PATIENCE:.0f}. "
            f"Received: {text!r}."
        )
    return seconds


def slug(environment: Mapping[str, str]) -> str:
    """The competition's name.

    Raises:
        CompetitionError: KDIGITS_COMPETITION makes no sense.
    """
    name = environment.get("KDIGITS_COMPETITION", SLUG)
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,99}", name):
        raise CompetitionError(
            "KDIGITS_COMPETITION must be a competition's name as in its address, small letters, digits and hyphens. "
            f"Received: {name!r}."
        )
    return name

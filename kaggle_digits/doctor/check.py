"""The outcome of one check."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "broken"]


@dataclass(frozen=True)
class Check:
    """The outcome of one check.

    Attributes:
        name: what was looked at.
        state: `ok`; `note` where something that not everybody needs is missing; `broken` where something will fail.
        found: what was found, in a few words.
        fix: what to do about it; empty where nothing is.
    """

    name: str
    state: State
    found: str
    fix: str = ""

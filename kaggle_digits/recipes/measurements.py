"""What the built-in recipes gave when they were measured."""

from pathlib import Path
from typing import Literal

import msgspec

_FILE = Path(__file__).with_name("measured.json")


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What a recipe gave on the competition's files, on two cores.

    Attributes:
        accuracy: on labelled rows that it had not learned, 0 to 1.
        seconds: of training, all models together.
        rows: labelled rows that it learned.
        judged: `held out`: on 6,000 rows kept out of training and tuning, mean over seeds; `out of fold`: on all rows.
        parameters: how many numbers it learns, all models together; None where that grows with the rows.
    """

    accuracy: float
    seconds: float
    rows: int
    judged: Literal["held out", "out of fold"]
    parameters: int | None = None


def measurements() -> dict[str, Measured]:
    """What each recipe gave that was measured: `benchmarks/recipes.py` and `benchmarks/cards.py` write the file."""
    return msgspec.json.decode(_FILE.read_bytes(), type=dict[str, Measured])

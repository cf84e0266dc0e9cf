"""Every number that the treatment rests on, as data: the page has a treatment of its own, and no number of its own."""

from typing import Any

from kaggle_digits.photos import (
    cutter,
    decision,
    frames,
    layout,
    marks,
    mask,
    paper,
    pieces,
    ruler,
    rules,
    segmentation,
    sheet,
    standard,
    strokes,
    tilt,
    votes,
)

_STEPS = (
    *(sheet, paper, mask, rules, strokes, frames, tilt, pieces, segmentation),
    *(standard, marks, ruler, cutter, layout, votes, decision),
)


def constants() -> dict[str, dict[str, Any]]:
    """The constants of every step by its module's name, JSON-like: `constants()["paper"]["THUMB"]`."""
    return {
        step.__name__.rpartition(".")[2]: {name: value for name, value in vars(step).items() if name.isupper()}
        for step in _STEPS
    }

"""Runs as a table, as a page each, and as one JSON document."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kaggle_digits import runs
from kaggle_digits.cli import console
from kaggle_digits.runs import Run

FIGURES = ("validation_accuracy", "validation_interval", "predicted_range", "seconds", "train_seconds")
"""What a JSON document says of a run's record, by the same names."""

# What a narrow terminal has no room for goes in this order; `runs RUN` says it all.
_OPTIONAL = ("rows", "data", "recipe", "95 % interval", "changed", "seconds")


def table(complete: list[Run], scores: Mapping[str, float], *, disk: bool = False) -> str:
    """A line a run, with its score on Kaggle, by its name; what a narrow terminal has no room for is left out."""
    header = ["run", "recipe", "data", "validation", "95 % interval", "rows", "seconds", "score"]
    rows = [_row(run, scores.get(run.name)) for run in complete]
    if disk:
        sizes = [runs.size(run.path) for run in complete]
        header.append("size")
        rows = [[*row, megabytes(size)] for row, size in zip(rows, sizes, strict=True)]
    changes = [_changed(run) for run in complete]
    if any(changes):
        header.append("changed")
        rows = [[*row, change] for row, change in zip(rows, changes, strict=True)]
    return console.table(header, rows, optional=_OPTIONAL, text="changed")


def _row(run: Run, score: float | None) -> list[str]:
    record = run.record
    return [
        run.name,
        record.recipe.name,
        record.data.name,
        f"{record.validation_accuracy:.4f}",
        interval(record.validation_interval),
        f"{record.validation_rows:,}",
        f"{record.seconds:.1f}",
        "" if score is None else f"{score:.5f}",
    ]


def _changed(run: Run) -> str:
    """What was changed, and the note."""
    return "; ".join(filter(None, (values(run), run.record.plan.note)))


def values(run: Run) -> str:
    """The values of the recipe that were changed."""
    return ", ".join(f"{name}={value}" for name, value in run.record.plan.values.items())


def interval(bounds: tuple[float, float]) -> str:
    """Two shares, from the lower to the higher."""
    return f"{bounds[0]:.4f} to {bounds[1]:.4f}"


def megabytes(size: int) -> str:
    """Bytes in words."""
    return f"{size / 1e6:.1f} MB"


def page(run: Run, score: float | None, submission: Path) -> str:
    """All that is worth knowing of a run, a line each; a submission is named where there is one."""
    record, blends = run.record, runs.blends_of(run)
    kind = "validation" if record.folds is None else "out-of-fold"
    members = record.members or {}
    weights = [f"{name} {weight:.2f}" for name, weight in members.items()] if len({*members.values()}) > 1 else members
    lines = {
        "run": str(run.path),
        "recipe": f"{record.recipe.name}, {record.parameters:,} parameters",
        "changed": values(run),
        "note": record.plan.note,
        "data": f"{record.data.name}, {record.train_rows:,} rows learned",
        kind: f"{record.validation_accuracy:.4f} of {record.validation_rows:,} rows",
        "95 %": interval(record.validation_interval),
        "folds": ", ".join(f"{accuracy:.4f}" for accuracy in record.folds or ()),
        "expected": ""
        if record.predicted_range is None
        else f"{interval(record.predicted_range)} on the test set (95 %)",
        "score": "" if score is None else f"{score:.5f}",
        "members": ", ".join(weights),
        "blended in": ", ".join(blend.name for blend in blends),
        "beware": f"contaminated: {record.contaminated}" if record.contaminated else "",
        "interrupted": f"to continue: kaggle-digits train --resume {run.name}" if record.interrupted else "",
        "started": f"{record.started:%Y-%m-%d %H:%M}",
        "seconds": f"{record.seconds:.1f}, of which training {record.train_seconds:.1f}",
        "size": megabytes(runs.size(run.path)),
        "submission": str(submission) if submission.exists() else "",
    }
    return "\n".join(f"{name:<11} {text}" for name, text in lines.items() if text)


def document(run: Run, score: float | None) -> dict[str, Any]:
    """A run as a JSON object."""
    record = run.record
    return {
        "run": run.name,
        "complete": True,
        "score": score,
        "recipe": record.recipe.name,
        "data": record.data.name,
        **{name: getattr(record, name) for name in (*FIGURES, "validation_rows", "parameters")},
        "seed": record.plan.seed,
        "started": record.started.isoformat(),
        "changed": record.plan.values,
        "note": record.plan.note,
        "bytes": runs.size(run.path),
    }

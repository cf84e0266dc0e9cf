"""Runs as a table, as a page each, and as JSON; what a training came to."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kaggle_digits import runs
from kaggle_digits.cli import console
from kaggle_digits.cli.options import print_json
from kaggle_digits.runs import Run

_FIGURES = ("validation_accuracy", "validation_interval", "predicted_range", "seconds", "train_seconds")

_ROUNDING = 1e-9
_NO_TEST = "none: this data has no test set"

# What a narrow terminal has no room for goes in this order; `runs RUN` says it all.
_OPTIONAL = ("rows", "data", "recipe", "95 % interval", "changed", "seconds")


def report(run: Run, submissions: Path, as_json: bool) -> None:
    """Prints what a complete run came to, in lines or as one JSON document, and what most people do next."""
    record, file = run.record, submissions / f"{run.name}.csv"
    if as_json:
        figures = {name: getattr(record, name) for name in _FIGURES}
        made = {"submission": record.submission_sha256 and str(file), "pictures": _pictures(run)}
        print_json({"run": run.name, "recipe": record.recipe.name, **figures, **made})
        return
    console.show(page(run, file, brief=True))
    if not record.interrupted:
        can_submit = record.data.kind == "kaggle-csv" and record.submission_sha256 is not None
        other = "kaggle-digits predict photo.jpg; or draw digits: kaggle-digits serve"
        if record.data.kind == console.BUNDLED:  # the reader is better on photos
            other = "kaggle-digits predict photo.jpg --run reader; or draw digits: kaggle-digits serve reader"
        # Without a name, the newest is meant: not an older run that was continued, nor one after a clock was set back.
        name = "" if runs.find(models=run.path.parent).name == run.name else f" {run.name}"
        console.tell(f"next: {f'kaggle-digits submit{name} --dry-run' if can_submit else other}")


def table(complete: list[Run], scores: Mapping[str, float], *, disk: bool = False) -> str:
    """A line a run, with its score on Kaggle, by its name; empty columns, and those that do not fit, are left out."""
    columns = {
        "run": [run.name for run in complete],
        "recipe": [run.record.recipe.name for run in complete],
        "data": [run.record.data.name for run in complete],
        "validation": [f"{run.record.validation_accuracy:.4f}" for run in complete],
        "95 % interval": [interval(run.record.validation_interval) for run in complete],
        "rows": [f"{run.record.validation_rows:,}" for run in complete],
        "seconds": [f"{run.record.seconds:.1f}" for run in complete],
        "score": [f"{scores[run.name]:.5f}" if run.name in scores else "" for run in complete],
        "size": [megabytes(runs.size(run.path)) if disk else "" for run in complete],
        "changed": ["; ".join(filter(None, (values(run), run.record.plan.note))) for run in complete],
    }
    shown = {name: cells for name, cells in columns.items() if any(cells)}
    rows = [list(cells) for cells in zip(*shown.values(), strict=True)]
    return console.table([*shown], rows, optional=_OPTIONAL, text="changed")


def values(run: Run) -> str:
    """The values of the recipe that were changed."""
    return ", ".join(f"{name}={value}" for name, value in run.record.plan.values.items())


def interval(bounds: tuple[float, float]) -> str:
    """Two shares, from the lower to the higher."""
    return f"{bounds[0]:.4f} to {bounds[1]:.4f}"


def megabytes(size: int) -> str:
    """Bytes in words."""
    return f"{size / 1e6:.1f} MB"


def page(run: Run, submission: Path, score: float | None = None, *, brief: bool = False) -> str:
    """All that is worth knowing of a run, a line each; in brief, what its training came to."""
    record = run.record
    of_kaggle = record.data.kind == "kaggle-csv"
    members = record.members or {}
    weighed = [f"{name} {weight:.2f}" for name, weight in members.items()] if len({*members.values()}) > 1 else members
    about = {
        "recipe": f"{record.recipe.name}, {record.parameters:,} parameters",
        "changed": values(run),
        "note": record.plan.note,
        "data": f"{record.data.name}, {record.train_rows:,} rows learned",
        "members": "" if record.blended else ", ".join(weighed),
        "blended in": ", ".join(blend.name for blend in runs.blends_of(run)),
        "interrupted": f"to continue: kaggle-digits train --resume {run.name}" if record.interrupted else "",
        "started": f"{record.started:%Y-%m-%d %H:%M}",
        "size": megabytes(runs.size(run.path)),
        "score": "" if score is None else f"{score:.5f}",
    }
    lines = {
        "run": str(run.path),
        **({} if brief else about),
        "validation" if record.folds is None else "out-of-fold": f"{record.validation_accuracy:.4f} accuracy, "
        f"95 % interval {interval(record.validation_interval)}, {record.validation_rows:,} rows",
        "": _computed_otherwise(run),
        "folds": ", ".join(f"{accuracy:.4f}" for accuracy in record.folds or ()),
        "Kaggle" if of_kaggle else "test set": record.predicted_range
        and f"expected {'score' if of_kaggle else 'accuracy'}: {interval(record.predicted_range)} (95 %)",
        "weights": ", ".join(weighed) if record.blended else "",
        "beware": f"contaminated: {record.contaminated}" if record.contaminated else "",
        "trained on": record.kaggle and f"{', '.join(record.kaggle.cards) or 'no GPU'}, {record.kaggle.page}",
        "pictures": ", ".join(_pictures(run)),
        "submission": str(submission) if submission.exists() else _NO_TEST * (record.submission_sha256 is None),
        "seconds": f"{record.seconds:.1f}, of which training {record.train_seconds:.1f}",
    }
    return "\n".join(f"{name:<11} {text}" for name, text in lines.items() if text)


def _computed_otherwise(run: Run) -> str:
    """Why the epoch whose weights were kept had another accuracy than the saved model has, if it had."""
    record = run.record
    epochs = {epoch.epoch: epoch.val_accuracy for epoch in runs.history.read(run.path)}
    last = epochs.get(record.kept, record.validation_accuracy)
    if record.precision == "float32" or abs(last - record.validation_accuracy) <= _ROUNDING:
        return ""
    return f"the epochs used {record.precision}, the saved model uses float32: a few rows got another label"


def _pictures(run: Run) -> list[str]:
    """The names of its pictures."""
    return sorted(path.name for path in run.path.glob("*.png"))


def document(run: Run, score: float | None) -> dict[str, Any]:
    """A run as a JSON object."""
    record = run.record
    return {
        "run": run.name,
        "complete": True,
        "score": score,
        "recipe": record.recipe.name,
        "data": record.data.name,
        **{name: getattr(record, name) for name in (*_FIGURES, "validation_rows", "parameters")},
        "seed": record.plan.seed,
        "started": record.started.isoformat(),
        "changed": record.plan.values,
        "note": record.plan.note,
        "bytes": runs.size(run.path),
    }

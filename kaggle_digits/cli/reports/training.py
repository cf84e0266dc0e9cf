"""What a training came to, on standard output."""

from pathlib import Path

from kaggle_digits.cli import console
from kaggle_digits.cli.options import print_json
from kaggle_digits.cli.reports.overview import FIGURES
from kaggle_digits.runs import Run, history

_ROUNDING = 1e-9


def report(run: Run, submissions: Path, as_json: bool) -> None:
    """Prints what a complete run came to, in lines or as one JSON document."""
    record, file = run.record, submissions / f"{run.name}.csv"
    submission = str(file) if record.submission_sha256 is not None else None
    if as_json:
        print_json(
            {
                "run": run.name,
                "recipe": record.recipe.name,
                **{name: getattr(record, name) for name in FIGURES},
                "submission": submission,
                "pictures": _pictures(run),
            }
        )
        return
    for name, text in _lines(run, submission):
        console.show(f"{name:<11} {text}")
    if not record.interrupted:
        console.tell(f"next: {_next_step(run)}")


def _next_step(run: Run) -> str:
    """What most people do with such a run."""
    if run.record.data.kind == "kaggle-csv" and run.record.submission_sha256 is not None:
        return "kaggle-digits submit --dry-run"
    return "kaggle-digits predict photo.jpg; or draw digits: kaggle-digits serve"


def _computed_otherwise(run: Run) -> bool:
    """Whether the epoch whose weights were kept had another accuracy than the saved model has."""
    epochs = {epoch.epoch: epoch.val_accuracy for epoch in history.read(run.path)}
    last = epochs.get(run.record.kept, run.record.validation_accuracy)
    return run.record.precision != "float32" and abs(last - run.record.validation_accuracy) > _ROUNDING


def _pictures(run: Run) -> list[str]:
    return sorted(path.name for path in run.path.glob("*.png"))


def _lines(run: Run, submission: str | None) -> list[tuple[str, str]]:
    record = run.record
    low, high = record.validation_interval
    kind = "validation" if record.folds is None else "out-of-fold"
    lines = [
        ("run", str(run.path)),
        (kind, f"{record.validation_accuracy:.4f} accuracy, 95 % interval {low:.4f} to {high:.4f}"),
    ]
    if _computed_otherwise(run):
        how = f"the epochs used {record.precision}, the saved model uses float32: a few rows got another label"
        lines.append(("", how))
    if record.folds is not None:
        lines.append(("folds", ", ".join(f"{accuracy:.4f}" for accuracy in record.folds)))
    if record.predicted_range is not None:
        low, high = record.predicted_range
        whose, what = ("Kaggle", "score") if record.data.kind == "kaggle-csv" else ("test set", "accuracy")
        lines.append((whose, f"expected {what}: {low:.4f} to {high:.4f} (95 %)"))
    if record.blended:
        lines.append(("weights", ", ".join(f"{name} {weight:.2f}" for name, weight in (record.members or {}).items())))
    if record.contaminated:
        lines.append(("beware", f"contaminated: {record.contaminated}"))
    if record.kaggle is not None:
        lines.append(("trained on", f"{', '.join(record.kaggle.cards) or 'no GPU'}, {record.kaggle.page}"))
    lines.append(("pictures", ", ".join(_pictures(run))))
    lines.append(("submission", submission or "none: this data has no test set"))
    lines.append(("seconds", f"{record.seconds:.1f}, of which training {record.train_seconds:.1f}"))
    return lines

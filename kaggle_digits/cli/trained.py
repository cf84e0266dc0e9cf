"""What a training came to, on standard output."""

from pathlib import Path

from kaggle_digits.cli import console
from kaggle_digits.cli.options import print_json
from kaggle_digits.runs import Run


def report(run: Run, submissions: Path, seconds: float, as_json: bool) -> None:
    """Prints it.

    Args:
        run: the complete run.
        submissions: the folder of all submissions.
        seconds: that the whole command took.
        as_json: as one JSON document.
    """
    record, file = run.record, submissions / f"{run.name}.csv"
    submission = str(file) if record.submission_sha256 is not None else None
    if as_json:
        print_json(
            {
                "run": run.name,
                "recipe": record.recipe.name,
                "validation_accuracy": record.validation_accuracy,
                "validation_interval": record.validation_interval,
                "predicted_range": record.predicted_range,
                "seconds": round(seconds, 3),
                "train_seconds": record.train_seconds,
                "submission": submission,
                "pictures": _pictures(run),
            }
        )
        return
    for name, text in _lines(run, submission, seconds):
        console.show(f"{name:<11} {text}")


def _pictures(run: Run) -> list[str]:
    return sorted(path.name for path in run.path.glob("*.png"))


def _lines(run: Run, submission: str | None, seconds: float) -> list[tuple[str, str]]:
    record = run.record
    low, high = record.validation_interval
    kind = "validation" if record.folds is None else "out-of-fold"
    lines = [
        ("run", str(run.path)),
        (kind, f"{record.validation_accuracy:.4f} accuracy, 95 % interval {low:.4f} to {high:.4f}"),
    ]
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
    lines.append(("seconds", f"{seconds:.1f}, of which training {record.train_seconds:.1f}"))
    return lines

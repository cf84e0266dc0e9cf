"""What a training came to, on standard output."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from kaggle_digits.cli.options import print_json

if TYPE_CHECKING:
    from kaggle_digits.runs import Run


def report(run: "Run", submission: Path | None, seconds: float, as_json: bool) -> None:
    """Prints it.

    Args:
        run: the complete run.
        submission: the CSV for Kaggle, if the data has a test set.
        seconds: that the whole command took.
        as_json: as one JSON document.
    """
    if as_json:
        print_json(
            {
                "run": run.name,
                "recipe": run.record["recipe"]["name"],
                "validation_accuracy": run.record["validation_accuracy"],
                "seconds": round(seconds, 3),
                "train_seconds": run.record["train_seconds"],
                "submission": submission and str(submission),
            }
        )
        return
    for name, text in _lines(run, submission, seconds):
        typer.echo(f"{name:<11} {text}")


def _lines(run: "Run", submission: Path | None, seconds: float) -> list[tuple[str, str]]:
    record = run.record
    low, high = record["validation_interval"]
    kind = "out-of-fold" if "folds" in record else "validation"
    lines = [
        ("run", str(run.path)),
        (kind, f"{record['validation_accuracy']:.4f} accuracy, 95 % interval {low:.4f} to {high:.4f}"),
    ]
    if "folds" in record:
        lines.append(("folds", ", ".join(f"{accuracy:.4f}" for accuracy in record["folds"])))
    if "predicted_range" in record:
        low, high = record["predicted_range"]
        whose, what = ("Kaggle", "a score") if "test.csv" in record["data"]["sha256"] else ("test set", "an accuracy")
        lines.append((whose, f"{what} from {low:.4f} to {high:.4f} is to be expected, 95 times in 100"))
    if record["contaminated"]:
        lines.append(("beware", f"contaminated: {record['contaminated']}"))
    if "kaggle" in record:
        cards = ", ".join(record["kaggle"]["cards"])
        lines.append(("trained on", f"{cards or 'no GPU'}, {record['kaggle']['page']}"))
    lines.append(("pictures", ", ".join(sorted(path.name for path in run.path.glob("*.png")))))
    lines.append(("submission", str(submission or "none: this data has no test set")))
    lines.append(("seconds", f"{seconds:.1f}, of which training {record['train_seconds']:.1f}"))
    return lines

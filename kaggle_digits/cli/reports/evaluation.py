"""What an evaluation came to, on standard output."""

from kaggle_digits.cli import console
from kaggle_digits.evaluation import Report


def summary(report: Report) -> str:
    """The numbers, label by label, and what is taken for what."""
    low, high = report.interval
    lines = [
        f"accuracy           {report.accuracy:.4f} of {report.rows:,} rows, 95 % interval {low:.4f} to {high:.4f}",
        f"top-2 accuracy     {report.top_2_accuracy:.4f}",
        f"loss               {report.loss:.4f} nats",
        f"calibration error  {report.calibration_error:.4f}",
        "",
    ]
    named = [(str(label), scores) for label, scores in report.labels.items()]
    rows = [
        [name, f"{s.precision:.4f}", f"{s.recall:.4f}", f"{s.f1:.4f}", f"{s.support:,}"]
        for name, s in [*named, ("macro", report.macro), ("weighted", report.weighted)]
    ]
    lines.append(console.table(["label", "precision", "recall", "F1", "rows"], rows))
    confused = ", ".join(f"{a} as {p} ({count})" for a, p, count in report.confused[:6])
    lines += ["", f"most confused      {confused or 'nothing: every row is right'}"]
    return "\n".join(lines)

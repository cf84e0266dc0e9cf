"""What a search for better values came to, on standard output."""

from dataclasses import asdict
from typing import Any

from kaggle_digits.cli import console
from kaggle_digits.training import Study

_SHOWN = 5


def document(study: Study) -> dict[str, Any]:
    """As one JSON document."""
    best = study.best
    return {
        "study": study.path.name,
        "trials": len(study.trials),
        "best": {"accuracy": best.accuracy, "values": best.values},
        "start": {"accuracy": study.trials[0].accuracy, "values": study.trials[0].values},
        "check": study.check and asdict(study.check),
        "command": study.command,
    }


def text(study: Study) -> str:
    """The best trials, what their gain is worth, and the command that trains the best."""
    names = list(study.best.values)
    rows = [
        [str(one.number), f"{one.accuracy:.4f}", f"{one.seconds:.1f}", *(_short(one.values[name]) for name in names)]
        for one in study.best_first[:_SHOWN]
    ]
    pruned = sum(one.state == "pruned" for one in study.trials)
    lines = [
        f"study       {study.path}: {len(study.trials)} trials, {pruned} of them stopped early",
        "",
        console.table(["trial", "accuracy", "seconds", *names], rows, optional=("seconds", *reversed(names))),
        "",
        "These accuracies are optimistic: they were used to choose the values.",
        _verdict(study),
        "",
        "Train the best:",
        f"  {study.command}",
    ]
    return "\n".join(lines)


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _verdict(study: Study) -> str:
    if study.check is None:
        return "There was no time to check the best values on unused rows: allow a longer --budget."
    start, best = (sum(values) / len(values) for values in (study.check.start, study.check.best))
    gained = (study.best.accuracy or 0.0) - (study.trials[0].accuracy or 0.0)
    seeds = len(study.check.start)
    return (
        f"The best values gained {gained:+.4f} on the rows that compared them, and {best - start:+.4f} on unused rows "
        f"({best:.4f} against {start:.4f}, mean of {seeds} seeds)."
    )

"""Score cards: what runs in folds say of themselves, side by side.

    python benchmarks/cards.py RUN [RUN ...] [--at-once 2]

Each RUN is the folder of a `kaggle-digits train RECIPE --folds 5`, or of `kaggle-digits train champion`. Runs of other
recipes are kept from the last time. Writes results/cards.json and .md; and, of recipes that recipes.py does not
measure, kaggle_digits/recipes/measured.json.
"""

import argparse
from typing import Any

import machine

from kaggle_digits import recipes, runs
from kaggle_digits.recipes import Measured
from kaggle_digits.runs import Record

TOO_LONG = ("mlp-strong", "champion")
"""For recipes.py, which trains every recipe with several seeds."""

_ROWS = 42_000


def card(record: Record) -> dict[str, Any]:
    """The figures of one run."""
    return {
        "rows": record.validation_rows,
        "accuracy": record.validation_accuracy,
        "interval": record.validation_interval,
        "folds": record.folds,
        "range": record.predicted_range,
        "members": len(record.members or {}),
        "train_seconds": record.train_seconds,
        "seed": record.plan.seed,
        "machine": machine.describe(),
    }


def measured(record: Record, at_once: int) -> Measured:
    """What the package says of a recipe: of a committee all models together, of any other one model."""
    models = 1 if recipes.load(record.recipe.name).is_committee else record.recipe.folds or 1
    return Measured(
        accuracy=record.validation_accuracy,
        seconds=record.train_seconds / models / at_once,
        rows=record.validation_rows,
        judged="out of fold",
        parameters=record.parameters // models,
    )


def table(cards: dict[str, dict[str, Any]]) -> str:
    """The cards as Markdown."""
    lines = [
        "| recipe | out of fold | 95 % interval | folds (lowest to highest) | score to expect | models | training |",
        "|---|---:|---|---|---|---:|---:|",
    ]
    for name, one in cards.items():
        low, high = one["interval"]
        expected = "{:.4f} to {:.4f}".format(*one["range"]) if one["range"] else ""
        lines.append(
            f"| `{name}` | {one['accuracy']:.4f} | {low:.4f} to {high:.4f} "
            f"| {min(one['folds']):.4f} to {max(one['folds']):.4f} | {expected} | {one['members']} "
            f"| {one['train_seconds']:.0f} s |"
        )
    machines = dict.fromkeys(machine.sentence(one["machine"]) for one in cards.values())
    note = (
        "All 42,000 rows of train.csv, each answered by models that have not learned it; one seed. Seconds of training "
        "are those of all models together."
    )
    return "\n".join([*lines, "", f"{note} {'; '.join(machines)}."])


def main() -> None:
    """Reads the runs, and writes the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--at-once", type=int, default=2, help="how many models were trained at a time, a core each")
    options = parser.parse_args()
    cards = machine.kept("cards")
    for run in map(runs.find, options.runs):
        record = run.record
        name = record.recipe.name
        cards[name] = card(record)
        if name in TOO_LONG and record.validation_rows == _ROWS:
            machine.save_measured(name, measured(record, options.at_once))
    machine.save("cards", cards, table(cards))


if __name__ == "__main__":
    main()

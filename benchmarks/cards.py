"""Score cards: what runs in folds say of themselves, side by side.

    python benchmarks/cards.py RUN [RUN ...]

Each RUN is the folder of a `kaggle-digits train RECIPE --folds 5`, or of `kaggle-digits train champion`. Runs of other
recipes are kept from the last time. Writes results/cards.json and .md.
"""

import argparse
import json
from typing import Any

import machine

from kaggle_digits import runs
from kaggle_digits.recipes import RECIPES


def card(run: runs.Run) -> dict[str, Any]:
    """The figures of one run."""
    record = run.record
    return {
        "rows": record["validation_rows"],
        "accuracy": record["validation_accuracy"],
        "interval": record["validation_interval"],
        "folds": record["folds"],
        "range": record["predicted_range"],
        "members": len(record["members"]),
        "train_seconds": record["train_seconds"],
        "seed": record["seed"],
        "machine": machine.describe(),
    }


def table(cards: dict[str, dict[str, Any]]) -> str:
    """The cards as Markdown."""
    lines = [
        "| recipe | out of fold | 95 % interval | folds (lowest to highest) | score to expect | models | training |",
        "|---|---:|---|---|---|---:|---:|",
    ]
    for name, one in cards.items():
        low, high = one["interval"]
        least, most = one["range"]
        lines.append(
            f"| `{name}` | {one['accuracy']:.4f} | {low:.4f} to {high:.4f} "
            f"| {min(one['folds']):.4f} to {max(one['folds']):.4f} | {least:.4f} to {most:.4f} | {one['members']} "
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
    path = machine.RESULTS / "cards.json"
    cards = json.loads(path.read_text()) if path.exists() else {}
    for name in parser.parse_args().runs:
        run = runs.find(name)
        cards[run.record["recipe"]["name"]] = card(run)
    ordered = {name: cards[name] for name in RECIPES if name in cards}
    machine.save("cards", ordered, table(ordered))


if __name__ == "__main__":
    main()

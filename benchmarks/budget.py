"""What `--budget` makes of the time: accuracy against the seconds allowed, and the seconds taken.

    python benchmarks/budget.py [--data data] [BUDGET ...]

Learns from the 36,000 rows and is judged on the 6,000 others. Writes results/budget.json, .md and .png; budgets that
are not named are kept from the last time.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import machine
import speed

from kaggle_digits.training.budget import parse

BUDGETS = ("20s", "40s", "1m", "2m", "5m", "10m", "20m", "60m")


def run(budget: str, folder: Path) -> dict[str, Any]:
    """One training within a budget, in a process of its own."""
    command = [sys.executable, "-m", "kaggle_digits"]
    began = time.perf_counter()
    told = speed.call([*command, "train", "--budget", budget, "--json"], folder)
    seconds = time.perf_counter() - began
    judged = speed.call([*command, "evaluate", told["run"], "--data", "unseen", "--json"], folder)
    record = json.loads((folder / "models" / told["run"] / "run.json").read_text())
    members = len(record.get("members", ())) or 1
    return {
        "allowed": parse(budget),
        "seconds": round(seconds, 1),
        "recipe": told["recipe"],
        "members": members,
        "accuracy": judged["accuracy"],
        "interval": judged["interval"],
    }


def table(results: dict[str, dict[str, Any]], under: str) -> str:
    """The results as Markdown."""
    lines = ["| budget | taken | what it trained | accuracy | 95 % interval |", "|---|---:|---|---:|---|"]
    for budget, one in results.items():
        low, high = one["interval"]
        what = one["recipe"] if one["members"] == 1 else f"{one['members']} x {one['recipe']}"
        lines.append(
            f"| {budget} | {one['seconds']:.0f} s | {what} | {one['accuracy']:.4f} | {low:.4f} to {high:.4f} |"
        )
    return "\n".join([*lines, "", f"Accuracy on 6,000 rows kept out of training and tuning; one seed. {under}."])


def draw(results: dict[str, dict[str, Any]], path: Path) -> None:
    """Accuracy against seconds."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    seconds = [one["seconds"] for one in results.values()]
    accuracies = [100 * one["accuracy"] for one in results.values()]
    below = [100 * (one["accuracy"] - one["interval"][0]) for one in results.values()]
    above = [100 * (one["interval"][1] - one["accuracy"]) for one in results.values()]
    axes.errorbar(seconds, accuracies, (below, above), marker="o", capsize=3)
    axes.set(
        xscale="log", xlabel="Seconds from the shell to the submission", ylabel="Accuracy on 6,000 unseen rows (%)"
    )
    axes.grid(color="0.92")
    figure.savefig(path, dpi=130)


def main() -> None:
    """Measures, and writes the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("budgets", nargs="*", default=list(BUDGETS))
    parser.add_argument("--data", type=Path, default=Path("data"))
    options = parser.parse_args()
    path = machine.RESULTS / "budget.json"
    results = json.loads(path.read_text())["results"] if path.exists() else {}
    here = machine.describe()
    with tempfile.TemporaryDirectory() as name:
        speed.prepare(options.data, Path(name))
        for budget in options.budgets:
            results[budget] = run(budget, Path(name))
            print(budget, results[budget], flush=True)
            ordered = dict(sorted(results.items(), key=lambda one: parse(one[0])))
            machine.save("budget", {"machine": here, "results": ordered}, table(ordered, machine.sentence(here)))
    draw(ordered, machine.RESULTS / "budget.png")


if __name__ == "__main__":
    main()

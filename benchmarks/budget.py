"""What `--budget` makes of the time: accuracy against the seconds allowed, and the seconds taken.

    python benchmarks/budget.py [--data data] [--seeds 0 1 2] [BUDGET ...]

Learns from the 36,000 rows and is judged on the 6,000 others. Writes results/budget.json, .md and .png; budgets and
seeds that are not named are kept from the last time.
"""

import argparse
import itertools
import tempfile
from pathlib import Path
from statistics import mean
from typing import Any

import machine
import speed

from kaggle_digits import evaluation, runs

_ROWS = 6_000
BUDGETS = ("20s", "40s", "1m", "2m", "5m", "10m", "20m", "60m")


def run(budget: str, seed: int, folder: Path) -> dict[str, Any]:
    """One training within a budget, in a process of its own."""
    told, seconds, judged = speed.trained(["--budget", budget], seed, folder)
    record = runs.read(folder / "models" / told["run"]).record
    return {
        "seed": seed,
        "seconds": round(seconds, 1),
        "recipe": told["recipe"],
        "members": len(record.members or {}) or 1,
        "accuracy": judged["accuracy"],
    }


def table(results: dict[str, list[dict[str, Any]]], under: str) -> str:
    """The results as Markdown."""
    lines = [
        "| budget | taken, at most | what it trained | accuracy (lowest to highest) | 95 % interval | seeds |",
        "|---|---:|---|---|---|---:|",
    ]
    for budget, trained in results.items():
        last, accuracies = trained[-1], [one["accuracy"] for one in trained]
        what = last["recipe"] if last["members"] == 1 else f"{last['members']} x {last['recipe']}"
        spread = f" ({min(accuracies):.4f} to {max(accuracies):.4f})" if len(trained) > 1 else ""
        low, high = evaluation.wilson_interval(round(mean(accuracies) * _ROWS), _ROWS)
        lines.append(
            f"| {budget} | {max(one['seconds'] for one in trained):.0f} s | {what} | {mean(accuracies):.4f}{spread} "
            f"| {low:.4f} to {high:.4f} | {len(trained)} |"
        )
    note = "Accuracy on 6,000 rows kept out of training and tuning, mean over seeds."
    return "\n".join([*lines, "", f"{note} {under}."])


def draw(results: dict[str, list[dict[str, Any]]], path: Path) -> None:
    """Accuracy against seconds: a point a training, and a line through their means."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    means = [
        [mean(one["seconds"] for one in trained), 100 * mean(one["accuracy"] for one in trained)]
        for trained in results.values()
    ]
    axes.plot(*zip(*means, strict=True), color="C0", label="mean over seeds")
    points = [(one["seconds"], 100 * one["accuracy"]) for trained in results.values() for one in trained]
    axes.plot(*zip(*points, strict=True), "o", color="C0", alpha=0.5, label="a training")
    axes.set(
        xscale="log", xlabel="Seconds from the shell to the submission", ylabel="Accuracy on 6,000 unseen rows (%)"
    )
    axes.set_xticks([20, 60, 120, 300, 600, 1200, 3600])
    axes.minorticks_off()
    axes.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: f"{seconds:.0f}"))
    axes.grid(color="0.92")
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(path, dpi=130)


def main() -> None:
    """Measures, and writes the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("budgets", nargs="*", default=list(BUDGETS))
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    options = parser.parse_args()
    results, here = machine.kept("budget").get("results", {}), machine.describe()
    with tempfile.TemporaryDirectory() as name:
        speed.prepare(options.data, Path(name))
        for budget, seed in itertools.product(options.budgets, options.seeds):
            others = [one for one in results.get(budget, []) if one["seed"] != seed]
            results[budget] = sorted([*others, run(budget, seed, Path(name))], key=lambda one: one["seed"])
            print(budget, results[budget], flush=True)
            results = dict(sorted(results.items(), key=lambda one: runs.seconds(one[0])))
            machine.save("budget", {"machine": here, "results": results}, table(results, machine.sentence(here)))
    draw(results, machine.RESULTS / "budget.png")


if __name__ == "__main__":
    main()

"""Trains every recipe on 36,000 rows and judges it on the 6,000 others.

    python benchmarks/recipes.py [RECIPE ...] [--seeds 3] [--data data]

Each training is a process of its own. Results of recipes that are not named are kept from the last time.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean
from typing import Any

import held_out
import machine

from kaggle_digits import evaluation, predictor, training
from kaggle_digits.recipes import RECIPES


def train_once(name: str, seed: int, data: Path) -> dict[str, Any]:
    """One training in this process: accuracy on the held-out rows, seconds, and peak memory in MB."""
    clock = time.perf_counter()
    recipe = RECIPES[name]
    source, unseen = held_out.load(data)
    if recipe.labels is not None:
        unseen = unseen.of_labels(recipe.labels)
    with tempfile.TemporaryDirectory() as folder:
        trained = training.train(recipe, source, seed=seed, models=Path(folder), submissions=Path(folder) / "s")
        seconds = time.perf_counter() - clock
        report = predictor.load(trained.run.path).evaluate(unseen)
        size = sum((trained.run.path / file).stat().st_size for file in trained.run.record["files"])
    return {
        "seed": seed,
        "rows": report.rows,
        "accuracy": report.accuracy,
        "validation_accuracy": trained.report.accuracy,
        "train_seconds": trained.run.record["train_seconds"],
        "seconds": round(seconds, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000),
        "model_mb": round(size / 1e6, 1),
        "parameters": recipe.expected.parameters,
    }


def measure(name: str, seeds: int, data: Path) -> list[dict[str, Any]]:
    """The same in fresh processes, one a seed."""
    results = []
    for seed in range(seeds):
        command = [sys.executable, __file__, "--one", name, str(seed), "--data", str(data)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        results.append(json.loads(done.stdout.splitlines()[-1]))
        print(name, results[-1], flush=True)
    return results


def table(recipes: dict[str, list[dict[str, Any]]], machines: dict[str, dict[str, Any]]) -> str:
    """The results as Markdown; the recipes may have been measured on different machines."""
    lines = [
        "| recipe | parameters | accuracy | 95 % interval | seeds (lowest to highest) | training | peak memory |",
        "|---|---:|---:|---|---|---:|---:|",
    ]
    for name, runs in recipes.items():
        accuracies = [run["accuracy"] for run in runs]
        rows = runs[0]["rows"]
        low, high = evaluation.wilson_interval(round(mean(accuracies) * rows), rows)
        parameters = runs[0]["parameters"]
        lines.append(
            f"| `{name}` | {'' if parameters is None else format(parameters, ',')} | {mean(accuracies):.4f} "
            f"| {low:.4f} to {high:.4f} | {len(runs)} ({min(accuracies):.4f} to {max(accuracies):.4f}) "
            f"| {mean(run['train_seconds'] for run in runs):.0f} s | {max(run['peak_mb'] for run in runs):,} MB |"
        )
    note = "Accuracy on 6,000 rows kept out of training and tuning (`binary`: its zeros and ones), mean over seeds."
    measured: dict[str, list[str]] = {}
    for name in recipes:
        measured.setdefault(machine.sentence(machines[name]), []).append(f"`{name}`")
    where = " ".join(f"{', '.join(names)}: {sentence}." for sentence, names in measured.items())
    return "\n".join([*lines, "", f"{note} {where}"])


def main() -> None:
    """Measures, and writes results/recipes.json and results/recipes.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", default=list(RECIPES))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--one", nargs=2, metavar=("RECIPE", "SEED"))
    options = parser.parse_args()
    if options.one:
        print(json.dumps(train_once(options.one[0], int(options.one[1]), options.data)))
        return
    path = machine.RESULTS / "recipes.json"
    kept = json.loads(path.read_text()) if path.exists() else {"recipes": {}, "machines": {}}
    before, machines = kept["recipes"], kept["machines"]
    for name in options.recipes:
        before[name] = measure(name, options.seeds, options.data)
        machines[name] = machine.describe()
    results = {name: before[name] for name in RECIPES if name in before}
    machine.save("recipes", {"machines": machines, "recipes": results}, table(results, machines))


if __name__ == "__main__":
    main()

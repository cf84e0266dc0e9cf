"""Trains every recipe on 36,000 rows and judges it on the 6,000 others.

    python benchmarks/recipes.py [RECIPE ...] [--seeds 3] [--data data]

Each training is a process of its own. Writes results/recipes.json and .md, and, where the data is the competition's,
kaggle_digits/recipes/measured.json; results of recipes that are not named are kept from the last time.
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

from kaggle_digits import evaluation, predictor, recipes, training
from kaggle_digits.recipes import Measured
from kaggle_digits.runs import Plan

NETWORKS = ("mlp", "cnn", "sprint", "strong", "dense", "simple", "flat", "binary", "vgg", "resnet", "inception")
CLASSIC = ("knn", "svm", "forest", "logistic")
"""mlp-strong and champion take too long for several seeds: see cards.py."""

_GROWING = ("knn", "svm", "forest")  # they have the more parameters the more rows they learn
_ROWS = 36_000


def train_once(name: str, seed: int, data: Path) -> dict[str, Any]:
    """One training in this process: accuracy on the held-out rows, seconds, and peak memory in MB."""
    clock = time.perf_counter()
    source, unseen = held_out.load(data)
    recipe = recipes.load(name)
    if recipe.labels is not None:
        unseen = unseen.of_labels(recipe.labels)
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan(name, seed=seed)
        run = training.train(plan, source=source, models=Path(folder), submissions=Path(folder) / "s")
        seconds = time.perf_counter() - clock
        report = predictor.load(run.path).evaluate(unseen)
        size = sum((run.path / file).stat().st_size for file in run.record.files)
    return {
        "seed": seed,
        "learned": len(source.train),
        "rows": report.rows,
        "accuracy": report.accuracy,
        "validation_accuracy": run.record.validation_accuracy,
        "train_seconds": run.record.train_seconds,
        "seconds": round(seconds, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000),
        "model_mb": round(size / 1e6, 1),
        "parameters": None if name in _GROWING else run.record.parameters,
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


def measured(results: list[dict[str, Any]]) -> Measured:
    """What the package says of a recipe."""
    return Measured(
        accuracy=mean(one["accuracy"] for one in results),
        seconds=mean(one["train_seconds"] for one in results),
        rows=results[0]["learned"],
        judged="held out",
        parameters=results[0]["parameters"],
    )


def table(results: dict[str, list[dict[str, Any]]], machines: dict[str, dict[str, Any]]) -> str:
    """The results as Markdown; the recipes may have been measured on different machines."""
    lines = [
        "| recipe | parameters | accuracy | 95 % interval | seeds (lowest to highest) | training | peak memory |",
        "|---|---:|---:|---|---|---:|---:|",
    ]
    for name, runs in results.items():
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
    named: dict[str, list[str]] = {}
    for name in results:
        named.setdefault(machine.sentence(machines[name]), []).append(f"`{name}`")
    where = " ".join(f"{', '.join(names)}: {sentence}." for sentence, names in named.items())
    return "\n".join([*lines, "", f"{note} {where}"])


def main() -> None:
    """Measures, and writes the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", default=[*NETWORKS, *CLASSIC])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--one", nargs=2, metavar=("RECIPE", "SEED"))
    options = parser.parse_args()
    if options.one:
        print(json.dumps(train_once(options.one[0], int(options.one[1]), options.data)))
        return
    before = machine.kept("recipes") or {"recipes": {}, "machines": {}}
    results, machines = before["recipes"], before["machines"]
    for name in options.recipes:
        results[name] = measure(name, options.seeds, options.data)
        machines[name] = machine.describe()
        results = {
            known: results[known] for known in dict.fromkeys([*NETWORKS, *CLASSIC, *results]) if known in results
        }
        machine.save("recipes", {"machines": machines, "recipes": results}, table(results, machines))
        if results[name][0]["learned"] == _ROWS:
            machine.save_measured(name, measured(results[name]))


if __name__ == "__main__":
    main()

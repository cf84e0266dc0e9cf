"""Whether the score to be expected is the score that comes: how often it falls into the predicted range.

    python benchmarks/forecast.py [--data data] [--deals 8] [RECIPE or RECIPE+REFIT ...]

Each deal takes 16,800 rows of train.csv for a test set whose labels are kept back, trains in five folds on the 25,200
others (with sprint+2, two more on all of them), and then scores the submission; and what the models of folds, and those
on all rows, say alone. Writes results/forecast.json and .md; recipes that are not named are kept from the last time.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import machine
import numpy as np

from kaggle_digits import classifiers, runs, sources, training
from kaggle_digits.classifiers.ensemble import Augmented
from kaggle_digits.competition import submission
from kaggle_digits.digits import Digits
from kaggle_digits.runs import Plan, Run
from kaggle_digits.sources import Source

RECIPES = ("knn", "sprint", "sprint+5")
_SHARE = 0.4
_FOLDS = 5


def deal(recipe: str, digits: Digits, seed: int) -> dict[str, float]:
    """One deal of the rows: what was predicted, and what came."""
    # As the competition's: at random, so that near duplicates may lie on both sides.
    dealt = np.random.default_rng(seed).permutation(len(digits))
    taken, kept = np.split(dealt, [round(_SHARE * len(digits))])
    test = digits.take(np.sort(taken))
    unlabelled = Digits(test.images, None, np.arange(1, len(test) + 1), digits.classes)
    source = Source("deal", None, digits.take(np.sort(kept)), unlabelled)
    with tempfile.TemporaryDirectory() as folder:
        submissions = Path(folder) / "submissions"
        name, _, refit = recipe.partition("+")
        plan = Plan(name, seed=seed, folds=_FOLDS, refit=int(refit or 0))
        run = training.train(plan, source=source, models=Path(folder) / "models", submissions=submissions)
        predicted = submission.check(submissions / f"{run.name}.csv", rows=len(test))
        errors = _errors(run, test) if refit else {}
    if run.record.predicted_range is None:
        raise RuntimeError("no range was predicted")
    low, high = run.record.predicted_range
    score = float(np.mean(np.asarray(predicted) == test.known_labels))
    return {"out_of_fold": run.record.validation_accuracy, "low": low, "high": high, "score": score, **errors}


def _errors(run: Run, test: Digits) -> dict[str, float]:
    """How many rows the models of folds, those on all rows, and all together get wrong, with five views."""
    said: dict[str, list[Any]] = {"fold": [], "refit": []}
    for name, member in runs.members(run).items():
        said[name.split("-")[-2]].append(Augmented(classifiers.load(member)).probabilities(test.images))
    together = {
        "folds": said["fold"],
        **{f"{count} refit": said["refit"][:count] for count in range(1, len(said["refit"]) + 1)},
        "all": said["fold"] + said["refit"],
    }
    return {
        f"{who}, wrong": float((sum(answers).argmax(axis=1) != test.known_labels).sum())
        for who, answers in together.items()
    }


def table(results: dict[str, list[dict[str, float]]], under: str) -> str:
    """The results as Markdown."""
    lines = [
        "| recipe | deals | score in the range | below | above | out of fold, mean | score, mean | range, mean |",
        "|---|---:|---:|---:|---:|---:|---:|---|",
    ]
    for name, deals in results.items():
        below = sum(one["score"] < one["low"] for one in deals)
        above = sum(one["score"] > one["high"] for one in deals)
        mean = {key: np.mean([one[key] for one in deals]) for key in deals[0]}
        lines.append(
            f"| `{name}` | {len(deals)} | {len(deals) - below - above} | {below} | {above} | {mean['out_of_fold']:.4f} "
            f"| {mean['score']:.4f} | {mean['low']:.4f} to {mean['high']:.4f} |"
        )
    for name, deals in results.items():
        wrong = [key for key in deals[0] if key.endswith(", wrong")]
        if wrong:
            said = ", ".join(f"{key.removesuffix(', wrong')} {sum(one[key] for one in deals):.0f}" for key in wrong)
            lines += ["", f"`{name}`, rows labelled wrongly in all {len(deals)} deals, with five views: {said}."]
    note = (
        "Each deal keeps the labels of 16,800 rows of train.csv back, as a test set, and trains in five folds on the "
        "25,200 others. Deals share rows, so that they are not independent of each other."
    )
    return "\n".join([*lines, "", f"{note} {under}."])


def main() -> None:
    """Measures, and writes the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", default=list(RECIPES))
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--deals", type=int, default=8)
    options = parser.parse_args()
    path = machine.RESULTS / "forecast.json"
    results = json.loads(path.read_text())["results"] if path.exists() else {}
    here, digits = machine.describe(), sources.load(options.data).train
    for name in options.recipes:
        results[name] = []
        for seed in range(1, options.deals + 1):
            results[name].append(deal(name, digits, seed))
            print(name, results[name][-1], flush=True)
            machine.save("forecast", {"machine": here, "results": results}, table(results, machine.sentence(here)))


if __name__ == "__main__":
    main()

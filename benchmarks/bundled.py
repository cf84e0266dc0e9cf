"""Trains every recipe on scikit-learn's bundled digits, as the README's first command does, and judges it.

    python benchmarks/bundled.py [--before CHECKOUT] [TRAINED ...]

TRAINED is a recipe's name, or other words of `train`, such as "--budget 12s". Judged by the 719 digits that the
training had no labels of; scikit-learn has them. Each training is a process of its own; seconds are those of the
processor, for the whole process, so that they mean the same on a machine that is busy with other things. With --before,
the code of another checkout is measured, for the last columns. Writes results/bundled.json and .md; what is not named
is kept.
"""

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import machine
import numpy as np
from sklearn.datasets import load_digits

from kaggle_digits import recipes
from kaggle_digits.sources import bundled

_TOO_LARGE = {"grand", "deep-resnet"}  # for a GPU
_TEST = """
import sys
from kaggle_digits.sources import bundled
source = bundled.load()
test = source[1] if isinstance(source, tuple) else source.test
sys.stdout.buffer.write(test.images.tobytes())
"""


def truth(environment: dict[str, str]) -> list[int]:
    """The labels that the source withholds."""
    small, labels = load_digits(return_X_y=True)
    images = [bundled._enlarge(image).tobytes() for image in small.reshape(-1, 8, 8)]
    known = dict(zip(images, map(int, labels), strict=True))
    test = subprocess.run(
        [sys.executable, "-P", "-c", _TEST], env=environment, stdout=subprocess.PIPE, check=True
    ).stdout
    return [known[test[start : start + 784]] for start in range(0, len(test), 784)]


def measure(words: list[str], labels: list[int], environment: dict[str, str]) -> dict[str, Any] | None:
    """What one training came to; None where it failed."""
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "kaggle_digits", "train", *words, "--data", "sklearn", "--json"]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=folder, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            return None
        said = json.loads(done.stdout)
        with (Path(folder) / said["submission"]).open() as file:
            answers = [int(line["Label"]) for line in csv.DictReader(file)]
    right = [answer == label for answer, label in zip(answers, labels, strict=True) if words != ["binary"] or label < 2]
    return {
        "recipe": said["recipe"],
        "right": round(float(np.mean(right)), 4),
        "of": len(right),
        "validation": round(said["validation_accuracy"], 4),
        "seconds": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime),
    }


def table(results: dict[str, dict[str, Any]], under: str) -> str:
    """The results as Markdown, the best first."""

    def cells(one: dict[str, Any] | None) -> str:
        if one is None:
            return " |  |  |"
        right = f"{one['right']:.4f}" + (f" of {one['of']}" if one["of"] != 719 else "")
        return f" {right} | {one['validation']:.4f} | {one['seconds']:,} s |"

    lines = [
        "| `train` | right of 719 | validation | processor time | before: right | validation | processor time |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    best_first = sorted(results.items(), key=lambda one: (one[0] == "binary", -one[1].get("now", {}).get("right", 0.0)))
    lines += [f"| `{name}` |{cells(each.get('now'))}{cells(each.get('before'))}" for name, each in best_first]
    return "\n".join([*lines, "", f"One seed. {under}."])


def main() -> None:
    """Measures, and writes the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trained", nargs="*", default=[*sorted({*recipes.names()} - _TOO_LARGE), "--budget 12s"])
    parser.add_argument("--before", type=Path, metavar="CHECKOUT")
    options = parser.parse_args()
    when = "before" if options.before else "now"
    environment = {**os.environ, "PYTHONPATH": str((options.before or Path(__file__).parent.parent).resolve())}
    labels, here = truth(environment), machine.describe()
    results = machine.kept("bundled").get("results", {})
    for name in options.trained:
        measured = measure(name.split(), labels, environment)
        print(name, when, measured, flush=True)
        if measured:
            results.setdefault(name, {})[when] = measured
            machine.save("bundled", {"machine": here, "results": results}, table(results, machine.sentence(here)))


if __name__ == "__main__":
    main()

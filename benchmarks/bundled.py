"""Trains every recipe on scikit-learn's bundled digits, as the README's first command does, and judges it.

    python benchmarks/bundled.py [RECIPE ...]

Judged by the 719 digits that the training had no labels of; scikit-learn has them. Each training is a process of its
own. Prints rows of a table; seconds are those of the processor, for the whole process, so that they mean the same on a
machine that is busy with other things.
"""

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from kaggle_digits import recipes, sources
from kaggle_digits.sources import bundled


def truth() -> list[int]:
    """The labels that the source withholds."""
    images, labels = load_digits(return_X_y=True)
    known = {
        bundled._enlarge(image.reshape(8, 8)).tobytes(): int(label) for image, label in zip(images, labels, strict=True)
    }
    return [known[image.tobytes()] for image in sources.load("sklearn").test.images]


def row(words: list[str], labels: list[int]) -> str:
    """What one training came to."""
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "kaggle_digits", "train", *words, "--data", "sklearn", "--json"]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=folder)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        if done.returncode:
            return f"| `{' '.join(words)}` | exit code {done.returncode} |"
        said = json.loads(done.stdout)
        with (Path(folder) / said["submission"]).open() as file:
            answers = [int(line["Label"]) for line in csv.DictReader(file)]
    right = [answer == label for answer, label in zip(answers, labels, strict=True) if words != ["binary"] or label < 2]
    return (
        f"| `{' '.join(words)}` | {said['validation_accuracy']:.4f} | {np.mean(right):.4f} of {len(right)} "
        f"| {seconds:.0f} s |"
    )


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", default=[*recipes.names(), "--budget 12s"])
    options = parser.parse_args()
    labels = truth()
    for name in options.recipes:
        print(row(name.split(), labels), flush=True)


if __name__ == "__main__":
    main()

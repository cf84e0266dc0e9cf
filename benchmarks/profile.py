"""Where the time of a training step goes, on a processor: oneDNN's own account of every operation.

    python benchmarks/profile.py [RECIPE ...]

Takes the steps of a real training on random images. Writes results/profile.md.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import machine
import msgspec
import numpy as np

from kaggle_digits import classifiers, recipes
from kaggle_digits.digits import Digits
from kaggle_digits.recipes import Fit
from kaggle_digits.runs import Listener

RECIPES = ("cnn", "sprint", "strong")
STEPS = 20
_FIRST = 3  # steps that also compile
_BEGIN = "BEGIN"


class Clock(Listener):
    """Notes when each step was over, and says when the first ones are."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def step(self, epoch: int, step: int, loss: float, accuracy: float) -> None:  # noqa: ARG002
        """See `Listener.step`."""
        self.times.append(time.perf_counter())
        if len(self.times) == _FIRST:
            print(_BEGIN, flush=True)

    def wants_stop(self) -> bool:
        """Whether there were enough steps."""
        return len(self.times) == _FIRST + STEPS


def step(name: str) -> None:
    """Runs in a child: some steps on random images, none of them distorted, and their milliseconds."""
    recipe = recipes.load(name)
    fit = msgspec.structs.replace(recipe.fit or Fit(), distortions=None)
    rng = np.random.default_rng(0)
    rows = (_FIRST + STEPS) * fit.batch_size
    digits = Digits.numbered(rng.integers(0, 256, (rows, 28, 28), np.uint8), rng.integers(0, 10, rows))
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        classifiers.fit(replace(recipe, fit=fit), digits, digits.take(np.arange(10)), 0, clock, Path(folder))
    took = 1000 * (clock.times[-1] - clock.times[_FIRST - 1]) / STEPS
    print(json.dumps({"ms": took, "images": fit.batch_size}), flush=True)


def account(name: str) -> tuple[dict[str, float], dict[str, float]]:
    """Milliseconds a step by operation, and the child's own figures (without the account, which slows it)."""
    command = [sys.executable, __file__, "--one", name]
    plain = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]
    told = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "ONEDNN_VERBOSE": "1"}
    ).stdout
    spent: dict[str, float] = defaultdict(float)
    for line in told[told.index(_BEGIN) :].splitlines():
        fields = line.split(",")
        if fields[0] == "onednn_verbose" and "exec" in fields:
            kind, direction = fields[fields.index("exec") + 2], fields[fields.index("exec") + 4]
            spent[f"{kind} {'' if direction == 'undef' else direction}".strip()] += float(fields[-1]) / STEPS
    return spent, json.loads(plain)


def table(found: dict[str, tuple[dict[str, float], dict[str, float]]], under: str) -> str:
    """The results as Markdown: the nine operations that take the most, and all others together."""
    totals: dict[str, float] = defaultdict(float)
    for spent, _ in found.values():
        for kind, ms in spent.items():
            totals[kind] += ms
    kinds = sorted(totals, key=lambda kind: -totals[kind])[:9]
    rows = [(kind, [f"{spent.get(kind, 0.0):.2f}" for spent, _ in found.values()]) for kind in kinds]
    rest = [own["ms"] - sum(spent.get(kind, 0.0) for kind in kinds) for spent, own in found.values()]
    rows += [
        ("everything else", [f"{max(0.0, ms):.2f}" for ms in rest]),
        ("whole step", [f"{own['ms']:.2f}" for _, own in found.values()]),
        ("images a step", [f"{own['images']}" for _, own in found.values()]),
    ]
    lines = [f"| ms a step | {' | '.join(found)} |", f"|---|{'---:|' * len(found)}"]
    lines += [f"| {name} | {' | '.join(figures)} |" for name, figures in rows]
    return "\n".join([*lines, "", f"{under}."])


def main() -> None:
    """Measures all recipes, or in a child one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", default=list(RECIPES))
    parser.add_argument("--one", metavar="RECIPE")
    options = parser.parse_args()
    if options.one:
        step(options.one)
        return
    text = table({name: account(name) for name in options.recipes}, machine.sentence(machine.describe()))
    (machine.RESULTS / "profile.md").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()

"""Where the time of a training step goes, on a processor: oneDNN's own account of every operation.

    python benchmarks/profile.py

Compares the classic CNN with `sprint` as it was and as it is, and with `strong`. Writes results/profile.md.
"""

import json
import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import replace
from typing import Any

import machine
from kaggle_digits.recipes.architectures import Convolutional

from kaggle_digits.recipes import RECIPES, Recipe

STEPS = 20

SUBJECTS: dict[str, Recipe] = {
    "cnn": RECIPES["cnn"],
    "sprint, before": replace(
        RECIPES["sprint"],
        model=Convolutional(blocks=((32,), (64,)), dense=128, batch_normalization=False, fold=True),
    ),
    "sprint": RECIPES["sprint"],
    "strong": RECIPES["strong"],
}


def step(subject: str) -> None:
    """Runs in a child: some steps on random images, and their milliseconds."""
    import time

    import numpy as np
    from kaggle_digits.classifiers.backend import load_keras

    from kaggle_digits.classifiers import fitting, networks, precision

    recipe, keras = SUBJECTS[subject], load_keras()
    fit: Any = recipe.fit
    network: Any = recipe.model
    model = networks.build(network, (28, 28), 10, precision.choose(keras, fit.precision))
    fitting._compile(keras, model, fit)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (fit.batch_size, 28, 28), np.uint8)
    labels = rng.integers(0, 10, fit.batch_size)
    for _ in range(3):
        model.train_on_batch(images, labels)
    print("BEGIN", flush=True)
    began = time.perf_counter()
    for _ in range(STEPS):
        model.train_on_batch(images, labels)
    took = 1000 * (time.perf_counter() - began) / STEPS
    print(json.dumps({"ms": took, "images": fit.batch_size}), flush=True)


def account(subject: str) -> tuple[dict[str, float], dict[str, float]]:
    """Milliseconds a step by operation, and the child's own figures (without the account, which slows it)."""
    command = [sys.executable, __file__, subject]
    plain = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]
    told = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "ONEDNN_VERBOSE": "1"}
    ).stdout
    spent: dict[str, float] = defaultdict(float)
    for line in told[told.index("BEGIN") :].splitlines():
        fields = line.split(",")
        if fields[0] == "onednn_verbose" and "exec" in fields:
            kind, direction = fields[fields.index("exec") + 2], fields[fields.index("exec") + 4]
            spent[f"{kind} {'' if direction == 'undef' else direction}".strip()] += float(fields[-1]) / STEPS
    return spent, json.loads(plain)


def main() -> None:
    """Measures all subjects, or in a child one of them."""
    if sys.argv[1:]:
        step(sys.argv[1])
        return
    found = {subject: account(subject) for subject in SUBJECTS}
    totals: dict[str, float] = defaultdict(float)
    for spent, _ in found.values():
        for kind, ms in spent.items():
            totals[kind] += ms
    kinds = sorted(totals, key=lambda kind: -totals[kind])[:9]
    lines = [f"| ms a step | {' | '.join(found)} |", f"|---|{'---:|' * len(found)}"]
    lines += [f"| {kind} | {' | '.join(f'{spent[kind]:.2f}' for spent, _ in found.values())} |" for kind in kinds]
    rest = [figures["ms"] - sum(spent[kind] for kind in kinds) for spent, figures in found.values()]
    lines.append(f"| everything else | {' | '.join(f'{max(0.0, ms):.2f}' for ms in rest)} |")
    whole = [f"{figures['ms']:.2f}" for _, figures in found.values()]
    lines.append(f"| whole step | {' | '.join(whole)} |")
    lines.append(f"| images a step | {' | '.join(str(figures['images']) for _, figures in found.values())} |")
    text = "\n".join([*lines, "", f"{machine.sentence(machine.describe())}."])
    (machine.RESULTS / "profile.md").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()

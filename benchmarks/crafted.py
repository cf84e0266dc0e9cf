"""What crafted model files do to who loads them: thousands of them, changed at random, each in a process of its own.

    python benchmarks/crafted.py [EACH] [KIND ...]

The files are those of small trainings; tests/crafting.py changes their arrays, tables, configuration and bytes, and
run.json vouches for them. EACH is how many of each kind. Writes results/crafted.json and .md.
"""

import importlib
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import machine
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import crafting

from kaggle_digits import classifiers, recipes, sources, training
from kaggle_digits.errors import RunError
from kaggle_digits.predictor import Model
from kaggle_digits.recipes import Recipe
from kaggle_digits.runs import Run

_CHANGES = {"model.skops": crafting.skops, "model.tflite": crafting.tflite, "model.keras": crafting.keras}
_IMPORTS = {
    "model.skops": ("skops.io", "sklearn.ensemble", "sklearn.svm", "sklearn.pipeline", "sklearn.decomposition"),
    "model.tflite": ("ai_edge_litert.interpreter", "ai_edge_litert.schema_py_generated"),
    "model.keras": ("keras",),
}
_ENDS = ("refused", "answered", "another error", "timed out", "crashed")


def own(estimator: Any) -> Recipe:
    """A recipe of scikit-learn's estimator."""
    return recipes.from_function(lambda _shape, _classes: estimator, name=type(estimator).__name__)


def kinds() -> dict[str, tuple[str | Recipe, dict[str, Any], str]]:
    """A recipe, what differs in it, and the file that is changed, by what to call them."""
    from sklearn import ensemble, neighbors, svm

    small = {"epochs": 1}
    return {
        "knn": ("knn", {}, "model.skops"),
        "svm": ("svm", {}, "model.skops"),
        "forest": ("forest", {"trees": 5}, "model.skops"),
        "logistic": ("logistic", {"iterations": 20}, "model.skops"),
        "a KD tree": (own(neighbors.KNeighborsClassifier(algorithm="kd_tree")), {}, "model.skops"),
        "boosted trees": (own(ensemble.GradientBoostingClassifier(n_estimators=2)), {}, "model.skops"),
        "histograms": (own(ensemble.HistGradientBoostingClassifier(max_iter=2)), {}, "model.skops"),
        "an SVM with probabilities": (own(svm.SVC(probability=True)), {}, "model.skops"),
        "mlp, model.tflite": ("mlp", small, "model.tflite"),
        "cnn, model.tflite": ("cnn", small, "model.tflite"),
        "resnet, model.tflite": ("resnet", small, "model.tflite"),
        "mlp, model.keras": ("mlp", small, "model.keras"),
    }


def trained(kind: str, folder: Path) -> Run:
    """A run on scikit-learn's digits."""
    recipe, values, _ = kinds()[kind]
    name = recipe if isinstance(recipe, str) else None
    plan = training.Plan(name, "sklearn", values)
    more = {} if isinstance(recipe, str) else {"recipe": recipe}
    return training.train(plan, models=folder / "models", submissions=folder / "submissions", **more)


def ends(run: Run, file: str, each: int) -> Counter[str]:
    """How so many changed files ended."""
    whole, images = (run.path / file).read_bytes(), sources.load("sklearn").train.images[:3]
    pictures = np.concatenate([images, np.zeros_like(images[:1]), np.full_like(images[:1], 255)])

    def ask() -> None:
        Model(run, classifiers.load_files(run.path, [file], run.record)).probabilities(pictures)

    for module in _IMPORTS[file]:  # once, and not in every child
        importlib.import_module(module)
    found: Counter[str] = Counter()
    for seed in range(each):
        (run.path / file).write_bytes(_CHANGES[file](whole, np.random.default_rng(seed)))
        end = crafting.outcome(ask, RunError)
        found[end] += 1
        if end not in ("answered", "refused"):
            print(run.name, seed, end, flush=True)
    (run.path / file).write_bytes(whole)
    return found


def main(each: int, wanted: list[str]) -> None:
    """Tries all kinds, or those that are wanted, and writes the table after each."""
    rows: dict[str, dict[str, int]] = machine.kept("crafted").get("ends", {})
    with tempfile.TemporaryDirectory() as name:
        for kind, (_, _, file) in kinds().items():
            if wanted and kind not in wanted:
                continue
            # Elsewhere: what has computed with several threads must not be forked.
            with ProcessPoolExecutor(1, get_context("spawn")) as elsewhere:
                run = elsewhere.submit(trained, kind, Path(name)).result()
            rows[kind] = dict(ends(run, file, each))
            print(kind, rows[kind], flush=True)
            save(rows)


def save(rows: dict[str, dict[str, int]]) -> None:
    """Writes results/crafted.json and .md."""
    here = machine.describe()
    lines = [f"| file of | tried | {' | '.join(_ENDS)} |", f"|---|{'---:|' * (len(_ENDS) + 1)}"]
    lines += [
        f"| {kind} | {sum(row.values())} | {' | '.join(str(row.get(end, 0)) for end in _ENDS)} |"
        for kind, row in rows.items()
    ]
    machine.save("crafted", {"machine": here, "ends": rows}, "\n".join([*lines, "", machine.sentence(here)]))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, sys.argv[2:])

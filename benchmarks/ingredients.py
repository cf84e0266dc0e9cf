"""What each ingredient of `champion` brings, one by one, on rows that were not learned.

    python benchmarks/ingredients.py RUN [--data data] [--only NAME ...]

RUN is a run folder of `kaggle-digits train champion`. From its members alone: every kind by itself, all kinds
together, without each, what is averaged, one view or five. Then, unless `--only` names none, networks are trained
without the first fold and judged on its rows: one kind with one ingredient changed; others that could be members, in
the place of one kind and beside all. Writes results/ingredients.json and .md; what is not measured again is kept.
"""

import argparse
import multiprocessing
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import machine
import numpy as np

from kaggle_digits import classifiers, evaluation, recipes, runs, sources
from kaggle_digits.backend import load_keras
from kaggle_digits.classifiers import ensemble
from kaggle_digits.digits import Digits, folds
from kaggle_digits.recipes import Recipe
from kaggle_digits.runs import Listener, rows

EPOCHS = 10
"""Fewer than the champion's members have: enough to see what an ingredient does, and cheap enough for several."""

Values = dict[str, Any]

KIND = "large-filters"
_BASELINE = f"{KIND} as they are"
VARIANTS: dict[str, Values] = {
    _BASELINE: {},
    "no distortion": {"rotation": 0, "shift": 0, "zoom": 0, "shear": 0, "elastic": 0},
    "no elastic distortion": {"elastic": 0},
    "wilder distortion": {"rotation": 15, "shift": 2.5, "zoom": 0.15, "shear": 0.2, "elastic": 1.2},
    "no label smoothing": {"label_smoothing": 0},
    "no dropout": {"dropout": 0},
    "a constant rate instead of one cycle": {"schedule": "constant", "learning_rate": 1e-3},
}
"""Values of one of the champion's kinds."""

REPLACED = "mlp-long"
_LARGEST = "filters of 7 x 7"
CANDIDATES: dict[str, tuple[str, Values]] = {
    "strong, 1.6 times as wide": ("strong", {"width": 64}),
    "strong, twice as long": ("strong", {"epochs": 44}),
    _LARGEST: (KIND, {}),
    "dense layers of 1024, 1024, 512": (REPLACED, {"hidden": (1024, 1024, 512), "epochs": 100}),
}
"""Recipes with other values, that could be members."""


def largest_filters(image_shape: tuple[int, int], classes: int) -> Any:
    """The network of large-filters, but with two convolutions of 7 x 7; its images have 28 pixels a side."""
    layers = load_keras().layers
    how = {"activation": "relu", "kernel_initializer": "he_uniform"}
    stack = [layers.Input((*image_shape, 1))]
    for filters in (48, 96):
        stack += [layers.Conv2D(filters, 7, **how), layers.MaxPooling2D()]
    stack += [layers.Flatten(), layers.Dense(256, **how), layers.Dropout(0.4)]
    return load_keras().Sequential([*stack, layers.Dense(classes, activation="softmax")])


def recipe(name: str) -> Recipe:
    """A variant or candidate by its name."""
    if name in VARIANTS:
        return recipes.load(KIND).with_values({"epochs": EPOCHS, **VARIANTS[name]})
    kind, values = CANDIDATES[name]
    found = recipes.load(kind).with_values(values)
    return recipes.from_function(largest_filters, fit=found.fit) if name == _LARGEST else found


def right(probabilities: Any, labels: Any) -> Any:
    """Which rows are labelled rightly."""
    return probabilities.argmax(axis=1) == labels


def right_together(answers: list[Any], labels: Any, how: ensemble.Mean = "probabilities") -> Any:
    """Which rows the mean of several answers labels rightly."""
    return right(ensemble.mean(answers, [1.0] * len(answers), how), labels)


def against(name: str, new: Any, old: Any) -> dict[str, Any]:
    """A line of the table: accuracy, interval, and McNemar's test against what it is compared with."""
    found = evaluation.mcnemar(new, old)
    return {
        "name": name,
        "rows": found.rows,
        "accuracy": found.accuracies[0],
        "interval": evaluation.wilson_interval(int(new.sum()), found.rows),
        "only_it": found.only_first_right,
        "only_the_other": found.only_second_right,
        "p": found.p_value,
    }


def of_the_kinds(run: runs.Run) -> tuple[dict[str, Any], dict[str, Any]]:
    """What each kind says of every row out of fold, once and with five views: tables of float32 (n, 10) by kind."""
    ids, _, nested = rows.validation(run.path)  # of all digits, in their order
    place = {row: number for number, row in enumerate(ids.tolist())}
    once: dict[str, Any] = {}
    views: dict[str, Any] = {}
    for name, member in runs.members(run).items():
        if "-fold-" not in name:
            continue  # learned all rows, and can judge none
        kind, (own_ids, _, answers) = name.rsplit("-fold-", 1)[0], rows.validation(member.path)
        numbers = [place[row] for row in own_ids.tolist()]
        once.setdefault(kind, np.zeros_like(nested))[numbers] = answers
        views.setdefault(kind, np.zeros_like(nested))[numbers] = np.load(member.path / "tta.npy", allow_pickle=False)
    return once, views


def of_the_run(run: runs.Run) -> list[dict[str, Any]]:
    """What can be told from the members' answers: kinds, means, views."""
    _, labels, nested = rows.validation(run.path)
    once, views = of_the_kinds(run)
    kinds, whole = list(once), right_together([*once.values()], labels)
    lines = [against(f"{kind} alone", right(once[kind], labels), whole) for kind in kinds]
    lines += [against(f"{kind} alone, five views", right(views[kind], labels), whole) for kind in kinds]
    for kind in kinds if len(kinds) > 2 else []:
        others = [once[other] for other in kinds if other != kind]
        lines.append(against(f"without {kind}", right_together(others, labels), whole))
    return [
        *lines,
        against("all kinds, mean of probabilities", whole, whole),
        against("all kinds, mean of logits", right_together([*once.values()], labels, "logits"), whole),
        against("all kinds, five views", right_together([*views.values()], labels), whole),
        against("as chosen, each fold by the others (nested)", right(nested, labels), whole),
    ]


def answer(name: str, data: Path, precision: recipes.Precision) -> Any:
    """What a variant, trained on the other folds, says of the first one's rows."""
    digits, fold_of = first_fold(data)
    out, others = digits.take(np.flatnonzero(fold_of == 0)), digits.take(np.flatnonzero(fold_of != 0))
    with tempfile.TemporaryDirectory() as folder:
        asked = recipe(name).with_values({"precision": precision})
        fitted = classifiers.fit(asked, others, out, 0, Listener(), Path(folder))
    return fitted.classifier.probabilities(out.images)


def beside_others(run: runs.Run, candidates: dict[str, Any]) -> list[dict[str, Any]]:
    """The mean of the champion's kinds on the first fold, with candidates in the place of one and beside all."""
    first = {name: member for name, member in runs.members(run).items() if name.endswith("-fold-1")}
    asked = {name: rows.validation(member.path) for name, member in first.items()}
    labels = next(iter(asked.values()))[1]
    kept = [answers for name, (_, _, answers) in asked.items() if not name.startswith(REPLACED)]
    every = [answers for _, _, answers in asked.values()]
    whole = right_together(every, labels)
    lines = [against("all kinds", whole, whole), against(f"without {REPLACED}", right_together(kept, labels), whole)]
    for name, answers in candidates.items():
        lines += [
            against(f"{name}, alone", right(answers, labels), whole),
            against(f"{name}, in the place of {REPLACED}", right_together([*kept, answers], labels), whole),
            against(f"{name}, beside all", right_together([*every, answers], labels), whole),
        ]
    everything = right_together([*every, *candidates.values()], labels)
    return [*lines, against("all kinds and all of these", everything, whole)]


def first_fold(data: Path) -> tuple[Digits, Any]:
    """All rows and the fold of each, as `train --folds 5` deals them."""
    digits = sources.load(data).train
    return digits, folds(digits, 5, 0)


def on_a_core(free: Any) -> None:
    """Gives a process a core of its own."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {free.get()})


def train_all(names: list[str], data: Path, precision: recipes.Precision) -> dict[str, Any]:
    """The answers of several variants, one process a core."""
    context = multiprocessing.get_context("spawn")
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    free = context.Queue()
    for core in cores:
        free.put(core)
    with ProcessPoolExecutor(len(cores), context, on_a_core, (free,)) as processes:
        waiting = {processes.submit(answer, name, data, precision): name for name in names}
        found = {}
        for done in as_completed(waiting):
            found[waiting[done]] = done.result()
            print(waiting[done], flush=True)
    return found


def table(results: dict[str, list[dict[str, Any]]], under: str) -> str:
    """The results as Markdown."""

    def line(one: dict[str, Any]) -> str:
        low, high = one["interval"]
        return (
            f"| {one['name']} | {one['rows']:,} | {one['accuracy']:.5f} | {low:.4f} to {high:.4f} | {one['only_it']} "
            f"| {one['only_the_other']} | {one['p']:.2g} |"
        )

    lines = []
    for headline, found in results.items():
        lines += [
            f"{headline}:",
            "",
            "| | rows | accuracy | 95 % interval | only it right | only the other | p |",
            "|---|---:|---:|---|---:|---:|---:|",
            *map(line, found),
            "",
        ]
    return "\n".join([*lines, f"Out-of-fold rows of train.csv, one seed; p is McNemar's. {under}."])


def of_variants(
    run: runs.Run, names: list[str], data: Path, precision: recipes.Precision
) -> dict[str, list[dict[str, Any]]]:
    """What can be told from networks that are trained for it."""
    digits, fold_of = first_fold(data)
    every = [*CANDIDATES, *VARIANTS]
    wanted = {_BASELINE, *names}
    found = train_all([name for name in every if name in wanted], data, precision)
    labels = digits.known_labels[fold_of == 0]
    baseline = right(found[_BASELINE], labels)
    return {
        "Others that could be members, on the first fold, against the plain mean of all kinds": beside_others(
            run, {name: found[name] for name in CANDIDATES if name in found}
        ),
        f"One ingredient changed, {EPOCHS} epochs, on the first fold, against `{_BASELINE}`": [
            against(name, right(found[name], labels), baseline) for name in VARIANTS if name in found
        ],
    }


def main() -> None:
    """Measures, and writes the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--only", nargs="*", choices=[*CANDIDATES, *VARIANTS], metavar="NAME")
    options = parser.parse_args()
    run, here = runs.find(options.run), machine.describe()
    fit = run.record.recipe.members[0].fit
    results = machine.kept("ingredients").get("results", {})
    results["Against the plain mean of all kinds"] = of_the_run(run)
    if options.only != []:
        results |= of_variants(
            run, options.only or [*CANDIDATES, *VARIANTS], options.data, fit.precision if fit else "float32"
        )
    machine.save("ingredients", {"machine": here, "results": results}, table(results, machine.sentence(here)))


if __name__ == "__main__":
    main()

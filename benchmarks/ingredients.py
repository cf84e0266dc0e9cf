"""What each ingredient of `champion` brings, one by one, on rows that were not learned.

    python benchmarks/ingredients.py RUN [--data data]

RUN is a run folder of `kaggle-digits train champion`. From its members alone: every kind by itself, all kinds
together, without each, what is averaged, one view or five or thirteen. Then networks are trained without the first fold
and judged on its rows: one kind with one ingredient changed; and others that could be members, in the place of one kind
and beside all. Writes results/ingredients.json and .md.
"""

import argparse
import multiprocessing
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any

import machine
import numpy as np
from kaggle_digits.classifiers.protocol import Silence
from kaggle_digits.recipes.architectures import Dense
from scipy import ndimage

from kaggle_digits import classifiers, evaluation, recipes, runs, sources
from kaggle_digits.classifiers import ensemble, fitting
from kaggle_digits.digits import Digits, folds
from kaggle_digits.recipes import Recipe, catalogue

EPOCHS = 10
"""Fewer than the champion's members have: enough to see what an ingredient does, and cheap enough for several."""


def kind(name: str) -> Recipe:
    """One of the champion's kinds."""
    [recipe] = [one for one in recipes.get("champion").model.recipes if one.name == name]
    return recipe


def changed(model: dict[str, Any] | None = None, of: str = "large-filters", **fit: Any) -> Recipe:
    """One of the champion's kinds, with other values for some fields of its model and fit."""
    recipe = kind(of)
    return replace(recipe, model=replace(recipe.model, **model or {}), fit=replace(recipe.fit, **fit))


_WILD = recipes.Distortions(rotation=15, shift=2.5, zoom=0.15, shear=0.2, elastic=1.2)
_NO_ELASTIC = replace(catalogue._STRONG, elastic=0.0)
_BASELINE = "large-filters as they are"
VARIANTS: dict[str, Recipe] = {
    _BASELINE: changed(epochs=EPOCHS),
    "no distortion": changed(epochs=EPOCHS, distortions=None),
    "no elastic distortion": changed(epochs=EPOCHS, distortions=_NO_ELASTIC),
    "wilder distortion": changed(epochs=EPOCHS, distortions=_WILD),
    "no label smoothing": changed(epochs=EPOCHS, label_smoothing=0.0),
    "no dropout": changed({"dense_dropout": 0.0}, epochs=EPOCHS),
    "a constant rate instead of one cycle": changed(epochs=EPOCHS, schedule="constant", learning_rate=1e-3),
}

REPLACED = "no-filters"
CANDIDATES: dict[str, Recipe] = {
    "small-filters, 1.6 times as wide": changed({"blocks": ((64, 64), (128, 128), (256, 256))}, of="small-filters"),
    "small-filters, twice as long": changed(of="small-filters", epochs=44),
    "filters of 7 x 7": changed({"blocks": ((48,), (96,)), "kernel": 7}),
    "dense layers of 1024, 1024, 512": replace(kind(REPLACED), model=Dense(hidden=(1024, 1024, 512))).with_fit(
        epochs=100
    ),
    "small-filters on upright digits": kind("small-filters"),
    "small-filters on digits of one width": kind("small-filters"),
}


MIDDLE = np.array([13.5, 13.5])
"""Of an image of 28 x 28 pixels."""


def sampled(images: Any, matrix: Any, middle: Any) -> Any:
    """Images, uint8 `(..., 28, 28)`, sampled where an affine map of the distance from their middle points to."""
    matrix, middle = np.asarray(matrix, float), np.asarray(middle, float)
    whole = np.eye(images.ndim)
    whole[-2:, -2:] = matrix
    offset = np.zeros(images.ndim)
    offset[-2:] = middle - matrix @ MIDDLE
    new = ndimage.affine_transform(images.astype(np.float32), whole, offset, order=1)
    return np.clip(new + 0.5, 0, 255).astype(np.uint8)


def upright(image: Any) -> Any:
    """A digit without its slant, by second moments (Y. LeCun et al., Gradient-Based Learning, 1998, section III.A)."""
    down, right = np.indices(image.shape)
    ink = image / image.sum()
    middle = np.array([(ink * down).sum(), (ink * right).sum()])
    down, right = down - middle[0], right - middle[1]
    slant = (ink * down * right).sum() / (ink * down**2).sum()
    return sampled(image, [[1, 0], [np.clip(slant, -1, 1), 1]], middle)


def of_one_width(image: Any) -> Any:
    """A digit 16 pixels wide and 20 high (D. Ciresan et al., Multi-column Deep Neural Networks, 2012, section 3)."""
    rows, columns = (np.flatnonzero(image.any(axis=axis))[[0, -1]] for axis in (1, 0))
    scale = [(np.ptp(rows) + 1) / 20, (np.ptp(columns) + 1) / 16]
    return sampled(image, np.diag(scale), [rows.mean(), columns.mean()])


PREPARED: dict[str, Callable[[Any], Any]] = {
    "small-filters on upright digits": upright,
    "small-filters on digits of one width": of_one_width,
}


def turn(degrees: float) -> Any:
    """The matrix of a rotation."""
    angle = np.deg2rad(degrees)
    return [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]


FURTHER_VIEWS = [
    *(turn(degrees) for degrees in (6, -6)),
    *(np.diag([zoom, zoom]) for zoom in (0.93, 1.07)),
    *(np.array([[1, 0], [slant, 1]]) for slant in (0.1, -0.1)),
    *(np.diag([1, zoom]) for zoom in (0.92, 1.08)),
]


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


def of_the_run(run: runs.Run, digits: Digits) -> list[dict[str, Any]]:
    """What can be told from the members' answers: kinds, means, views."""
    members = {name: runs.find(run.path / name) for name in run.record["members"]}
    kinds = sorted({name.rsplit("-fold-", 1)[0] for name in members})
    _, labels, nested = runs.validation_rows(run)  # of all digits, in their order
    place = {row: number for number, row in enumerate(digits.ids.tolist())}
    once, views, more = ({kind: np.zeros_like(nested) for kind in kinds} for _ in range(3))
    for name, member in members.items():
        kind, (own_ids, _, answers) = name.rsplit("-fold-", 1)[0], runs.validation_rows(member)
        rows = [place[row] for row in own_ids.tolist()]
        once[kind][rows] = answers
        views[kind][rows] = five = np.load(member.path / "shifted.npy", allow_pickle=False)
        looker = classifiers.load(member.path, member.record["files"])
        images = digits.images[rows]
        others = [looker.probabilities(sampled(images, matrix, MIDDLE)) for matrix in FURTHER_VIEWS]
        more[kind][rows] = (5 * five + sum(others)) / (5 + len(others))

    def mean(of: list[str], asked: dict[str, Any], how: ensemble.Mean = "probabilities") -> Any:
        return right_together([asked[one] for one in of], labels, how)

    whole = mean(kinds, once)
    lines = [against(f"{kind} alone", right(once[kind], labels), whole) for kind in kinds]
    lines += [against(f"{kind} alone, five views", right(views[kind], labels), whole) for kind in kinds]
    if len(kinds) > 2:
        lines += [
            against(f"without {kind}", mean([one for one in kinds if one != kind], once), whole) for kind in kinds
        ]
    lines += [
        against("all kinds, mean of probabilities", whole, whole),
        against("all kinds, mean of logits", mean(kinds, once, "logits"), whole),
        against("all kinds, five views", mean(kinds, views), whole),
        against("all kinds, 13 views: also turned, zoomed, slanted, wider, narrower", mean(kinds, more), whole),
        against("as chosen, each fold by the others (nested)", right(nested, labels), whole),
    ]
    return lines


def answer(name: str, data: Path, precision: recipes.Precision) -> Any:
    """What a variant, trained on the other folds, says of the first one's rows."""
    digits, fold_of = first_fold(data)
    if name in PREPARED:
        digits = replace(digits, images=np.stack([PREPARED[name](image) for image in digits.images]))
    out, others = digits.take(np.flatnonzero(fold_of == 0)), digits.take(np.flatnonzero(fold_of != 0))
    with tempfile.TemporaryDirectory() as folder:
        recipe = {**VARIANTS, **CANDIDATES}[name].with_fit(precision=precision)
        fitted = fitting.fit(recipe, others, out, 0, Silence(), Path(folder))
    return fitted.classifier.probabilities(out.images)


def beside_others(run: runs.Run, candidates: dict[str, Any]) -> list[dict[str, Any]]:
    """The mean of the champion's kinds on the first fold, with candidates in the place of one and beside all."""
    names = [name for name in run.record["members"] if name.endswith("-fold-1")]
    asked = {name: runs.validation_rows(runs.find(run.path / name)) for name in names}
    labels = asked[names[0]][1]

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


def main() -> None:
    """Measures, and writes the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("--data", type=Path, default=Path("data"))
    options = parser.parse_args()
    run, here = runs.find(options.run), machine.describe()
    members = [runs.find(run.path / name) for name in run.record["members"]]
    precision = members[0].record["recipe"]["fit"]["precision"]
    digits, fold_of = first_fold(options.data)
    found = train_all([*CANDIDATES, *VARIANTS], options.data, precision)
    labels = digits.known_labels[fold_of == 0]
    baseline = right(found[_BASELINE], labels)
    results = {
        "Against the plain mean of all kinds": of_the_run(run, digits),
        "Others that could be members, on the first fold, against the plain mean of all kinds": beside_others(
            run, {name: found[name] for name in CANDIDATES}
        ),
        f"One ingredient changed, {EPOCHS} epochs, on the first fold, against `{_BASELINE}`": [
            against(name, right(found[name], labels), baseline) for name in VARIANTS
        ],
    }
    machine.save("ingredients", {"machine": here, "results": results}, table(results, machine.sentence(here)))


if __name__ == "__main__":
    main()

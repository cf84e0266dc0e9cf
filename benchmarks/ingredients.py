"""What each ingredient of `champion` and `strong` brings, one by one, on rows that were not learned.

    python benchmarks/ingredients.py RUN [OTHER ...] [--data data] [--only NAME ...]

RUN is a run folder of `kaggle-digits train champion`; OTHER are those of recipes in five folds, which could be members.
From their models alone: every kind by itself, all kinds together, without each, what is averaged, one view or five;
and each other beside all. Then networks are trained without the first fold and judged on its rows: `strong` with one
ingredient changed, as many as `--only` names, or all. Writes results/ingredients.json and .md; what is not measured
again is kept.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import machine
import numpy as np

from kaggle_digits import classifiers, evaluation, recipes, runs, sources
from kaggle_digits.backend import load_keras
from kaggle_digits.classifiers import ensemble, networks
from kaggle_digits.digits import folds
from kaggle_digits.recipes import Recipe
from kaggle_digits.runs import Listener, rows

Values = dict[str, Any]

_BASELINE = "strong as it is"
VARIANTS: dict[str, Values] = {
    _BASELINE: {},
    "no elastic distortion": {"elastic": 0},
    "wilder distortion": {"rotation": 12, "shift": 2.5, "zoom": 0.15, "shear": 0.15, "elastic": 1.0},
    "no label smoothing": {"label_smoothing": 0},
    "a third wider": {"width": 32},
    "images standardised one by one": {"standardised": True},
    "dropout before the last layer": {"dropout": 0.4},
    "Muon in place of Adam": {"muon": 2e-2},
    "Muon, wilder distortion": {
        "muon": 2e-2,
        "rotation": 12,
        "shift": 2.5,
        "zoom": 0.15,
        "shear": 0.15,
        "elastic": 1.0,
    },
    "Muon, half the epochs": {"muon": 2e-2, "epochs": 6},
}
"""Values of `strong`, and of `varied`."""

OTHERS: dict[str, tuple[str, Values]] = {
    "`deep-resnet`, a quarter as wide": ("deep-resnet", {"width": 32}),
    "`mlp-strong`": ("mlp-strong", {}),
}
"""Recipes with other values, to be seen beside `strong`."""

_TRAINED = (*VARIANTS, *OTHERS)


def varied(
    image_shape: tuple[int, int],
    classes: int,
    width: int = 24,
    muon: float = 0.0,
    standardised: bool = False,
    dropout: float = 0.0,
) -> Any:
    """The network of `strong`, with what it has not: another optimizer, with that rate; a layer before or after."""
    keras = load_keras()
    strong = recipes.load("strong").with_values({"width": width}).model(image_shape, classes)
    outputs, inputs = strong.output, strong.input
    if dropout:
        before = strong.layers[-2].output
        outputs = strong.layers[-1](keras.layers.Dropout(dropout)(before))
    network = keras.Model(inputs, outputs)
    if standardised:
        images = keras.Input((*image_shape, 1))
        normalised = keras.layers.LayerNormalization(axis=(1, 2, 3), center=False, scale=False)(images)
        network = keras.Model(images, network(normalised))
    if muon:
        loss = networks.build(recipes.load("strong"), image_shape, classes, compile=True).loss
        network.compile(optimizer=_muon(keras, muon), loss=loss, metrics=["accuracy"])
    return network


def _muon(keras: Any, rate: float) -> Any:
    """Keras's Muon, which leaves convolutions to Adam, for them too: kernels as matrices, a column an output.

    Source: K. Jordan et al., Muon: An optimizer for hidden layers in neural networks, 2024.
    """
    ops = keras.ops

    class Muon(keras.optimizers.Muon):  # type: ignore[misc]  # Keras has no types
        def _should_use_adamw(self, variable: Any) -> bool:
            return len(variable.shape) not in (2, 4) or variable.shape[-1] == 10

        def _muon_update_step(self, gradient: Any, variable: Any, lr: Any, m: Any) -> None:
            self.assign_add(m, ops.add(gradient, m * (self.momentum - 1)))
            matrix = ops.reshape(ops.add(gradient, self.momentum * m), (-1, variable.shape[-1]))
            step = lr * self.lr_adjust(self.zeropower_via_newtonschulz5(matrix, self.ns_steps))
            self.assign_sub(variable, ops.reshape(step, variable.shape))

    return Muon(rate, weight_decay=None, adam_weight_decay=None, adam_lr_ratio=0.5)


def recipe(name: str) -> Recipe:
    """A variant, or another recipe, by its name."""
    if name in OTHERS:
        other, values = OTHERS[name]
        return recipes.load(other).with_values(values)
    values = VARIANTS[name]
    found = recipes.from_function(varied, fit=recipes.load("strong").fit)
    if "muon" in values:
        values = {"learning_rate": values["muon"], **values}
    return found.with_values(values)


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
        if "fold-" not in name:
            continue  # learned all rows, and can judge none
        kind, (own_ids, _, answers) = member.record.recipe.name, rows.validation(member.path)
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


def answer(name: str, data: Path, precision: recipes.Precision) -> Values:
    """What a variant, trained on the other folds, gets wrong of the first one's rows, with one view and five."""
    source = sources.load(data)
    digits, unlabelled = source.train, source.test.images if source.test else None
    fold_of = folds(digits, 5)  # as `train --folds 5` deals them
    out, others = digits.take(np.flatnonzero(fold_of == 0)), digits.take(np.flatnonzero(fold_of != 0))
    with tempfile.TemporaryDirectory() as folder:
        asked = recipe(name).with_values({"precision": precision})
        fitted = classifiers.fit(asked, others, out, 0, Listener(), Path(folder), unlabelled)

    def wrong(asked: classifiers.Classifier) -> list[int]:
        found: list[int] = np.flatnonzero(~right(asked.probabilities(out.images), out.known_labels)).tolist()
        return found

    return {
        "rows": len(out),
        "once": wrong(fitted.classifier),
        "views": wrong(ensemble.Augmented(fitted.classifier)),
        "seconds": sum(epoch.seconds for epoch in fitted.history),
    }


def beside(run: runs.Run, others: list[runs.Run]) -> list[dict[str, Any]]:
    """Further kinds, trained in the same folds, alone and beside all of the run's, with five views."""
    _, labels, _ = rows.validation(run.path)
    known = of_the_kinds(run)[1]
    whole = right_together([*known.values()], labels)
    lines = [against("all kinds, five views", whole, whole)]
    for name, views in [kind for other in others for kind in of_the_kinds(other)[1].items() if kind[0] not in known]:
        lines += [
            against(f"{name} alone", right(views, labels), whole),
            against(f"{name} beside all", right_together([*known.values(), views], labels), whole),
        ]
        lines += [
            against(f"{name} in the place of {old}", right_together([*kept, views], labels), whole)
            for old in known
            if (kept := [one for kind, one in known.items() if kind != old])
        ]
    return lines


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


def lines_of(variants: Values) -> list[dict[str, Any]]:
    """A line a variant that was trained, against `strong` as it is, with five views."""

    def right_rows(one: Values) -> Any:
        return ~np.isin(np.arange(one["rows"]), one["views"])

    baseline = right_rows(variants[_BASELINE])
    return [
        against(
            f"{name}: {len(one['once'])} wrong with one view, {len(one['views'])} with five; {one['seconds']:.0f} s",
            right_rows(one),
            baseline,
        )
        for name, one in ((name, variants[name]) for name in _TRAINED if name in variants)
    ]


def main() -> None:
    """Measures, and writes the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="*")
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--only", nargs="*", choices=_TRAINED, metavar="NAME")
    parser.add_argument("--precision", default="auto", choices=("auto", "float32", "bfloat16"))
    options = parser.parse_args()
    here, document = machine.describe(), machine.kept("ingredients")
    results, variants = document.get("results", {}), document.get("variants", {})
    if options.runs:
        first, *others = map(runs.find, options.runs)
        results["Against the plain mean of all kinds"] = of_the_run(first)
        results["Others that could be members, with five views"] = beside(first, others)
    for name in _TRAINED if options.only is None else options.only:
        variants[name] = answer(name, options.data, options.precision)
        print(name, variants[name], flush=True)
        results["`strong` with one ingredient changed, five views, on the first fold"] = lines_of(variants)
        save(here, results, variants)
    save(here, results, variants)


def save(here: Values, results: Values, variants: Values) -> None:
    """Writes what is known so far."""
    document = {"machine": here, "results": results, "variants": variants}
    machine.save("ingredients", document, table(results, machine.sentence(here)))


if __name__ == "__main__":
    main()

"""What each ingredient of `champion` brings, one by one, on rows that were not learned.

    python benchmarks/ingredients.py RUN [--data data] [VARIANT ...]

RUN is a run folder of `kaggle-digits train champion`. From its members alone: every kind by itself, all kinds
together, without each, what is averaged, one view or five. Then a kind is trained on the first fold with one
ingredient changed, or put in the place of another, and compared with the member of the run on the same rows;
variants that are in results/ingredients.json already are not trained again. Writes results/ingredients.json and .md.
"""

import argparse
import itertools
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import machine
import numpy as np

from kaggle_digits import evaluation, recipes, runs, sources
from kaggle_digits.architectures import Convolutional
from kaggle_digits.classifiers import ensemble, fitting
from kaggle_digits.classifiers.protocol import Silence
from kaggle_digits.digits import folds
from kaggle_digits.recipes import Distortions, Recipe

_WILD = Distortions(rotation=15, shift=2.5, zoom=0.15, shear=0.2, elastic=1.2)


def changed(kind: str, model: dict[str, Any] | None = None, **fit: Any) -> tuple[str, Recipe]:
    """A kind of the champion's, with other values for some fields of its model and fit."""
    [recipe] = [one for one in recipes.get("champion").model.recipes if one.name == kind]
    return kind, replace(recipe, model=replace(recipe.model, **model or {}), fit=replace(recipe.fit, **fit))


def network(**fields: Any) -> Convolutional:
    """A network without batch normalisation and without padding, as all of the champion's are."""
    return Convolutional(**{"batch_normalization": False, "padding": "valid", **fields})


VARIANTS: dict[str, tuple[str, Recipe]] = {
    "no distortion": changed("large-filters", distortions=None),
    "no elastic distortion": changed("large-filters", distortions=replace(recipes._STRONG, elastic=0.0)),
    "wilder distortion": changed("large-filters", distortions=_WILD),
    "no label smoothing": changed("large-filters", label_smoothing=0.0),
    "no dropout": changed("large-filters", {"dense_dropout": 0.0}),
    "a constant rate, no one-cycle": changed("large-filters", schedule="constant", learning_rate=1e-3),
    "half the epochs": changed("large-filters", epochs=10),
}


def right(probabilities: Any, labels: Any) -> Any:
    """Which rows are labelled rightly."""
    return probabilities.argmax(axis=1) == labels


def against(name: str, new: Any, old: Any) -> dict[str, Any]:
    """A line of the table: accuracy, interval, and McNemar's test against what it is compared with."""
    found = evaluation.compare(new, old)
    return {
        "name": name,
        "rows": found.rows,
        "accuracy": found.accuracies[0],
        "interval": evaluation.wilson_interval(int(new.sum()), found.rows),
        "only_it": found.only_first_right,
        "only_the_other": found.only_second_right,
        "p": found.p_value,
    }


def of_the_run(run: runs.Run) -> list[dict[str, Any]]:
    """What can be told from the members' answers: kinds, means, views."""
    members = {name: runs.find(run.path / name) for name in run.record["members"]}
    kinds = sorted({name.rsplit("-fold-", 1)[0] for name in members})
    ids, labels, nested = runs.validation_rows(run)
    place = {row: number for number, row in enumerate(ids.tolist())}
    once, views = ({kind: np.zeros_like(nested) for kind in kinds} for _ in range(2))
    for name, member in members.items():
        own_ids, _, answers = runs.validation_rows(member)
        rows = [place[row] for row in own_ids.tolist()]
        once[name.rsplit("-fold-", 1)[0]][rows] = answers
        views[name.rsplit("-fold-", 1)[0]][rows] = np.load(member.path / "shifted.npy", allow_pickle=False)

    def mean(of: list[str], asked: dict[str, Any], kind: ensemble.Mean = "probabilities") -> Any:
        return right(ensemble.mean([asked[one] for one in of], [1.0] * len(of), kind), labels)

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
        against("as chosen, each fold by the others (nested)", right(nested, labels), whole),
    ]
    return lines


def of_a_variant(name: str, run: runs.Run, data: Path) -> dict[str, Any]:
    """A kind trained on the first fold with one ingredient changed, against the run's own member."""
    kind, recipe = VARIANTS[name]
    member = runs.find(run.path / f"{kind}-fold-1")
    digits = sources.load(data).train
    fold_of = folds(digits, run.record["recipe"]["model"]["folds"], 0)
    out, others = digits.take(np.flatnonzero(fold_of == 0)), digits.take(np.flatnonzero(fold_of != 0))
    recipe = recipe.with_fit(precision=member.record["recipe"]["fit"]["precision"])
    with tempfile.TemporaryDirectory() as folder:
        fitted = fitting.fit(recipe, others, out, member.record["seed"], Silence(), Path(folder))
    answers = fitted.classifier.probabilities(out.images)
    _, labels, before = runs.validation_rows(member)
    return {"kind": kind, **against(name, right(answers, labels), right(before, labels))}


def table(kinds: list[dict[str, Any]], variants: list[dict[str, Any]], under: str) -> str:
    """The results as Markdown."""
    head = [
        "| | rows | accuracy | 95 % interval | only it right | only the other | p |",
        "|---|---:|---:|---|---:|---:|---:|",
    ]

    def line(name: str, one: dict[str, Any]) -> str:
        low, high = one["interval"]
        return (
            f"| {name} | {one['rows']:,} | {one['accuracy']:.5f} | {low:.4f} to {high:.4f} | {one['only_it']} "
            f"| {one['only_the_other']} | {one['p']:.2g} |"
        )

    return "\n".join(
        [
            "Against the plain mean of all kinds:",
            "",
            *head,
            *(line(one["name"], one) for one in kinds),
            "",
            "One ingredient changed, against the champion's own member, on the first fold:",
            "",
            *head,
            *(line(f"{one['kind']}: {one['name']}", one) for one in variants),
            "",
            f"Out-of-fold rows of train.csv, one seed; p is McNemar's. {under}.",
        ]
    )


def main() -> None:
    """Measures, and writes the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("variants", nargs="*", default=list(VARIANTS))
    parser.add_argument("--data", type=Path, default=Path("data"))
    options = parser.parse_args()
    run = runs.find(options.run)
    path = machine.RESULTS / "ingredients.json"
    known = {one["name"]: one for one in json.loads(path.read_text())["variants"]} if path.exists() else {}
    here = machine.describe()
    kinds = of_the_run(run)
    for name in itertools.chain([None], options.variants):
        if name is not None and name not in known:
            known[name] = of_a_variant(name, run, options.data)
            print(known[name], flush=True)
        variants = list(known.values())
        document = {"machine": here, "kinds": kinds, "variants": variants}
        machine.save("ingredients", document, table(kinds, variants, machine.sentence(here)))


if __name__ == "__main__":
    main()

"""The rows that every kind of `champion` misreads: how many, what as, and a picture of them.

    python benchmarks/misread.py RUN [--data data] [--all FILE] [--noted IDS]

RUN is a run folder of `kaggle-digits train champion`; each kind judges the rows that its network has not learned, with
five views. `--all` draws every such row into FILE. IDS are the ids of rows whose labels a person called wrong, with
commas: how many of them doubtful.csv, and everybody's misreading, find. Writes results/misread.json, .md and .png, the
last with the few rows that the kinds are surest of.
"""

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

import machine
import numpy as np
from ingredients import of_the_kinds

from kaggle_digits import runs, sources
from kaggle_digits.digits import Digits
from kaggle_digits.evaluation import plots
from kaggle_digits.runs import rows

SHOWN = 16


def by_all(answers: list[Any], labels: Any) -> Any:
    """Numbers of the rows that nobody labels rightly, the surest first."""
    wrong = np.all([one.argmax(axis=1) != labels for one in answers], axis=0)
    sure = np.mean(answers, axis=0).max(axis=1)
    found = np.flatnonzero(wrong)
    return found[np.argsort(-sure[found], kind="stable")]


def draw(digits: Digits, answers: list[Any], chosen: Any, path: Path) -> None:
    """The rows and what the mean of all says of them."""
    title = f"{len(chosen)} rows that every kind misreads, the surest first\nId, actual, predicted and its probability"
    mean = np.mean(answers, axis=0, dtype=np.float32)
    plots.save(plots.gallery(digits, mean, chosen, title, with_ids=True), path)


def table(found: dict[str, Any], under: str) -> str:
    """The results as Markdown."""
    lines = ["| | rows |", "|---|---:|"]
    lines += [f"| misread by {kind}, five views | {count} |" for kind, count in found["each"].items()]
    lines += [f"| misread by all | {found['all']} |", f"| with the same label by all | {found['alike']} |"]
    lines += [f"| of those by all: {pair} | {count} |" for pair, count in found["pairs"].items()]
    lines += [f"| {name} | {count} |" for name, count in found["noted"].items()]
    return "\n".join([*lines, "", f"Of {found['rows']:,} rows of train.csv, out of fold. {under}."])


def main() -> None:
    """Measures, draws, and writes the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--all", type=Path)
    parser.add_argument("--noted", default="", help="ids of rows whose labels a person called wrong")
    options = parser.parse_args()
    run, digits, here = runs.find(options.run), sources.load(options.data).train, machine.describe()
    ids, labels, _ = rows.validation(run.path)
    _, views = of_the_kinds(run)
    answers, digits = [*views.values()], digits.take(np.flatnonzero(np.isin(digits.ids, ids)))
    chosen = by_all(answers, labels)
    draw(digits, answers, chosen[:SHOWN], machine.RESULTS / "misread.png")
    if options.all:
        draw(digits, answers, chosen, options.all)
    said = np.array([one.argmax(axis=1)[chosen] for one in answers])
    pairs = Counter(f"{label} as {first}" for label, first in zip(labels[chosen], said[0], strict=True))
    noted = {int(one) for one in options.noted.split(",") if one}
    doubted = np.loadtxt(run.path / "doubtful.csv", delimiter=",", skiprows=1, usecols=0, dtype=int)
    found = {
        "rows": len(labels),
        "each": {kind: int((one.argmax(axis=1) != labels).sum()) for kind, one in views.items()},
        "all": len(chosen),
        "alike": int((said == said[0]).all(axis=0).sum()),
        "pairs": dict(pairs.most_common(8)),
        "noted": {
            "labels that a person calls wrong": len(noted),
            f"of these, among the {len(doubted)} rows of doubtful.csv": len(noted & set(doubted.tolist())),
            "of these, misread by all": len(noted & set(ids[chosen].tolist())),
        }
        if noted
        else {},
    }
    machine.save("misread", {"machine": here, **found}, table(found, machine.sentence(here)))


if __name__ == "__main__":
    main()

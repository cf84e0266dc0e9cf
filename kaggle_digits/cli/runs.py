"""The command `runs`: what was trained."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from kaggle_digits.cli import console
from kaggle_digits.cli.options import MODELS, SUBMISSIONS, AsJson, Models, Submissions, print_json
from kaggle_digits.runs import Run

EXAMPLE = "runs --compare 20261120-220844-mlp 20261120-221530-cnn"


def runs(
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="RUN RUN", help="Compare two runs row by row, on their common validation rows."),
    ] = None,
    models: Models = MODELS,
    submissions: Submissions = SUBMISSIONS,
    as_json: AsJson = False,
) -> None:
    """List the runs with what came of them, or compare two."""
    from kaggle_digits import runs
    from kaggle_digits.competition import ledger

    if compare is not None:
        _compare(runs.find(compare[0], models), runs.find(compare[1], models), as_json)
        return
    scores = ledger.scores(submissions)
    complete = runs.listing(models)
    unfinished = runs.unfinished(models)
    if as_json:
        print_json(
            [{"run": run.name, "complete": True, "score": scores.get(run.name), **_facts(run)} for run in complete]
            + [{"run": path.name, "complete": False} for path in unfinished]
        )
        return
    header = ["run", "recipe", "data", "validation", "95 % interval", "rows", "seconds", "score"]
    typer.echo(console.table(header, [_row(run, scores.get(run.name)) for run in complete]))
    for path in unfinished:
        if runs.is_in_training(path):
            console.tell(f"in training: {path.name}")
        else:
            console.tell(f"unfinished: {path.name}; to go on: kaggle-digits train --resume {path.name}")


def _facts(run: Run) -> dict[str, Any]:
    record = run.record
    return {
        "recipe": record.recipe.name,
        "data": record.data.name,
        "validation_accuracy": record.validation_accuracy,
        "validation_interval": record.validation_interval,
        "validation_rows": record.validation_rows,
        "seconds": record.seconds,
        "train_seconds": record.train_seconds,
        "seed": record.plan.seed,
        "started": record.started.isoformat(),
        "parameters": record.parameters,
        "changed": record.plan.values,
        "note": record.plan.note,
    }


def _row(run: Run, score: float | None) -> list[str]:
    facts = _facts(run)
    low, high = facts["validation_interval"]
    return [
        run.name,
        facts["recipe"],
        facts["data"],
        f"{facts['validation_accuracy']:.4f}",
        f"{low:.4f} to {high:.4f}",
        f"{facts['validation_rows']:,}",
        f"{facts['seconds']:.1f}",
        "" if score is None else f"{score:.5f}",
    ]


def _compare(first: Run, second: Run, as_json: bool) -> None:
    from kaggle_digits import predictor

    comparison = predictor.compare(first, second)
    if as_json:
        print_json({"runs": [first.name, second.name], **asdict(comparison)})
        return
    counts = comparison.only_first_right, comparison.only_second_right
    rows = [
        [run.name, f"{accuracy:.4f}", str(only)]
        for run, accuracy, only in zip((first, second), comparison.accuracies, counts, strict=True)
    ]
    typer.echo(console.table(["run", "accuracy", "right alone"], rows))
    better = first if counts[0] > counts[1] else second
    verdict = f"{better.name} is better" if comparison.p_value < 0.05 else "the difference may well be chance"
    typer.echo(f"McNemar's exact test on {comparison.rows:,} rows: p = {comparison.p_value:.3g}; {verdict}")

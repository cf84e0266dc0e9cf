"""The commands `runs` and `recipes`: what there is."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kaggle_digits.cli import console
from kaggle_digits.cli.options import MODELS, SUBMISSIONS, AsJson, Models, Submissions, print_json

if TYPE_CHECKING:
    from kaggle_digits.runs import Run


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
    if compare is not None:
        _compare(*compare, models, as_json)
        return
    from kaggle_digits import runs
    from kaggle_digits.competition import ledger

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


def _facts(run: "Run") -> dict[str, Any]:
    record = run.record
    names = ("validation_accuracy", "validation_interval", "validation_rows", "seconds", "train_seconds", "seed")
    facts = {name: record[name] for name in (*names, "started", "parameters")}
    return {"recipe": record["recipe"]["name"], "data": record["data"]["name"], **facts}


def _row(run: "Run", score: float | None) -> list[str]:
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


def _compare(first: str, second: str, models: Any, as_json: bool) -> None:
    from kaggle_digits import predictor, runs

    found = runs.find(first, models), runs.find(second, models)
    comparison = predictor.compare(*found)
    if as_json:
        print_json({"runs": [run.name for run in found], **asdict(comparison)})
        return
    counts = comparison.only_first_right, comparison.only_second_right
    rows = [
        [run.name, f"{accuracy:.4f}", str(only)]
        for run, accuracy, only in zip(found, comparison.accuracies, counts, strict=True)
    ]
    typer.echo(console.table(["run", "accuracy", "right alone"], rows))
    better = found[0] if counts[0] > counts[1] else found[1]
    verdict = f"{better.name} is better" if comparison.p_value < 0.05 else "the difference may well be chance"
    typer.echo(f"McNemar's exact test on {comparison.rows:,} rows: p = {comparison.p_value:.3g}; {verdict}")


def recipes(as_json: AsJson = False) -> None:
    """List the recipes, with what to expect of them."""
    from kaggle_digits.recipes import RECIPES

    if as_json:
        print_json(
            [
                {**recipe.as_json(), "expected": recipe.expected and asdict(recipe.expected)}
                for recipe in RECIPES.values()
            ]
        )
        return
    rows = []
    for name, recipe in RECIPES.items():
        expected = recipe.expected
        if expected is None:
            rows.append([name, "", "", ""])
            continue
        parameters = "" if expected.parameters is None else f"{expected.parameters:,}"
        rows.append([name, parameters, f"{expected.accuracy:.4f}", f"{expected.seconds:.0f} s"])
    lines = console.table(["recipe", "parameters", "accuracy", "training"], rows).splitlines()
    summaries = ["", *(recipe.summary for recipe in RECIPES.values())]
    for line, summary in zip(lines, summaries, strict=True):
        typer.echo(f"{line}  {summary}".rstrip())
    typer.echo(
        "\naccuracy on 6,000 rows of train.csv kept out of training, of mlp-strong and champion out of fold; "
        "seconds of training on two cores"
    )

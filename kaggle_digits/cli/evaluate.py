"""The command `evaluate`: a trained model, evaluated."""

from typing import TYPE_CHECKING, Annotated

import typer

from kaggle_digits.cli import console
from kaggle_digits.cli.options import MODELS, WHICH_RUN, AsJson, Models, SkipBroken, complete_run, print_json

EXAMPLE = "evaluate --data my-digits"

if TYPE_CHECKING:
    from kaggle_digits.evaluation import Report


def evaluate(
    run: Annotated[str | None, typer.Argument(metavar="RUN", help=WHICH_RUN, autocompletion=complete_run)] = None,
    data: Annotated[
        str | None,
        typer.Option(metavar="WHERE", help="Labelled digits, as for train; left out, the run's validation rows."),
    ] = None,
    skip_broken: SkipBroken = False,
    models: Models = MODELS,
    as_json: AsJson = False,
) -> None:
    """Say how good a model is, and where it errs, in numbers and pictures."""
    from kaggle_digits import predictor, runs

    found = runs.find(run, models)
    console.say_which(found)
    evaluated = predictor.evaluate(found, data, skip_broken=skip_broken)
    for note in evaluated.notes:
        console.tell(f"note: {note}")
    if as_json:
        about = {"run": found.name, "data": evaluated.data, "rows_learned": evaluated.rows_learned}
        print_json({**about, **evaluated.report.as_json()})
        return
    console.show(f"{found.name} on {evaluated.data}")
    console.show(_summary(evaluated.report))
    console.show(f"\npictures and report.json are in {evaluated.folder}")


def _summary(report: "Report") -> str:
    low, high = report.interval
    lines = [
        f"accuracy           {report.accuracy:.4f} of {report.rows:,} rows, 95 % interval {low:.4f} to {high:.4f}",
        f"top-2 accuracy     {report.top_2_accuracy:.4f}",
        f"loss               {report.loss:.4f} nats",
        f"calibration error  {report.calibration_error:.4f}",
        "",
    ]
    named = [(str(label), scores) for label, scores in report.labels.items()]
    rows = [
        [name, f"{s.precision:.4f}", f"{s.recall:.4f}", f"{s.f1:.4f}", f"{s.support:,}"]
        for name, s in [*named, ("macro", report.macro), ("weighted", report.weighted)]
    ]
    lines.append(console.table(["label", "precision", "recall", "F1", "rows"], rows))
    confused = ", ".join(f"{a} as {p} ({count})" for a, p, count in report.confused[:6])
    lines += ["", f"most confused      {confused or 'nothing: every row is right'}"]
    return "\n".join(lines)

"""The command `tune`."""

import time
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any

import typer

from kaggle_digits import runs
from kaggle_digits.cli import console
from kaggle_digits.cli.options import DATA, MODELS, AsJson, Models, complete_recipe, print_json
from kaggle_digits.errors import DigitsError
from kaggle_digits.runs import Listener, Plan

EXAMPLE = "tune mlp --budget 10m"

_SHOWN = 5


class Sampler(StrEnum):
    """How values are chosen."""

    tpe = "tpe"
    random = "random"


class _Lines(Listener):
    def note(self, text: str) -> None:
        console.tell(text)


def tune(
    recipe: Annotated[
        str | None,
        typer.Argument(
            metavar="RECIPE|FILE.py", help="What to tune.", show_default="mlp", autocompletion=complete_recipe
        ),
    ] = None,
    trials: Annotated[int | None, typer.Option(min=1, metavar="N", help="Number of trials; the default is 40.")] = None,
    budget: Annotated[str | None, typer.Option(metavar="TIME", help="Finish within this time: 10m, 1h.")] = None,
    data: Annotated[str, typer.Option(metavar="WHERE", help="The digits, as for train.")] = str(DATA),
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Same seed, same search.")] = 0,
    sampler: Annotated[Sampler, typer.Option(help="tpe learns from earlier trials; random does not.")] = Sampler.tpe,
    resume: Annotated[str | None, typer.Option(metavar="STUDY", help="Continue a search.")] = None,
    models: Models = MODELS,
    as_json: AsJson = False,
) -> None:
    """Search for better values of a recipe, on rows that say nothing of the final score."""
    began = time.perf_counter()
    try:
        seconds = None if budget is None else runs.seconds(budget)
    except DigitsError as error:
        raise typer.BadParameter(str(error)) from None
    from kaggle_digits import training

    plan = Plan(recipe, data, seed=seed, budget=seconds)
    study = training.tune(
        plan, trials=trials, sampler=sampler.value, study=resume, models=models, listener=_Lines(), began=began
    )
    if as_json:
        print_json(_document(study))
    else:
        console.show(_report(study))
    if study.interrupted:
        console.tell(f"interrupted; to continue: kaggle-digits tune {recipe or ''} --resume {study.path.name}")
        raise typer.Exit(130)


def _document(study: Any) -> dict[str, Any]:
    best = study.best
    return {
        "study": study.path.name,
        "trials": len(study.trials),
        "best": {"accuracy": best.accuracy, "values": best.values},
        "start": {"accuracy": study.trials[0].accuracy, "values": study.trials[0].values},
        "check": study.check and asdict(study.check),
        "command": study.command,
    }


def _report(study: Any) -> str:
    complete = sorted((one for one in study.trials if one.state == "complete"), key=lambda one: -one.accuracy)
    names = list(study.best.values)
    rows = [
        [str(one.number), f"{one.accuracy:.4f}", f"{one.seconds:.1f}", *(f"{one.values[name]}" for name in names)]
        for one in complete[:_SHOWN]
    ]
    pruned = sum(one.state == "pruned" for one in study.trials)
    lines = [
        f"study       {study.path}: {len(study.trials)} trials, {pruned} of them stopped early",
        "",
        console.table(["trial", "accuracy", "seconds", *names], rows),
        "",
        "These accuracies chose the values, so they flatter them.",
        _verdict(study),
        "",
        "Train the best:",
        f"  {study.command}",
    ]
    return "\n".join(lines)


def _verdict(study: Any) -> str:
    if study.check is None:
        return "There was no time to try the best on rows that had no say: allow a longer --budget."
    start, best = (sum(values) / len(values) for values in (study.check.start, study.check.best))
    gained = study.best.accuracy - (study.trials[0].accuracy or 0.0)
    seeds = len(study.check.start)
    return (
        f"The best gained {gained:+.4f} on the rows that chose it, and {best - start:+.4f} on rows that had no say "
        f"({best:.4f} against {start:.4f}, mean of {seeds} seeds)."
    )

"""The command `train`."""

import shlex
import time
from pathlib import Path
from typing import Annotated, Any, NoReturn

import msgspec
import typer

from kaggle_digits import recipes, runs
from kaggle_digits.cli import console, progress
from kaggle_digits.cli.options import MODELS, SUBMISSIONS, AsJson, Models, Submissions, complete_unfinished
from kaggle_digits.cli.plan_options import SHORTCUTS, with_plan_options
from kaggle_digits.cli.reports.overview import report
from kaggle_digits.errors import DigitsError
from kaggle_digits.runs import Plan

EXAMPLE = "train cnn --epochs 5 --seed 1"

_WHEN_RESUMED = {"recipe", "resume", "models", "submissions", "cluster", "jobs", "as_json"}
_ONLY_HERE = {"also", "data", "skip_broken", "allow_leak", "tensorboard", "budget", "cluster", "jobs"}


@with_plan_options
def train(
    context: typer.Context,
    resume: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="Continue an interrupted training.", autocompletion=complete_unfinished),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Change a value of the recipe; repeatable."),
    ] = None,
    models: Models = MODELS,
    submissions: Submissions = SUBMISSIONS,
    as_json: AsJson = False,
    **options: Any,
) -> None:
    """Train a model; write a run folder and a submission."""
    began = time.perf_counter()
    said = _said(context)
    _check(said, options)
    shortcuts = {name: options.pop(name) for name in SHORTCUTS}
    values = {name: value for name, value in shortcuts.items() if value is not None}
    plan = _plan(options, values | _values(set_ or []))
    with progress.training_display() as listener:
        listener.phase("starting")
        from kaggle_digits import training

        try:
            if resume is None:
                run = training.train(plan, models=models, submissions=submissions, listener=listener, began=began)
            else:
                run = training.resume(
                    resume,
                    recipe=recipes.load(plan.recipe) if plan.recipe else None,
                    models=models,
                    submissions=submissions,
                    listener=listener,
                    jobs=plan.jobs,
                    cluster=plan.cluster,
                )
        except training.Paused as pause:
            _say_how_to_resume(pause.run, plan.recipe)
    report(run, submissions, as_json)
    if run.record.interrupted:
        _say_how_to_resume(run.name, run.record.recipe.file)


def _say_how_to_resume(run: str, recipe: str | None) -> NoReturn:
    own = f" {shlex.quote(recipe)}" if recipe and recipes.is_file(recipe) else ""
    console.tell(f"interrupted; to continue: kaggle-digits train{own} --resume {run}")
    raise typer.Exit(130) from None


def _plan(options: dict[str, Any], values: dict[str, Any]) -> Plan:
    """The options as a plan; what makes no sense is wrong usage."""
    fields: dict[str, Any] = {**options, "values": values}
    if fields["budget"] is not None:
        try:
            fields["budget"] = runs.seconds(fields["budget"])
        except DigitsError as error:
            raise typer.BadParameter(str(error)) from None
    if fields["exclude"]:
        from kaggle_digits.training import audit

        fields["exclude"] = audit.read_ids(Path(fields["exclude"]))
    else:
        fields["exclude"] = ()
    try:
        return msgspec.convert(fields, Plan)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at ")
        name = where.strip("`$.").partition("[")[0].replace("_", "-")
        raise typer.BadParameter(f"{what}. Received: {str(fields.get(name))[:60]}.", param_hint=f"--{name}") from None


def _values(assignments: list[str]) -> dict[str, str]:
    values = {}
    for text in assignments:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise typer.BadParameter(f"--set takes NAME=VALUE, such as --set epochs=3. Received: {text!r}.")
        values[name.strip().replace("-", "_")] = value.strip()
    return values


def _said(context: typer.Context) -> dict[str, str]:
    """The options that were really typed, with how they are spelled."""
    return {
        str(parameter.name): parameter.opts[0]
        for parameter in context.command.params
        if (source := context.get_parameter_source(parameter.name or "")) and source.name == "COMMANDLINE"
    }


def _check(said: dict[str, str], options: dict[str, Any]) -> None:
    """Refuses options that make no sense together, and would be ignored in silence."""
    if "resume" in said:
        for name in sorted(set(said) - _WHEN_RESUMED):
            raise typer.BadParameter(f"{said[name]} cannot be changed when a training is resumed.")
        if options["recipe"] and not recipes.is_file(options["recipe"]):
            raise typer.BadParameter("a resumed training knows its recipe: leave it out.")
        return
    if options["on"] == "kaggle":
        for name in sorted(set(said) & _ONLY_HERE):
            raise typer.BadParameter(f"{said[name]} cannot be used with --on kaggle: leave one of them out.")
    several = options["folds"] is not None or _is_committee(options["recipe"])
    if said.keys() & {"jobs", "cluster"} and not (several or options["refit"] or options["budget"]):
        raise typer.BadParameter("--jobs and --cluster need --folds.")
    if {"jobs", "cluster"} <= said.keys():
        raise typer.BadParameter("--jobs is for this machine, --cluster for others: choose one.")
    if several and "validation" in said:
        raise typer.BadParameter("with --folds every row is held out once: leave --validation out.")


def _is_committee(recipe: str | None) -> bool:
    return recipe is not None and "members" in recipes.outline(recipe).names

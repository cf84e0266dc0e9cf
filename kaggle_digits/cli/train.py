"""The command `train`."""

import inspect
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, get_args, get_origin

import msgspec
import typer

from kaggle_digits import recipes, runs
from kaggle_digits.cli import console
from kaggle_digits.cli.options import MODELS, SUBMISSIONS, AsJson, Models, Submissions
from kaggle_digits.cli.trained import report
from kaggle_digits.errors import DigitsError
from kaggle_digits.recipes import Precision, Schedule
from kaggle_digits.runs import Plan

EXAMPLE = "train cnn --epochs 5 --seed 1"

# Shorter ways to say --set epochs=3 and the like.
_SHORTCUTS: dict[str, tuple[Any, str]] = {
    "epochs": (int, "Passes over the training rows."),
    "batch_size": (int, "Rows a step."),
    "learning_rate": (float, "The highest of the training."),
    "schedule": (Schedule, "How the learning rate goes."),
    "patience": (int, "Stop when so many epochs in a row have not been better in validation."),
    "precision": (Precision, "What to compute in; auto measures which is faster."),
}
_WHEN_RESUMED = {"recipe", "resume", "models", "submissions", "cluster", "jobs", "as_json"}
_ONLY_HERE = {"data", "skip_broken", "allow_leak", "tensorboard", "budget", "cluster", "jobs"}


def train(
    context: typer.Context,
    resume: Annotated[
        str | None, typer.Option(metavar="RUN", help="Go on with a training that was interrupted.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Change a value of the recipe; may be said several times."),
    ] = None,
    models: Models = MODELS,
    submissions: Submissions = SUBMISSIONS,
    as_json: AsJson = False,
    **options: Any,
) -> None:
    """Train a model; leave a run folder with its pictures, and a submission CSV."""
    began = time.perf_counter()
    said = _said(context)
    _check(said, options)
    shortcuts = {name: options.pop(name) for name in _SHORTCUTS}
    values = {name: _plain(value) for name, value in shortcuts.items() if value is not None}
    plan = _plan(options, values | _values(set_ or []))
    from kaggle_digits import training

    try:
        with console.training_display() as listener:
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
    report(run, submissions, time.perf_counter() - began, as_json)
    if run.record.interrupted:
        _say_how_to_resume(run.name, run.record.recipe.file)


def _say_how_to_resume(run: str, recipe: str | None) -> NoReturn:
    own = f" {recipe}" if recipe and recipes.is_file(recipe) else ""
    console.tell(f"interrupted; to go on: kaggle-digits train{own} --resume {run}")
    raise typer.Exit(130) from None


def _plan(options: dict[str, Any], values: dict[str, Any]) -> Plan:
    """The options as a plan; what makes no sense is wrong usage."""
    fields: dict[str, Any] = {name: _plain(value) for name, value in options.items()} | {"values": values}
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
        raise typer.BadParameter(f"{error}") from None


def _values(assignments: list[str]) -> dict[str, str]:
    values = {}
    for text in assignments:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise typer.BadParameter(f"--set takes NAME=VALUE, such as --set epochs=3. Received: {text!r}.")
        values[name.strip().replace("-", "_")] = value.strip()
    return values


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, StrEnum) else value


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
            raise typer.BadParameter(f"{said[name]} cannot be changed by a training that goes on: --resume.")
        if options["recipe"] and not recipes.is_file(options["recipe"]):
            raise typer.BadParameter("a training that goes on knows its recipe: leave it out.")
        return
    if _plain(options["on"]) == "kaggle":
        for name in sorted(set(said) & _ONLY_HERE):
            raise typer.BadParameter(f"{said[name]} is for trainings on this machine: leave it out, or --on kaggle.")
    several = options["folds"] is not None or _is_committee(options["recipe"])
    if said.keys() & {"jobs", "cluster"} and not several and options["budget"] is None:
        raise typer.BadParameter("--jobs and --cluster train several models: they need --folds.")
    if {"jobs", "cluster"} <= said.keys():
        raise typer.BadParameter("--jobs is for this machine, --cluster for others: choose one.")
    if several and "validation" in said:
        raise typer.BadParameter("with --folds every row is held out once: leave --validation out.")


def _is_committee(recipe: str | None) -> bool:
    return recipe is not None and "members" in recipes.outline(recipe).names


def _option(name: str, kind: Any, default: Any, **told: Any) -> inspect.Parameter:
    """A parameter of `train` that Typer makes an option of."""
    option = typer.Argument(metavar="RECIPE", **told) if name == "recipe" else typer.Option(**told)
    if kind is bool:
        option = typer.Option(f"--{name.replace('_', '-')}", **told)
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, option])


def _spelled(kind: Any) -> Any:
    """A type that Typer knows: choices become an enumeration, limits and what else msgspec knows fall away."""
    arguments = [one for one in get_args(kind) if one is not type(None)]
    if get_origin(kind) is Literal:
        return StrEnum("Choice", {str(one): str(one) for one in arguments})
    if get_origin(kind) is Annotated:
        return _spelled(arguments[0])
    return _spelled(arguments[0]) if arguments else kind


def _parameters() -> list[inspect.Parameter]:
    """Those of `train` itself, one for every field of a plan that describes itself, and the shortcuts."""
    own = [one for one in inspect.signature(train).parameters.values() if one.kind is not one.VAR_KEYWORD]
    of_plan = []
    for field in msgspec.structs.fields(Plan):
        if get_origin(field.type) is not Annotated:
            continue
        kind, told = get_args(field.type)
        if told.description is None:
            continue
        spelled = str if field.name in ("budget", "exclude") else _spelled(kind)
        optional = field.default is None or field.name == "exclude"
        default = None if field.name == "exclude" else field.default
        help_ = {"help": told.description, "metavar": (told.extra or {}).get("metavar")}
        of_plan.append(_option(field.name, spelled | None if optional else spelled, default, **help_))
    shortcuts = [
        _option(name, _spelled(kind) | None, None, help=f"{text} The same as --set {name}=...")
        for name, (kind, text) in _SHORTCUTS.items()
    ]
    return [*own[:1], *of_plan, *shortcuts, *own[1:]]


def _with_options(function: Any) -> Any:
    parameters = [one.replace(kind=one.KEYWORD_ONLY) for one in _parameters()]
    function.__signature__ = inspect.Signature(parameters)
    function.__annotations__ = {one.name: one.annotation for one in parameters}
    return function


_with_options(train)

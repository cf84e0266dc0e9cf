"""The fields of a plan as options of a command: a new field is a new option."""

import inspect
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
import typer

from kaggle_digits.cli.options import complete_recipe
from kaggle_digits.recipes import Precision, Schedule
from kaggle_digits.runs import Plan

SHORTCUTS: dict[str, tuple[Any, str]] = {
    "epochs": (int, "Passes over the training rows."),
    "batch_size": (int, "Rows per step."),
    "learning_rate": (float, "The highest learning rate."),
    "schedule": (Schedule, "How the learning rate changes."),
    "patience": (int, "Stop after this many epochs without improvement."),
    "precision": (Precision, "Floating-point precision; auto measures which is faster."),
}
"""Shorter ways to say `--set epochs=3` and the like."""

_TYPED_AS_TEXT = ("budget", "exclude")  # 10m, and the name of a file


def with_plan_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command one option for every field of a plan that describes itself.

    Its first parameter is the context, its last one is `**options`.
    """
    context, *own, _ = inspect.signature(command).parameters.values()
    every = [context, *_of_plan(), *_shortcuts(), *own]
    parameters = [one.replace(kind=one.KEYWORD_ONLY) for one in every]
    vars(command)["__signature__"] = inspect.Signature(parameters)
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    return command


def _of_plan() -> Iterator[inspect.Parameter]:
    for field in msgspec.structs.fields(Plan):
        if get_origin(field.type) is not Annotated:
            continue  # it is no option
        kind, meta = get_args(field.type)
        as_text = field.name in _TYPED_AS_TEXT
        default = None if as_text else field.default
        hint = str if as_text else _plain(kind)
        text, metavar = meta.description, meta.extra["metavar"]
        yield _parameter(field.name, hint | None if default is None else hint, default, text, metavar)


def _shortcuts() -> Iterator[inspect.Parameter]:
    for name, (kind, text) in SHORTCUTS.items():
        metavar, least = {int: ("N", 1), float: ("RATE", None)}.get(kind, (None, None))
        yield _parameter(name, _plain(kind) | None, None, f"{text} The same as --set {name}=...", metavar, least)


def _parameter(
    name: str, hint: Any, default: Any, text: str, metavar: str | None = None, least: int | None = None
) -> inspect.Parameter:
    if name == "recipe":
        option = typer.Argument(metavar="RECIPE|FILE.py", help=text, show_default="mlp", autocompletion=complete_recipe)
    elif hint is bool:
        option = typer.Option(f"--{name.replace('_', '-')}", help=text)
    else:
        option = typer.Option(metavar=metavar, min=least, help=text)
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[hint, option])


def _plain(kind: Any) -> Any:
    """A type that Typer knows, without limits and None."""
    arguments = [one for one in get_args(kind) if one is not type(None)]
    return _plain(arguments[0]) if arguments and get_origin(kind) is not Literal else kind

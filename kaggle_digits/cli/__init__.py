"""The command line: parses, calls the package, prints. Nothing is computed here."""

import errno
import gc
import importlib
import io
import os
import pkgutil
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from kaggle_digits import __version__
from kaggle_digits.cli import console
from kaggle_digits.errors import DigitsError


class _Commands(TyperGroup):
    """Turns what went wrong into one sentence and an exit code, for every command at once; and knows `help`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Takes `help train` for `train --help`."""
        if args[:1] == ["help"]:
            if not args[1:]:
                typer.echo(ctx.get_help())
                raise typer.Exit
            args = [args[1], "--help"]
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Runs the command; see the class."""
        try:
            return super().invoke(ctx)
        except DigitsError as error:
            console.tell(f"error: {error}")
            raise typer.Exit(1) from None
        except OSError as error:
            # What no module has put into words: a name that is too long, a folder that may not be looked into.
            if error.errno == errno.EPIPE:
                raise  # whoever reads our output has had enough; Typer ends quietly
            where = f"{error.filename}: " if error.filename else ""
            console.tell(f"error: {where}{error.strerror or error}. Check its name and permissions.")
            raise typer.Exit(1) from None
        except MemoryError:
            console.tell("error: there is not enough memory. Close other programs, or use fewer rows or --jobs.")
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            console.tell("interrupted")
            raise typer.Exit(130) from None


app = typer.Typer(
    cls=_Commands,
    name="kaggle-digits",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="From Kaggle's Digit Recognizer to a trained model and a scored submission: fetch, train, submit.",
)


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Options before any command."""
    if version:
        typer.echo(__version__)
        raise typer.Exit


def _add_commands() -> None:
    """Every module here that defines a function of its own name is a command, listed in the order of the work."""
    found = [
        importlib.import_module(f"{__name__}.{one.name}") for one in pkgutil.iter_modules(__path__) if not one.ispkg
    ]
    commands = {module.__name__.rpartition(".")[2]: module for module in found if hasattr(module, "EXAMPLE")}
    for name in sorted(commands, key=lambda name: (_ORDER.find(f" {name} ") % 1000, name)):
        app.command(epilog=f"Example: kaggle-digits {commands[name].EXAMPLE}")(getattr(commands[name], name))


_ORDER = " fetch train tune blend evaluate predict submit runs scores recipes export serve notebook doctor "

_add_commands()


def main() -> None:
    """Runs the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # file names may be in bytes that are no text
    # Pictures go into files. A name that Matplotlib does not know would stop it, and Keras, which imports it.
    os.environ.pop("MPLBACKEND", None)
    os.environ["KDIGITS_SPARE_IMPORTS"] = "1"  # see backend.py
    gc.set_threshold(100_000, 20, 50)  # imports make objects, and hardly garbage: a tenth of a short command
    app(prog_name="kaggle-digits")  # also as python -m kaggle_digits; the Tab key knows it by that name

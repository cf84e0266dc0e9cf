"""The command `serve`: a page to draw on and a REST API."""

from typing import Annotated

import typer

from kaggle_digits.cli import console
from kaggle_digits.cli.options import MODELS, WHICH_RUN, Models, complete_run

EXAMPLE = "serve --port 8080"


def serve(
    run: Annotated[str | None, typer.Argument(metavar="RUN", help=WHICH_RUN, autocompletion=complete_run)] = None,
    host: Annotated[
        str, typer.Option(metavar="HOST", help="The address to listen on; 0.0.0.0 is for the whole network.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, metavar="N", help="The port; 0 takes a free one.")] = 8000,
    corrections: Annotated[
        bool | None,
        typer.Option(
            "--corrections/--no-corrections",
            help="Keep corrections made on the page in the folder corrections, and adapt to them.",
            show_default="on, unless --host opens the server to others",
        ),
    ] = None,
    models: Models = MODELS,
) -> None:
    """Open a page to draw digits on, with a REST API.

    Ctrl-C ends it. Only your own machine can use it, unless --host opens it: there is no password and no encryption.
    """
    from kaggle_digits import predictor, serving

    model = predictor.load(run, models)
    console.say_which(model.run)

    def tell(address: str, is_local: bool) -> None:
        console.tell(f"page  {address}\nAPI   {address}/api")
        if not is_local:
            console.tell(
                "warning: every machine that reaches this one can use the server; there is no password and no "
                "encryption. For this machine alone, leave --host out."
            )

    serving.serve(model, host=host, port=port, corrections=corrections, on_ready=tell)

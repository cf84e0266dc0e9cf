"""The command `train`."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kaggle_digits import console, recipes
from kaggle_digits.cli.options import DATA, MODELS, SUBMISSIONS, AsJson, Models, SkipBroken, Submissions, print_json
from kaggle_digits.errors import DigitsError

if TYPE_CHECKING:
    from kaggle_digits.training import Trained
    from kaggle_digits.training.committee import Elsewhere


def train(
    context: typer.Context,
    recipe: Annotated[
        str | None,
        typer.Argument(
            metavar="RECIPE",
            help="Which model; kaggle-digits recipes lists them.",
            show_default=f"{recipes.DEFAULT}; with --budget the one that makes the most of the time",
        ),
    ] = None,
    data: Annotated[
        str,
        typer.Option(
            metavar="WHERE",
            help="A folder with train.csv, a folder of images, a folder with X.npy and y.npy, or the word sklearn: "
            "its bundled digits.",
        ),
    ] = str(DATA),
    epochs: Annotated[int | None, typer.Option(min=1, help="Instead of the recipe's own number.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Instead of the recipe's own.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="The highest one, instead of the recipe's own.")] = None,
    schedule: Annotated[
        recipes.Schedule | None, typer.Option(help="How the learning rate goes, instead of the recipe's own.")
    ] = None,
    patience: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many epochs without a better validation.")
    ] = None,
    precision: Annotated[
        recipes.Precision | None, typer.Option(help="What to compute in, instead of the recipe's own.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Same seed, same machine: same result.")] = 0,
    validation: Annotated[float, typer.Option(metavar="FRACTION", help="Share of the rows held out.")] = 0.1,
    folds: Annotated[
        int | None,
        typer.Option(
            min=2, metavar="K", help="Train a model without each of K parts of the rows; together they predict."
        ),
    ] = None,
    budget: Annotated[
        str | None, typer.Option(metavar="TIME", help="Be done in this time, all in all: 90s, 10m, 1h.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Of a Dask scheduler, whose workers train the folds.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Train so many folds at a time, on this machine.",
            show_default="long trainings: one a core",
        ),
    ] = None,
    exclude: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A CSV with the ids of rows to leave out; see doubtful.csv.")
    ] = None,
    allow_leak: Annotated[
        bool, typer.Option("--allow-leak", help="Train even on data that gives test labels away; the run says so.")
    ] = False,
    resume: Annotated[
        str | None, typer.Option(metavar="RUN", help="Go on with a training that was interrupted.")
    ] = None,
    tensorboard: Annotated[bool, typer.Option("--tensorboard", help="Log to the run folder, for TensorBoard.")] = False,
    skip_broken: SkipBroken = False,
    models: Models = MODELS,
    submissions: Submissions = SUBMISSIONS,
    as_json: AsJson = False,
) -> None:
    """Train a model; leave a run folder with its pictures, and a submission CSV."""
    clock = time.perf_counter()
    if resume is not None:
        _refuse_others(context, {"resume", "models", "submissions", "cluster", "jobs", "as_json"})
    else:
        _refuse_what_folds_need(context, recipe, folds, jobs, cluster)
    allowed_seconds = _allowed_seconds(budget)
    dials = {
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "schedule": schedule,
        "patience": patience,
        "precision": precision,
    }
    chosen = recipes.get(recipe or recipes.DEFAULT).with_fit(**dials)
    from kaggle_digits import sources, training
    from kaggle_digits.training import audit

    if resume is None:
        source = sources.load(data, skip_broken=skip_broken)
        console.tell(f"{source.name}: {len(source.train):,} labelled digits, {len(source.test or ()):,} to label")
        for note in source.notes:
            console.tell(f"{source.name}: {note}")
        if allowed_seconds is not None:
            chosen = _in_time(recipe, allowed_seconds, folds, jobs, clock).with_fit(**dials)
            folds = None  # in the recipe already
        left_out = audit.read_ids(exclude, source.train) if exclude else []
    try:
        with console.training_display() as listener:
            if resume is None:
                trained = training.train(
                    chosen,
                    source,
                    seed=seed,
                    validation=validation,
                    folds=folds,
                    exclude=left_out,
                    allow_leak=allow_leak,
                    models=models,
                    submissions=submissions,
                    listener=listener,
                    elsewhere=_elsewhere(cluster, jobs),
                    tensorboard=tensorboard,
                    skip_broken=skip_broken,
                )
            else:
                trained = training.resume(
                    resume,
                    models=models,
                    submissions=submissions,
                    listener=listener,
                    elsewhere=_elsewhere(cluster, jobs),
                )
    except training.Paused as pause:
        console.tell(f"interrupted; to go on: kaggle-digits train --resume {pause.run}")
        raise typer.Exit(130) from None
    _report(trained, time.perf_counter() - clock, as_json)
    if trained.run.record["interrupted"]:
        console.tell(f"interrupted; to go on: kaggle-digits train --resume {trained.run.name}")
        raise typer.Exit(130)


def _allowed_seconds(budget: str | None) -> float | None:
    if budget is None:
        return None
    from kaggle_digits.training import budget as budgets

    try:
        return budgets.parse(budget)
    except DigitsError as error:
        raise typer.BadParameter(str(error)) from None


def _in_time(name: str | None, seconds: float, folds: int | None, jobs: int | None, began: float) -> recipes.Recipe:
    """The recipe that makes the most of the time, or the one that was named, to be done in time."""
    from kaggle_digits.training import elsewhere
    from kaggle_digits.training.budget import Budget, choose, within

    most = elsewhere.most_at_once()  # which also loads Keras, so that the time for that is counted as spent
    budget = Budget(seconds, time.perf_counter() - began, folds, jobs, most)
    recipe = within(choose(budget) if name is None else recipes.get(name), budget)
    console.tell(f"in {seconds:g} s: {recipe.name}, trained for {budget.for_training:.0f} s")
    return recipe


def _elsewhere(cluster: str | None, jobs: int | None) -> "Elsewhere":
    from functools import partial

    from kaggle_digits.training import elsewhere

    if cluster is not None:
        return partial(elsewhere.on_cluster, cluster)
    return partial(elsewhere.in_processes, jobs)


def _refuse_others(context: typer.Context, allowed: set[str]) -> None:
    """A training that goes on keeps what it began with, so other words beside --resume would be ignored in silence."""
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if parameter.name not in allowed and source is not None and source.name == "COMMANDLINE":
            raise typer.BadParameter(f"{parameter.opts[0]} cannot be changed by a training that goes on: --resume.")


def _refuse_what_folds_need(
    context: typer.Context, recipe: str | None, folds: int | None, jobs: int | None, cluster: str | None
) -> None:
    """Options that would be ignored in silence."""
    in_folds = folds is not None or (recipe is not None and isinstance(recipes.get(recipe).model, recipes.Committee))
    if not in_folds and (jobs is not None or cluster is not None):
        raise typer.BadParameter("--jobs and --cluster train several models: they need --folds.")
    if jobs is not None and cluster is not None:
        raise typer.BadParameter("--jobs is for this machine, --cluster for others: choose one.")
    source = context.get_parameter_source("validation")
    if in_folds and source is not None and source.name == "COMMANDLINE":
        raise typer.BadParameter("with --folds every row is held out once: leave --validation out.")


def _report(trained: "Trained", seconds: float, as_json: bool) -> None:
    record = trained.run.record
    if as_json:
        print_json(
            {
                "run": trained.run.name,
                "recipe": record["recipe"]["name"],
                "validation_accuracy": trained.report.accuracy,
                "seconds": round(seconds, 3),
                "train_seconds": record["train_seconds"],
                "submission": trained.submission and str(trained.submission),
            }
        )
        return
    low, high = trained.report.interval
    typer.echo(f"run         {trained.run.path}")
    kind = "out-of-fold" if "folds" in record else "validation "
    typer.echo(f"{kind} {trained.report.accuracy:.4f} accuracy, 95 % interval {low:.4f} to {high:.4f}")
    if "folds" in record:
        typer.echo(f"folds       {', '.join(f'{accuracy:.4f}' for accuracy in record['folds'])}")
    if "predicted_range" in record:
        low, high = record["predicted_range"]
        typer.echo(f"Kaggle      a score from {low:.4f} to {high:.4f} is to be expected, 95 times in 100")
    if record["contaminated"]:
        typer.echo(f"beware      contaminated: {record['contaminated']}")
    pictures = ", ".join(sorted(path.name for path in trained.run.path.glob("*.png")))
    typer.echo(f"pictures    {pictures}")
    typer.echo(f"submission  {trained.submission or 'none: this data has no test set'}")
    typer.echo(f"seconds     {seconds:.1f}, of which training {record['train_seconds']:.1f}")

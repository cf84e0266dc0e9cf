"""The command `train`."""

import time
from typing import NoReturn

import typer

from kaggle_digits.cli import console
from kaggle_digits.cli.options import DATA, MODELS, SUBMISSIONS, AsJson, Models, SkipBroken, Submissions
from kaggle_digits.cli.train import options, usage
from kaggle_digits.cli.train.machines import Folders, Machine, Wish, go_on, train_here, train_on_kaggle
from kaggle_digits.cli.train.report import report


def train(
    context: typer.Context,
    recipe: options.Name = None,
    data: options.Data = str(DATA),
    epochs: options.Epochs = None,
    batch_size: options.BatchSize = None,
    learning_rate: options.LearningRate = None,
    schedule: options.Schedule = None,
    patience: options.Patience = None,
    precision: options.Precision = None,
    seed: options.Seed = 0,
    validation: options.Validation = 0.1,
    folds: options.Folds = None,
    budget: options.Budget = None,
    on: options.On = options.Where.here,
    cluster: options.Cluster = None,
    jobs: options.Jobs = None,
    exclude: options.Exclude = None,
    allow_leak: options.AllowLeak = False,
    resume: options.Resume = None,
    tensorboard: options.Tensorboard = False,
    skip_broken: SkipBroken = False,
    models: Models = MODELS,
    submissions: Submissions = SUBMISSIONS,
    as_json: AsJson = False,
) -> None:
    """Train a model; leave a run folder with its pictures, and a submission CSV."""
    clock = time.perf_counter()
    usage.check(context)
    seconds = usage.seconds(budget)
    dials = {
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "schedule": schedule,
        "patience": patience,
        "precision": precision,
    }
    wish = Wish(recipe, dials, seed, validation, folds, exclude, data, skip_broken, allow_leak, tensorboard, seconds)
    machine, folders = Machine(cluster, jobs), Folders(models, submissions)
    from kaggle_digits.training import Paused

    try:
        if resume is not None:
            run, submission = go_on(resume, machine, folders)
        elif on is options.Where.kaggle:
            run, submission = train_on_kaggle(wish, folders)
        else:
            run, submission = train_here(wish, machine, folders, clock)
    except Paused as pause:
        _say_how_to_go_on(pause.run)
    report(run, submission, time.perf_counter() - clock, as_json)
    if run.record["interrupted"]:
        _say_how_to_go_on(run.name)


def _say_how_to_go_on(run: str) -> NoReturn:
    console.tell(f"interrupted; to go on: kaggle-digits train --resume {run}")
    raise typer.Exit(130) from None

"""The command `runs`: what was trained."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from kaggle_digits import runs as folders
from kaggle_digits.cli import console
from kaggle_digits.cli.options import MODELS, SUBMISSIONS, AsJson, Models, Submissions, complete_run, print_json
from kaggle_digits.cli.reports import overview
from kaggle_digits.errors import RunError
from kaggle_digits.runs import Run

EXAMPLE = "runs --sort accuracy"

_CURVES = 8


Sort = Literal["accuracy", "score", "seconds", "date"]


def runs(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN",
            help="Which runs: a name or its beginning, a recipe, or best. The default is all.",
            autocompletion=complete_run,
        ),
    ] = None,
    sort: Annotated[Sort | None, typer.Option(help="Best, fastest or oldest first; the default is the oldest.")] = None,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="RUN RUN", help="Compare two runs row by row, on their common validation rows."),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw the runs' curves, and accuracy against seconds: .png, .svg, .pdf."),
    ] = None,
    probabilities: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Write a run's probabilities for its validation rows and the test set."),
    ] = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="Change a run's note.")] = None,
    rename: Annotated[str | None, typer.Option(metavar="NAME", help="Rename a run.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Remove runs and their submissions.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Remove them without asking.")] = False,
    disk: Annotated[bool, typer.Option("--disk", help="Show the disk space of each run.")] = False,
    models: Models = MODELS,
    submissions: Submissions = SUBMISSIONS,
    as_json: AsJson = False,
) -> None:
    """List the runs; show, compare, plot, rename or remove them."""
    names = names or []
    _check(names, compare, {"--probabilities": probabilities, "--note": note, "--rename": rename}, remove, plot)
    if compare is not None:
        _compare(folders.find(compare[0], models), folders.find(compare[1], models), as_json)
        return
    if remove:
        _remove([folders.folder(name, models) for name in names], submissions, yes, as_json)
        return
    chosen = [folders.find(name, models) for name in names]
    if plot is not None:
        _plot(chosen, folders.listing(models), plot)
    elif probabilities is not None:
        _write_probabilities(chosen[0], probabilities)
    else:
        if note is not None:
            chosen = [folders.set_note(chosen[0], note)]
        if rename is not None:
            chosen = [_rename(chosen[0], rename, submissions)]
        _show(chosen, sort, disk, models, submissions, as_json)


def _check(names: list[str], compare: object, of_one: dict[str, object], remove: bool, plot: Path | None) -> None:
    """Refuses what makes no sense together."""
    asked = [option for option, value in of_one.items() if value is not None]
    actions = [*asked, *(["--remove"] if remove else []), *(["--plot"] if plot else [])]
    actions += ["--compare"] if compare else []
    if len(actions) > 1:
        raise typer.BadParameter(f"{' and '.join(actions)}: one at a time.")
    if asked and len(names) != 1:
        raise typer.BadParameter(f"{asked[0]} is for one run: kaggle-digits runs RUN {asked[0]} ...")
    if remove and not names:
        raise typer.BadParameter("name the runs to remove: kaggle-digits runs RUN --remove.")
    if compare and names:
        raise typer.BadParameter("--compare takes two runs: kaggle-digits runs --compare RUN RUN.")
    if plot and plot.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise typer.BadParameter(f"the file's name must end with .png, .svg or .pdf. Received: {plot}.")


def _show(chosen: list[Run], sort: Sort | None, disk: bool, models: Path, submissions: Path, as_json: bool) -> None:
    from kaggle_digits.competition import ledger

    scores = ledger.scores(submissions)
    complete = chosen or folders.listing(models)
    if sort is not None:
        complete = sorted(complete, key=lambda run: _place(run, sort, scores))
    unfinished = [] if chosen else folders.unfinished(models)
    if as_json:
        documents = [overview.document(run, scores.get(run.name)) for run in complete]
        print_json([*documents, *({"run": path.name, "complete": False} for path in unfinished)])
        return
    if chosen:
        pages = [overview.page(run, submissions / f"{run.name}.csv", scores.get(run.name)) for run in complete]
        console.show("\n\n".join(pages))
        return
    if complete:
        console.show(overview.table(complete, scores, disk=disk))
    elif not unfinished:
        _say_what_to_do(models)
    if disk:
        console.tell(f"in all {overview.megabytes(folders.size(models))} in {models}")
    for path in unfinished:
        if folders.is_in_training(path):
            console.tell(f"in training: {path.name}")
        else:
            console.tell(f"unfinished: {path.name}; to continue: kaggle-digits train --resume {path.name}")


def _place(run: Run, sort: Sort, scores: dict[str, float]) -> Any:
    """The smaller, the earlier it comes."""
    record = run.record
    places: dict[Sort, Any] = {
        "accuracy": -record.validation_accuracy,
        "score": -scores.get(run.name, -1.0),
        "seconds": record.seconds,
        "date": record.started,
    }
    return places[sort]


def _say_what_to_do(models: Path) -> None:
    """Where there is no run: where they are, or how to get one."""
    for above in Path.cwd().parents[:2]:
        if folders.listing(above / models):
            console.tell(f"there are no runs in {models} here, but in {above / models}: cd {above}")
            return
    console.tell(
        f"there are no runs in {models} yet. Train one: kaggle-digits train; or, to try it out without Kaggle's data: "
        "kaggle-digits train --data sklearn"
    )


def _rename(run: Run, name: str, submissions: Path) -> Run:
    from kaggle_digits.competition import ledger

    if name == run.name:
        return run
    ledger.check_name(submissions, name)
    renamed = folders.rename(run, name)
    submission = ledger.rename(submissions, run.name, name)
    console.tell(f"{run.name} is now {name}" + (f", and its submission {submission}" if submission else ""))
    for blend in folders.blends_of(renamed):
        console.tell(f"{blend.name}, a blend of it, was updated")
    return renamed


def _remove(paths: list[Path], submissions: Path, yes: bool, as_json: bool) -> None:
    """Says what goes and what needs it, asks where there is somebody to ask, and removes it."""
    from kaggle_digits.competition import ledger

    paths = list(dict.fromkeys(paths))
    files = {path: submissions / f"{path.name}.csv" for path in paths}
    # What was sent is compared with what is sent later.
    doomed = {
        path: file for path, file in files.items() if file.exists() and not ledger.was_sent(submissions, path.name)
    }
    for path in paths:
        what = f", with {doomed[path]}" if path in doomed else ""
        console.tell(f"{path}: {overview.megabytes(folders.size(path))}{what}")
        for text in _needing(path, paths):
            console.tell(f"note: {text}")
        if files[path].exists() and path not in doomed:
            console.tell(f"note: {files[path]} was submitted, and stays")
    if not yes and not console.agrees("Remove it?" if len(paths) == 1 else f"Remove these {len(paths)}?"):
        raise RunError("nothing was removed. To remove without being asked, add --yes.")
    for path in paths:
        folders.remove(path)
        if path in doomed:
            ledger.remove(doomed[path])
        console.tell(f"removed: {path.name}")
    if as_json:
        print_json([{"run": path.name, "removed": True} for path in paths])


def _needing(path: Path, paths: list[Path]) -> list[str]:
    """What cannot do without a run."""
    # A blend whose weight for it is 0 does without.
    blends = [
        run
        for run in folders.listing(path.parent)
        if path.name in run.record.blended and (run.record.members or {}).get(path.name) and run.path not in paths
    ]
    texts = [f"{run.name} is a blend of it and cannot work without it" for run in blends]
    if path in folders.unfinished(path.parent):
        texts.append("it never finished: what it has trained so far will be lost")
    return texts


def _plot(chosen: list[Run], complete: list[Run], path: Path) -> None:
    """Curves of those that were chosen, and accuracy against seconds for all that learned the same data."""
    if not complete:
        raise RunError("there is no complete run to draw. Train one: kaggle-digits train.")
    data = (chosen or complete)[-1].record.data.training_data
    alike = [run for run in complete if run.record.data.training_data == data]
    chosen = chosen or [run for run in alike if folders.history.read_folds(run.path)][-_CURVES:]
    others = [run.name for run in chosen if run.record.data.training_data != data]
    if others:
        raise RunError(f"{', '.join(others)} were trained on other data: their accuracies cannot be compared.")
    from kaggle_digits.evaluation import plots

    every = {run.name: run for run in (*alike, *chosen)}
    figure = plots.compare_runs(
        {name: run.record.seconds for name, run in every.items()},
        {name: run.record.validation_accuracy for name, run in every.items()},
        {run.name: folders.history.read_folds(run.path) for run in chosen},
    )
    plots.save(figure, path)
    console.show(str(path))


def _write_probabilities(run: Run, path: Path) -> None:
    from kaggle_digits import predictor

    written = predictor.write_probabilities(run, path)
    for note in written.notes:
        console.tell(f"note: {note}")
    for file, rows in written.files.items():
        console.show(f"{file}: {rows:,} rows")


def _compare(first: Run, second: Run, as_json: bool) -> None:
    from kaggle_digits import predictor

    comparison = predictor.compare(first, second)
    if as_json:
        facts: dict[str, Any] = asdict(comparison)
        print_json({"runs": [first.name, second.name], **facts})
        return
    counts = comparison.only_first_right, comparison.only_second_right
    rows = [
        [run.name, f"{accuracy:.4f}", str(only)]
        for run, accuracy, only in zip((first, second), comparison.accuracies, counts, strict=True)
    ]
    console.show(console.table(["run", "accuracy", "right alone"], rows))
    better = first if counts[0] > counts[1] else second
    verdict = f"{better.name} is better" if comparison.p_value < 0.05 else "the difference may well be chance"
    console.show(f"McNemar's exact test on {comparison.rows:,} rows: p = {comparison.p_value:.3g}; {verdict}")

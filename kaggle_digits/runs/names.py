"""Runs found by what people call them: a name or its beginning, a path, a recipe's newest, or `best`."""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from kaggle_digits import recipes
from kaggle_digits.errors import RunError
from kaggle_digits.runs import record as records
from kaggle_digits.runs.record import Beginning
from kaggle_digits.runs.run import FOLDER, PLAN, RECORD, Run, listing, read, unfinished

BEST = "best"
"""The word for the run that validated best."""

READER = Path(__file__).parent.parent / "reader"
"""The run folder that comes with the package: a network that benchmarks/reader.py trained on Kaggle's train.csv."""

_SHOWN = 5


def find(run: str | Path | None = None, models: Path = FOLDER, or_reader: bool = False) -> Run:
    """The complete run that is meant; without a word, the newest.

    Args:
        run: a run's name, or a beginning that no other has; its path; a recipe's name, for that recipe's newest; or
            `best`, see there.
        models: the folder of all runs.
        or_reader: whether the reader that comes with the package will do where there is no run, or `reader` is named.

    Raises:
        RunError: there is none, there are several, or it is unfinished; the sentence says how to go on.
    """
    if run is not None and (path := _folder(run, models)) is not None:
        return read(path)
    complete = listing(models)
    if or_reader and READER.is_dir() and (str(run) == READER.name or (run is None and not complete)):
        return read(READER)
    if not complete and run in (None, BEST):
        raise RunError(f"there is no complete run in {models}. Train one: kaggle-digits train.")
    if run is None:
        return complete[-1]
    if str(run) == BEST:
        return best(complete)
    of_recipe = [one for one in complete if one.record.recipe.name == str(run)]
    if of_recipe:
        return of_recipe[-1]
    return read(_beginning_with(str(run), [one.path for one in complete] + unfinished(models), models))


def folder(run: str | Path, models: Path = FOLDER) -> Path:
    """The folder of a run, complete or not, by its name, a beginning that no other has, or its path.

    Raises:
        RunError: there is none, or there are several.
    """
    path, paths = _folder(run, models), [one.path for one in listing(models)] + unfinished(models)
    if path is None and str(run) in {BEST, *recipes.names()} and paths:
        raise RunError(f"{run} is not the name of a run: say which one. The runs there: {_listed(paths)}.")
    return path or _beginning_with(str(run), paths, models)


def resumable(run: str | Path, models: Path = FOLDER) -> Path:
    """As `folder`; a recipe's name means that recipe's newest run that was interrupted.

    Raises:
        RunError: as `folder`.
    """
    left = [one.path for one in listing(models) if one.record.interrupted] + unfinished(models)
    of_recipe = [path for path in left if _recipe(path) == str(run)]
    if of_recipe and _folder(run, models) is None:
        return max(of_recipe, key=lambda path: path.name)
    return folder(run, models)


def best(complete: Sequence[Run]) -> Run:
    """The run that validated best, of those that learned the same data as the newest; of equals, the newest.

    Runs that have learned test rows are passed over where there are others. One is complete at least, oldest first.
    """
    newest = complete[-1].record.data.training_data
    alike = [run for run in complete if run.record.data.training_data == newest]
    honest = [run for run in alike if not run.record.contaminated] or alike
    return max(reversed(honest), key=lambda run: run.record.validation_accuracy)


def _recipe(path: Path) -> str | None:
    try:
        return records.read(path / PLAN, Beginning).recipe.name
    except RunError:
        return None


def _folder(run: str | Path, models: Path) -> Path | None:
    """The folder of exactly this name or path; one that holds no run counts only if it is named by a path."""
    for path in (models / run, Path(run)):
        if any((path / name).is_file() for name in (RECORD, PLAN)) or (path.is_dir() and len(Path(run).parts) > 1):
            return path
    return None


def _beginning_with(text: str, paths: list[Path], models: Path) -> Path:
    found = [path for path in paths if path.name.startswith(text)] if text else []
    if len(found) == 1:
        return found[0]
    if found:
        raise RunError(f"{len(found)} runs in {models} begin with {text}: {_listed(found)}. Give more of the name.")
    if not paths:
        raise RunError(f"there is no run {text} in {models}, where there are none yet. Train one: kaggle-digits train.")
    if text in recipes.names():
        raise RunError(f"there is no run of {text} in {models}. Train one: kaggle-digits train {text}.")
    words = [word for path in paths for word in (path.name, _recipe(path)) if word]
    alike = get_close_matches(text, [*words, BEST], 1)
    hint = f"Did you mean {alike[0]}? " if alike else ""
    raise RunError(f"there is no run {text} in {models}. {hint}The runs there: {_listed(paths)}.")


def _listed(paths: list[Path]) -> str:
    names = sorted(path.name for path in paths)
    which = "" if len(names) <= _SHOWN else f"the newest {_SHOWN} of {len(names)}: "
    return which + ", ".join(names[-_SHOWN:])

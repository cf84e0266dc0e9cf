"""A search for better values of a recipe, by Optuna, on rows that say nothing of the final score.

The rows that `train` holds out have no part in the search: of the others, some are learned and some choose. At the end
the best values and those that the search began with are trained again, with several seeds, and judged on the rows that
`train` holds out: so much of the gain is no luck.
"""

import time
from pathlib import Path

from kaggle_digits import classifiers, recipes, runs, sources
from kaggle_digits.errors import DigitsError
from kaggle_digits.runs import Listener, Plan
from kaggle_digits.training.tuning import space
from kaggle_digits.training.tuning import study as studies
from kaggle_digits.training.tuning.search import Search, load_optuna
from kaggle_digits.training.tuning.study import Sampler, Study, StudyRecord

__all__ = ["Study", "tune"]


def tune(
    plan: Plan,
    *,
    trials: int | None = None,
    sampler: Sampler = "tpe",
    study: str | None = None,
    models: Path = runs.FOLDER,
    listener: Listener | None = None,
    began: float | None = None,
) -> Study:
    """Searches for better values of a recipe.

    Args:
        plan: the recipe, its data and its budget.
        trials: how many to try in all; None is 40, or as many as the budget allows.
        sampler: how values are chosen: by what was good so far, or at random.
        study: the name of a search to go on with, whose plan must be the same.
        models: the folder of all runs, in which the study gets its own.
        listener: is told of every trial.
        began: what `time.perf_counter` said when a budget's time began; None is now.

    Raises:
        DigitsError: Optuna is not installed, or the recipe has nothing to search.
        RunError: there is no such study, or it is about something else.
        DataError: too few rows.
    """
    load_optuna()
    began, listener = time.perf_counter() if began is None else began, listener or Listener()
    recipe = recipes.load(plan.recipe or recipes.DEFAULT).with_values(plan.values)
    if recipe.is_committee:
        raise DigitsError(f"{recipe.name} is a committee: tune its members one by one.")
    source = sources.load(plan.data, image_shape=plan.image_shape, skip_broken=plan.skip_broken)
    digits = source.train if recipe.labels is None else source.train.of_labels(recipe.labels)
    recipe = classifiers.prepare(recipe, digits, int((1 - plan.validation) * len(digits)), plan.values)
    record = StudyRecord(
        plan=plan,
        sampler=sampler,
        sha256=source.sha256,
        recipe_sha256=recipe.file.sha256 if recipe.file else None,
    )
    searched = space.space(recipe)
    path = studies.folder(models, recipe.name, record, study)
    search = Search(path, record, recipe, searched, digits, listener, began)
    return search.run(trials)

"""A search for better values of a recipe, by Optuna, on rows that say nothing of the final score.

The rows that `train` holds out have no part in the search: of the others, some are learned and some choose. At the end
the best values and those that the search began with are trained again, with several seeds, and judged on the rows that
`train` holds out: so much of the gain is no luck.
"""

import csv
import io
import secrets
import shutil
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from kaggle_digits import classifiers, recipes, runs, sources
from kaggle_digits.digits import Digits, split
from kaggle_digits.errors import DigitsError, RunError
from kaggle_digits.files import storage
from kaggle_digits.recipes import Recipe, Value
from kaggle_digits.runs import Epoch, Listener, Plan
from kaggle_digits.training.holding_out import SPLIT_SEED

_STUDY = "study.json"
_JOURNAL = "journal.log"
_TRIALS = "trials.csv"
_CHOOSING, _CHOOSING_SEED = 0.15, 1  # share of the rows that choose, of those that `train` would learn
_SEEDS = 3
_FOR_CHECK = 0.4  # of a budget, at most, for the last check
_MOST_TRIALS = 40  # without a word on trials or time
_LOG_FROM = 10.0  # a range whose end is so many times its beginning is searched on a logarithmic scale


class StudyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """study.json: what a search began with.

    Attributes:
        plan: what every trial trains, but for the values that it tries.
        sampler: how values are chosen.
        sha256: of each file of the data.
        recipe_sha256: of the recipe file of the user's own.
    """

    plan: Plan
    sampler: Literal["tpe", "random"]
    sha256: dict[str, str]
    recipe_sha256: str | None = None


@dataclass(frozen=True)
class Trial:
    """One try.

    Attributes:
        number: from 0, which is the recipe as it was.
        values: that were tried.
        accuracy: on the rows that choose; the last one before it was pruned; None where it failed.
        seconds: that it took.
        state: `complete`, `pruned` or `failed`.
    """

    number: int
    values: dict[str, Any]
    accuracy: float | None
    seconds: float
    state: str


@dataclass(frozen=True)
class Check:
    """The values at the beginning and the best ones, trained anew and judged on rows that had no say.

    Attributes:
        start: the accuracy of each seed with the values at the beginning.
        best: the same with the best values.
    """

    start: list[float]
    best: list[float]


@dataclass(frozen=True)
class Study:
    """A search that came to its end, or was interrupted.

    Attributes:
        path: its folder.
        trials: in their order.
        check: what the gain is worth, or None where there was no time for it.
        interrupted: whether Ctrl-C ended it.
        command: trains the best values.
    """

    path: Path
    trials: list[Trial] = field(repr=False)
    check: Check | None
    interrupted: bool
    command: str

    @property
    def best(self) -> Trial:
        """The trial with the highest accuracy, of those that were trained to their end."""
        return max((one for one in self.trials if one.state == "complete"), key=lambda one: one.accuracy or 0.0)


def tune(
    plan: Plan,
    *,
    trials: int | None = None,
    sampler: Literal["tpe", "random"] = "tpe",
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
    _import_optuna()
    began, listener = time.perf_counter() if began is None else began, listener or Listener()
    recipe = recipes.load(plan.recipe or recipes.DEFAULT).with_values(plan.values)
    if recipe.is_committee:
        raise DigitsError(f"{recipe.name} is a committee: tune its members one by one.")
    source = sources.load(plan.data, image_shape=plan.image_shape, skip_broken=plan.skip_broken)
    digits = source.train if recipe.labels is None else source.train.of_labels(recipe.labels)
    recipe = classifiers.prepare(recipe, digits.image_shape, digits.classes)
    record = StudyRecord(
        plan=plan,
        sampler=sampler,
        sha256=source.sha256,
        recipe_sha256=recipe.file.sha256 if recipe.file else None,
    )
    path = _folder(models, recipe.name, record, study)
    search = _Search(path, record, recipe, _space(recipe), digits, listener, began)
    return search.run(trials)


def _import_optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise DigitsError("Optuna is not installed. Install it: pip install 'kaggle-digits[tune]'.") from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


def _folder(models: Path, recipe: str, record: StudyRecord, study: str | None) -> Path:
    """A new folder with the study's record in it, or that of a study to go on with."""
    if study is None:
        path = models / f"{datetime.now():%Y%m%d-%H%M%S}-{recipe}-study"
        while path.exists():
            path = path.with_name(f"{path.name}-{secrets.token_hex(1)}")
        storage.write_text(path / _STUDY, msgspec.json.format(msgspec.json.encode(record), indent=2).decode() + "\n")
        return path
    path = models / study if (models / study).is_dir() else Path(study)
    try:
        known = msgspec.json.decode(storage.read_text(path / _STUDY, 1 << 20), type=StudyRecord)
    except (OSError, ValueError) as error:
        raise RunError(f"there is no study {study} in {models} ({error}). Begin one: kaggle-digits tune.") from None
    same = msgspec.structs.replace(known, plan=msgspec.structs.replace(known.plan, budget=record.plan.budget))
    if same != record:
        raise RunError(f"{study} began with another recipe, data or values. Begin a new one: kaggle-digits tune.")
    return path


Range = tuple[Any, ...]


def _space(recipe: Recipe) -> dict[str, Range]:
    """What is searched: the recipe's own `search`, else what most often matters of its fit."""
    if recipe.search:
        return {name: _range(recipe, name, tuple(values)) for name, values in recipe.search.items()}
    if recipe.fit is None:
        raise DigitsError(f'{recipe.name} says nothing of what to search. Add search = {{"name": (low, high)}} to it.')
    rate = recipe.fit.learning_rate
    return {"learning_rate": (rate / 4, rate * 4), "weight_decay": (0.0, 0.3), "label_smoothing": (0.0, 0.2)}


def _range(recipe: Recipe, name: str, values: Range) -> Range:
    if _value(recipe, name) is None and name not in recipe.arguments:
        raise DigitsError(
            f"{recipe.name} has no value called {name!r} to search. See: kaggle-digits recipes --copy mlp."
        )
    if len(values) < 2 or (_is_numeric(values) and values[0] >= values[1]):
        raise DigitsError(f"search[{name!r}] must be (low, high), or several choices. Received: {values}.")
    return values


def _is_numeric(values: Range) -> bool:
    return len(values) == 2 and all(isinstance(one, int | float) and not isinstance(one, bool) for one in values)


def _value(recipe: Recipe, name: str) -> Value:
    """What a recipe has for a name before anything is tried."""
    if name in recipe.arguments:
        return recipe.arguments[name]
    found = getattr(recipe.fit, name, None)
    if found is None and recipe.fit is not None:
        found = getattr(recipe.fit.distortions, name, 0.0 if name in recipes.Distortions.__struct_fields__ else None)
    return found


def _suggest(trial: Any, space: dict[str, Range]) -> dict[str, Any]:
    values = {}
    for name, choices in space.items():
        if not _is_numeric(choices):
            values[name] = trial.suggest_categorical(name, list(choices))
            continue
        low, high = choices
        log = low > 0 and high / low >= _LOG_FROM
        if isinstance(low, int) and isinstance(high, int):
            values[name] = trial.suggest_int(name, low, high, log=log)
        else:
            values[name] = float(f"{trial.suggest_float(name, low, high, log=log):.4g}")
    return values


class _TrialListener(Listener):
    """Tells Optuna of every epoch, and ends what is hopeless or out of time."""

    def __init__(self, trial: Any, deadline: float) -> None:
        self._trial, self._deadline = trial, deadline
        self.pruned, self.late, self.accuracy = False, False, 0.0

    def epoch(self, epoch: Epoch) -> None:
        self.accuracy = epoch.val_accuracy
        self._trial.report(epoch.val_accuracy, epoch.epoch)
        self.pruned = self._trial.should_prune()

    def wants_stop(self) -> bool:
        self.late = time.perf_counter() > self._deadline
        return self.pruned or self.late


class _Search:
    """A study at work."""

    def __init__(
        self,
        path: Path,
        record: StudyRecord,
        recipe: Recipe,
        space: dict[str, Range],
        digits: Digits,
        listener: Listener,
        began: float,
    ) -> None:
        self._path, self._plan, self._recipe, self._space = path, record.plan, recipe, space
        self._listener, self._deadline = listener, float("inf")
        if record.plan.budget is not None:
            self._deadline = began + record.plan.budget
        kept, held_out = split(digits, record.plan.validation, SPLIT_SEED)
        self._known, self._fresh = digits.take(kept), digits.take(held_out)
        learned, choosing = split(self._known, _CHOOSING, _CHOOSING_SEED)
        self._learned, self._choosing = self._known.take(learned), self._known.take(choosing)
        self._study = self._open(record)

    def _open(self, record: StudyRecord) -> Any:
        optuna = _import_optuna()
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

        file = str(self._path / _JOURNAL)
        samplers = optuna.samplers
        seed = record.plan.seed
        sampler = samplers.TPESampler(seed=seed) if record.sampler == "tpe" else samplers.RandomSampler(seed=seed)
        study = optuna.create_study(
            storage=JournalStorage(JournalFileBackend(file, lock_obj=JournalFileOpenLock(file))),
            study_name=self._path.name,
            direction="maximize",
            sampler=sampler,
            pruner=optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=1),
            load_if_exists=True,
        )
        start = {name: _value(self._recipe, name) for name in self._space}
        study.enqueue_trial(start, skip_if_exists=True)
        return study

    def run(self, trials: int | None) -> Study:
        most = trials or (_MOST_TRIALS if self._plan.budget is None else 10**6)
        self._listener.note(f"searching {', '.join(self._space)} on {len(self._choosing):,} rows that choose")
        interrupted, check = False, None
        try:
            while len(self._done()) < most and self._has_time():
                self._try()
            if not self._complete():
                raise DigitsError(
                    f"no trial of {self._path.name} came to its end. Give it more time, or mend the recipe."
                )
            check = self._check()
        except KeyboardInterrupt:
            interrupted = True
            if not self._complete():
                shutil.rmtree(self._path, ignore_errors=True)
                raise
        study = Study(self._path, self._done(), check, interrupted, "")
        study = Study(self._path, study.trials, check, interrupted, self._command(study.best.values))
        self._write(study)
        return study

    def _done(self) -> list[Trial]:
        """The trials that ended, as Optuna remembers them."""
        states = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}
        found = [one for one in self._study.get_trials(deepcopy=False) if one.state.name in states]
        return [
            Trial(
                number,
                dict(one.user_attrs.get("values", one.params)),
                one.value if one.value is not None else one.user_attrs.get("accuracy"),
                one.duration.total_seconds() if one.duration else 0.0,
                states[one.state.name],
            )
            for number, one in enumerate(found)
        ]

    def _complete(self) -> list[Trial]:
        return [one for one in self._done() if one.state == "complete"]

    def _full_training(self) -> float:
        """Seconds that a trial takes which is not pruned."""
        return statistics.median([one.seconds for one in self._complete()] or [0.0])

    def _for_check(self, seeds: int) -> float:
        """Seconds that the last check will take; it learns all that the search has known."""
        return 2 * seeds * self._full_training() * len(self._known) / len(self._learned)

    def _seeds(self) -> int:
        """How many seeds the last check has time for."""
        if self._plan.budget is None:
            return _SEEDS
        most = max(self._plan.budget * _FOR_CHECK, 0.0)
        return max((one for one in range(_SEEDS + 1) if self._for_check(one) <= most), default=0)

    def _has_time(self) -> bool:
        left = self._deadline - time.perf_counter()
        return left > self._for_check(self._seeds()) + 0.7 * self._full_training()

    def _try(self) -> None:
        trial = self._study.ask()
        values = _suggest(trial, self._space)
        trial.set_user_attr("values", values)
        deadline = self._deadline - (self._for_check(self._seeds()) if self._complete() else 0.0)
        heard, state = _TrialListener(trial, deadline), None
        try:
            accuracy: float | None = self._accuracy(
                self._recipe.with_values(values), self._learned, self._choosing, self._plan.seed, heard
            )
        except DigitsError as error:
            accuracy, state = None, "FAIL"
            self._listener.note(f"trial {trial.number} failed: {error}")
        except KeyboardInterrupt:
            self._study.tell(trial, state=_state("FAIL"))
            raise
        if heard.pruned or heard.late:
            trial.set_user_attr("accuracy", heard.accuracy)
            accuracy, state = None, "PRUNED" if heard.pruned else "FAIL"
        self._study.tell(trial, accuracy, state=_state(state) if state else None)
        self._tell(trial.number, accuracy, heard)

    def _accuracy(self, recipe: Recipe, learned: Digits, judged: Digits, seed: int, listener: Listener) -> float:
        with tempfile.TemporaryDirectory() as folder:
            fitted = classifiers.fit(recipe, learned, judged, seed, listener, Path(folder))
        right = fitted.classifier.probabilities(judged.images).argmax(axis=1) == judged.known_labels
        return float(right.mean())

    def _tell(self, number: int, accuracy: float | None, heard: _TrialListener) -> None:
        how = f"{accuracy:.4f}" if accuracy is not None else "stopped early" if heard.pruned else "not finished"
        complete, left = self._complete(), self._deadline - time.perf_counter()
        best = max(complete, key=lambda one: one.accuracy or 0.0) if complete else None
        so_far = f"; best {best.accuracy:.4f} ({_spelled(best.values)})" if best else ""
        time_left = f"; {left:.0f} s left" if left < float("inf") else ""
        self._listener.note(f"trial {number}: {how}{so_far}{time_left}")

    def _check(self) -> Check | None:
        """Start and best, trained anew on all that the search has known and judged on rows that it has not."""
        seeds = self._seeds()
        if seeds == 0:
            return None
        best = max(self._complete(), key=lambda one: one.accuracy or 0.0)
        self._listener.note(
            f"the best against the start, {seeds} seeds each, on {len(self._fresh):,} rows that had no say"
        )
        found: dict[str, list[float]] = {"start": [], "best": []}
        for seed in range(self._plan.seed + 1, self._plan.seed + 1 + seeds):
            for name, recipe in (("start", self._recipe), ("best", self._recipe.with_values(best.values))):
                found[name].append(self._accuracy(recipe, self._known, self._fresh, seed, Listener()))
        return Check(**found)

    def _command(self, values: dict[str, Any]) -> str:
        plan = self._plan
        words = ["kaggle-digits", "train", plan.recipe or recipes.DEFAULT]
        if plan.data != Plan().data:
            words += ["--data", plan.data]
        for name, value in {**plan.values, **values}.items():
            words += ["--set", f"{name}={value}"]
        return " ".join(words)

    def _write(self, study: Study) -> None:
        from kaggle_digits.evaluation import plots

        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(["trial", "state", "accuracy", "seconds", *self._space])
        for one in study.trials:
            accuracy = "" if one.accuracy is None else f"{one.accuracy:.6f}"
            row = [one.values.get(name, "") for name in self._space]
            table.writerow([one.number, one.state, accuracy, f"{one.seconds:.2f}", *row])
        storage.write_text(self._path / _TRIALS, text.getvalue())
        complete = [one for one in study.trials if one.state == "complete"]
        accuracies = [one.accuracy or 0.0 for one in complete]
        plots.save(plots.tuning_history(accuracies), self._path / "history.png")
        values = {name: [one.values[name] for one in complete] for name in self._space}
        plots.save(plots.tuning_slices(values, accuracies), self._path / "slices.png")
        importances = _importances(self._study, len(complete))
        if importances:
            plots.save(plots.tuning_importances(importances), self._path / "importances.png")


def _state(name: str) -> Any:
    return getattr(_import_optuna().trial.TrialState, name)


def _importances(study: Any, complete: int) -> dict[str, float]:
    """How much of the accuracies' variance each value explains (fANOVA); nothing where too few trials say so."""
    if complete < 4:
        return {}
    optuna = _import_optuna()
    try:
        return dict(optuna.importance.get_param_importances(study))
    except (ValueError, RuntimeError):  # all trials alike
        return {}


def _spelled(values: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in values.items()
    )

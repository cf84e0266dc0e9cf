"""Trials, one after the other, and the last check of what came of them."""

import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from kaggle_digits import classifiers, extras, recipes
from kaggle_digits.digits import Digits, split
from kaggle_digits.errors import DigitsError
from kaggle_digits.files import storage
from kaggle_digits.recipes import Recipe
from kaggle_digits.runs import Epoch, Listener, Plan
from kaggle_digits.training.tuning.space import Space, start, suggest
from kaggle_digits.training.tuning.study import Check, Study, StudyRecord, Trial, best_first

_JOURNAL = "journal.log"
_TRIALS = "trials.csv"
_CHOOSING, _CHOOSING_SEED = 0.15, 1  # share of the rows that choose, of those that `train` would learn
_SEEDS = 3
_FOR_CHECK = 0.4  # of a budget, at most, for the last check
_MOST_TRIALS = 40  # without a word on trials or time


def load_optuna() -> Any:
    extras.require("tune", "optuna")
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


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


class Search:
    """A study at work."""

    def __init__(
        self,
        path: Path,
        record: StudyRecord,
        recipe: Recipe,
        space: Space,
        digits: Digits,
        listener: Listener,
        began: float,
    ) -> None:
        self._path, self._plan, self._recipe, self._space = path, record.plan, recipe, space
        self._listener, self._deadline = listener, float("inf")
        if record.plan.budget is not None:
            self._deadline = began + record.plan.budget
        kept, held_out = split(digits, record.plan.validation)
        self._known, self._fresh = digits.take(kept), digits.take(held_out)
        learned, choosing = split(self._known, _CHOOSING, _CHOOSING_SEED)
        self._learned, self._choosing = self._known.take(learned), self._known.take(choosing)
        self._study = self._open(record)

    def _open(self, record: StudyRecord) -> Any:
        optuna = load_optuna()
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
        study.enqueue_trial({name: start(self._recipe, name) for name in self._space}, skip_if_exists=True)
        return study

    def run(self, trials: int | None) -> Study:
        most = trials or (_MOST_TRIALS if self._plan.budget is None else 10**6)
        interrupted, check = False, None
        try:
            self._listener.note(f"searching {', '.join(self._space)}, compared on {len(self._choosing):,} rows")
            while len(self._done()) < most and self._has_time():
                self._study.optimize(self._try, n_trials=1, callbacks=[self._tell], catch=(DigitsError, TimeoutError))
            if not self._complete():
                raise DigitsError(f"no trial of {self._path.name} is complete. Allow more time, or correct the recipe.")
            check = self._check()
        except KeyboardInterrupt:
            interrupted = True
            if not self._complete():
                shutil.rmtree(self._path, ignore_errors=True)
                raise
        study = Study(self._path, self._done(), check, interrupted, self._command())
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
        return best_first(self._done())

    @property
    def _best(self) -> Trial:
        return self._complete()[0]

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

    def _try(self, trial: Any) -> float:
        values = suggest(trial, self._space)
        trial.set_user_attr("values", values)
        deadline = self._deadline - (self._for_check(self._seeds()) if self._complete() else 0.0)
        heard, recipe = _TrialListener(trial, deadline), self._recipe.with_values(values)
        try:
            accuracy = self._accuracy(recipe, self._learned, self._choosing, self._plan.seed, heard)
        except DigitsError as error:
            self._listener.note(f"trial {trial.number} failed: {error}")
            raise
        if heard.pruned or heard.late:
            trial.set_user_attr("accuracy", heard.accuracy)
            raise load_optuna().TrialPruned if heard.pruned else TimeoutError
        return accuracy

    def _accuracy(self, recipe: Recipe, learned: Digits, judged: Digits, seed: int, listener: Listener) -> float:
        with tempfile.TemporaryDirectory() as folder:
            fitted = classifiers.fit(recipe, learned, judged, seed, listener, Path(folder))
        answers = fitted.classifier.probabilities(judged.images) if fitted.validation is None else fitted.validation
        return float((answers.argmax(axis=1) == judged.known_labels).mean())

    def _tell(self, _study: Any, trial: Any) -> None:
        pruned = "stopped early" if trial.state.name == "PRUNED" else "not finished"
        how = f"{trial.value:.4f}" if trial.state.name == "COMPLETE" else pruned
        left = max(0.0, self._deadline - time.perf_counter())
        so_far = f"; best {self._best.accuracy:.4f} ({_spelled(self._best.values)})" if self._complete() else ""
        time_left = f"; {left:.0f} s left" if left < float("inf") else ""
        self._listener.note(f"trial {trial.number}: {how}{so_far}{time_left}")

    def _check(self) -> Check | None:
        """Start and best, trained anew on all that the search has known and judged on rows that it has not."""
        seeds = self._seeds()
        if seeds == 0:
            return None
        best = self._best
        self._listener.note(f"the best against the start: {seeds} seeds each, on {len(self._fresh):,} unused rows")
        found: dict[str, list[float]] = {"start": [], "best": []}
        for seed in range(self._plan.seed + 1, self._plan.seed + 1 + seeds):
            for name, recipe in (("start", self._recipe), ("best", self._recipe.with_values(best.values))):
                found[name].append(self._accuracy(recipe, self._known, self._fresh, seed, Listener()))
        return Check(**found)

    def _command(self) -> str:
        plan = self._plan
        words = ["kaggle-digits", "train", plan.recipe or recipes.DEFAULT]
        if plan.data != Plan().data:
            words += ["--data", plan.data]
        for name, value in {**plan.values, **self._best.values}.items():
            words += ["--set", f"{name}={value}"]
        return " ".join(words)

    def _write(self, study: Study) -> None:
        from kaggle_digits.evaluation import plots

        rows = []
        for one in study.trials:
            accuracy = "" if one.accuracy is None else f"{one.accuracy:.6f}"
            values = [one.values.get(name, "") for name in self._space]
            rows.append([one.number, one.state, accuracy, f"{one.seconds:.2f}", *values])
        storage.write_csv(self._path / _TRIALS, ["trial", "state", "accuracy", "seconds", *self._space], rows)
        complete = [one for one in study.trials if one.state == "complete"]
        accuracies = [one.accuracy or 0.0 for one in complete]
        plots.save(plots.tuning_history(accuracies), self._path / "history.png", self._path.name)
        slices = {name: [one.values[name] for one in complete] for name in self._space}
        plots.save(plots.tuning_slices(slices, accuracies), self._path / "slices.png", self._path.name)
        if importances := self._importances(len(complete)):
            plots.save(plots.tuning_importances(importances), self._path / "importances.png", self._path.name)

    def _importances(self, complete: int) -> dict[str, float]:
        """How much of the accuracies' variance each value explains (fANOVA); nothing where too few trials say so."""
        try:
            return dict(load_optuna().importance.get_param_importances(self._study)) if complete >= 4 else {}
        except (ValueError, RuntimeError):  # all trials alike
            return {}


def _spelled(values: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in values.items()
    )

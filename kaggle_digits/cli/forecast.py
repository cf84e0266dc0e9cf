"""How long several trainings will yet take, from what those before them took."""

import threading
from collections.abc import Sequence

from kaggle_digits.runs import Expected

_NEARLY = 0.99  # saving and answering come after the last epoch


class Forecast:
    """Several models, some of which may be trained at the same time. Times are in seconds, by any one clock.

    Args:
        models: all that will be trained.
        at_once: how many at a time.
    """

    def __init__(self, models: Sequence[Expected], at_once: int) -> None:
        self._models = {model.name: model for model in models}
        self._at_once = max(1, at_once)
        self._began: dict[str, float] = {}
        self._shares: dict[str, float] = {}
        self._estimates: dict[str, float] = {}
        self._took: dict[str, float] = {}
        self._lock = threading.Lock()  # each model may have a thread that tells of it

    @property
    def count(self) -> int:
        """How many models there are."""
        return len(self._models)

    @property
    def complete(self) -> int:
        """How many of them are."""
        return len(self._took)

    def begins(self, name: str, now: float) -> None:
        """A model begins; on a cluster, nobody tells before its first epoch is done."""
        with self._lock:
            self._began.setdefault(name, now)

    def reaches(self, name: str, share: float, now: float) -> None:
        """Of a model's epochs, this share is done, 0 to 1."""
        with self._lock:
            self._began.setdefault(name, now)
            self._shares[name] = share
            if share > 0:
                self._estimates[name] = (now - self._began[name]) / share

    def ends(self, name: str, now: float) -> None:
        """A model is complete."""
        with self._lock:
            self._took[name] = now - self._began.get(name, now)

    def share(self, now: float) -> float:
        """How much of the whole is done, 0 to 1."""
        with self._lock:
            costs = self._costs()
            if not costs:
                return 0.0
            return sum(costs[name] * self._done(name, costs[name], now) for name in costs) / sum(costs.values())

    def left(self, now: float) -> float | None:
        """Seconds until all are complete; None as long as nobody can know."""
        with self._lock:
            costs = self._costs()
            if not costs:
                return None
            left = [costs[name] * (1 - self._done(name, costs[name], now)) for name in costs if name not in self._took]
            return sum(left) / min(self._at_once, len(left)) if left else 0.0

    def _done(self, name: str, cost: float, now: float) -> float:
        if name in self._took or name not in self._began:
            return float(name in self._took)
        by_clock = (now - self._began[name]) / cost if cost else 0.0
        return min(_NEARLY, max(by_clock, self._shares.get(name, 0.0)))

    def _costs(self) -> dict[str, float]:
        """What each model takes in all: as others of its kind, else by its own epochs, else as the mean of all."""
        known = {name: cost for name in self._models if (cost := self._cost(name)) is not None}
        if not known:
            return {}
        mean = sum(known.values()) / len(known)
        return {name: max(known.get(name, mean), 1e-9) for name in self._models}

    def _cost(self, name: str) -> float | None:
        if name in self._took:
            return self._took[name]
        model = self._models[name]
        alike = [took for other, took in self._took.items() if self._models[other].kind == model.kind]
        if alike:
            return sum(alike) / len(alike)
        if model.seconds is not None:
            return model.seconds
        estimates = [cost for other, cost in self._estimates.items() if self._models[other].kind == model.kind]
        return sum(estimates) / len(estimates) if estimates else None

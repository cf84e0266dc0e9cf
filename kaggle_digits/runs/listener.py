"""What hears of a training while it goes on."""

from collections.abc import Sequence
from dataclasses import dataclass

from kaggle_digits.runs.history import Epoch


@dataclass(frozen=True)
class Expected:
    """One of several models that are about to be trained.

    Attributes:
        name: what it is called, `strong-fold-2` say.
        kind: of its recipe; models of a kind take about as long.
        epochs: how many it will have; None where the clock ends it, or there are none.
        seconds: that it may train; None where epochs end it, or nobody knows.
    """

    name: str
    kind: str
    epochs: int | None = None
    seconds: float | None = None


class Listener:
    """Hears how a training goes, and may end it early; this one says nothing and lets it run to its end."""

    def note(self, text: str) -> None:
        """Something to tell, in a line: which of many trainings is next, say."""

    def phase(self, text: str) -> None:
        """What goes on until something else is told: loading, drawing; nobody knows how long it takes."""

    def downloaded(self, done: int, total: int | None) -> None:
        """Of what comes home from another machine, so many bytes are here, of so many, if that is known."""

    def several(self, models: Sequence[Expected], at_once: int) -> None:
        """These models will be trained, so many at a time, one or some of them in other processes."""

    def model_begins(self, name: str) -> None:
        """One of several models begins; several threads may tell of theirs at the same time."""

    def model_epoch(self, name: str, epoch: Epoch, epochs: int | None, worker: str = "") -> None:
        """An epoch of one of several models is done in another process, perhaps on another machine."""
        self.note(f"{worker}: {in_words(name, epoch, epochs)}" if worker else in_words(name, epoch, epochs))

    def model_ends(self, name: str) -> None:
        """One of several models is complete."""

    def lasts(self, seconds: float) -> None:
        """The training that begins next is ended by the clock, after so many seconds."""

    def begins(self, epochs: int | None, steps: int) -> None:
        """Training begins: so many epochs (None: until time is up) of so many steps each."""

    def step(self, epoch: int, step: int, loss: float, accuracy: float) -> None:
        """A step is done; epoch and step count from 1, loss and accuracy are means over the epoch so far."""

    def epoch(self, epoch: Epoch) -> None:
        """An epoch is done."""

    def wants_stop(self) -> bool:
        """Asked after each step: whether to validate now and end the training there."""
        return False

    def ends(self) -> None:
        """No more steps will come."""


def in_words(name: str, epoch: Epoch, epochs: int | None) -> str:
    """An epoch of a model as a line."""
    of = "" if epochs is None else f" of {epochs}"
    return f"{name}: epoch {epoch.epoch}{of}, validation accuracy {epoch.val_accuracy:.4f}, {epoch.seconds:.1f} s"

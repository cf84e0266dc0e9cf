"""What hears of a training while it goes on."""

from kaggle_digits.runs.history import Epoch


class Listener:
    """Hears how a training goes, and may end it early; this one says nothing and lets it run to its end."""

    def note(self, text: str) -> None:
        """Something to tell, in a line: which of many trainings is next, say."""

    def downloaded(self, done: int, total: int | None) -> None:
        """Of what comes home from another machine, so many bytes are here, of so many, if that is known."""

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

"""How a training looks on a terminal, and in a log file; and how Ctrl-C ends it well."""

import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from kaggle_digits.cli import console
from kaggle_digits.cli.forecast import Forecast
from kaggle_digits.runs import Epoch, Expected, Listener

_HEADING = "  epoch     loss  accuracy  val loss  val accuracy  seconds"
_WORTH_SAYING = 60.0  # seconds left from which on a log file is told of them
_ALONE = "the training"


class EpochLines(Listener):
    """A listener that writes one line an epoch: for files, pipes and notebooks.

    Attributes:
        stop: set it to end the training after the step at hand.
    """

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._of = ""
        self._before: Any = None
        self._several: Forecast | None = None

    def note(self, text: str) -> None:
        self._say(text)

    def several(self, models: Sequence[Expected], at_once: int) -> None:
        self._several = Forecast(models, at_once) if len(models) > 1 else None

    def model_begins(self, name: str) -> None:
        if self._several:
            self._several.begins(name, time.monotonic())

    def model_ends(self, name: str) -> None:
        """Says how many are done, and how long the others will take."""
        if not self._several:
            return
        self._several.ends(name, time.monotonic())
        left = self._several.left(time.monotonic())
        if left is not None and left >= _WORTH_SAYING:
            self._say(f"{self._several.complete} of {self._several.count} models done, about {in_words(left)} left")

    def begins(self, epochs: int | None, steps: int) -> None:  # noqa: ARG002
        """From now on Ctrl-C asks to stop after the step at hand; a second one stops at once."""
        self._of = "" if epochs is None else f"/{epochs}"
        self._say(_HEADING)
        self._before = signal.signal(signal.SIGINT, self._ask_to_stop)

    def epoch(self, epoch: Epoch) -> None:
        self._say(
            f"{epoch.epoch:4}{self._of:<4} {epoch.loss:7.4f}  {epoch.accuracy:8.4f}  {epoch.val_loss:8.4f}"
            f"  {epoch.val_accuracy:12.4f}  {epoch.seconds:7.1f}"
        )

    def wants_stop(self) -> bool:
        return self.stop.is_set()

    def ends(self) -> None:
        """Ctrl-C is again what it was before."""
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None

    def close(self) -> None:
        """Nothing more will be shown."""
        self.ends()

    def _ask_to_stop(self, *_: object) -> None:
        if self.stop.is_set():
            raise KeyboardInterrupt
        self.stop.set()
        kept = "finished models, and this one's finished epochs," if self._several else "the best epoch so far"
        self._say(f"stopping: {kept} will be kept (Ctrl-C again stops at once)")

    def _say(self, line: str) -> None:
        console.tell(line)


class EpochBar(EpochLines):
    """The same lines, above a bar for all that is to be trained, and the time left: for terminals."""

    def __init__(self) -> None:
        super().__init__()
        from rich.console import Console
        from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
        from rich.text import Text

        class TimeLeft(ProgressColumn):
            def render(self, task: Task) -> Text:
                left = task.fields["forecast"].left(time.monotonic())
                return Text("" if left is None or task.total is None else f"{in_words(left)} left")

        screen = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=max(8, min(40, screen.width - 52))),
            TimeLeft(),
            console=screen,
            transient=True,
        )
        self._forecast, self._name = Forecast([], 1), _ALONE
        self._task = self._progress.add_task("starting", total=None, forecast=self._forecast)
        self._epochs: int | None = None
        self._steps = 0
        self._seconds: float | None = None

    def phase(self, text: str) -> None:
        self._progress.tasks[0].total = None  # by `update`, None would leave it as it was
        self._progress.start()
        # At once: a library that is loaded may keep standard error closed meanwhile.
        self._progress.update(self._task, description=text, completed=0, refresh=True)

    def downloaded(self, done: int, total: int | None) -> None:
        self.phase("downloading")
        self._progress.update(self._task, completed=done, total=total)

    def several(self, models: Sequence[Expected], at_once: int) -> None:
        super().several(models, at_once)
        self._forecast = self._several or Forecast(models, at_once)
        self._progress.update(self._task, forecast=self._forecast)

    def model_begins(self, name: str) -> None:
        super().model_begins(name)
        self._name = name
        self._show(f"{self._counted}{name}", refresh=True)

    def model_epoch(self, name: str, epoch: Epoch, epochs: int | None, worker: str = "") -> None:
        """Many epochs of many models would hide the rest: the bar says what the last one gave."""
        del worker
        self._forecast.reaches(name, epoch.epoch / epochs if epochs else 0.0, time.monotonic())
        self._show(f"{self._counted}{name}, epoch {epoch.epoch}: {epoch.val_accuracy:.4f}")

    def model_ends(self, name: str) -> None:
        super().model_ends(name)
        self._show(f"{self._counted}{name} is done", refresh=True)

    def lasts(self, seconds: float) -> None:
        self._seconds = seconds

    def begins(self, epochs: int | None, steps: int) -> None:
        self._steps, self._epochs = steps, epochs
        if not self._several:
            self._forecast, self._name = Forecast([Expected(_ALONE, "", epochs, self._seconds)], 1), _ALONE
            self._forecast.begins(_ALONE, time.monotonic())
            self._progress.update(self._task, forecast=self._forecast)
        self._seconds = None
        self._progress.start()
        super().begins(epochs, steps)

    def step(self, epoch: int, step: int, loss: float, accuracy: float) -> None:  # noqa: ARG002
        share = (epoch - 1 + step / self._steps) / self._epochs if self._epochs else 0.0
        self._forecast.reaches(self._name, share, time.monotonic())
        self._show(f"{self._counted}epoch {epoch}{self._of}  accuracy {accuracy:.4f}")

    def close(self) -> None:
        """Takes the bar away."""
        super().close()
        self._progress.stop()

    @property
    def _counted(self) -> str:
        return f"{self._forecast.complete}/{self._forecast.count} done  " if self._several else ""

    def _show(self, text: str, *, refresh: bool = False) -> None:
        share = self._forecast.share(time.monotonic())
        self._progress.start()
        self._progress.update(self._task, description=text, total=1.0, completed=share, refresh=refresh)

    def _say(self, line: str) -> None:
        self._progress.console.print(console.clean(line), highlight=False, markup=False)


def in_words(seconds: float) -> str:
    """A time that nobody knows to the second: `40 s`, `12 min`, `2 h 05 min`."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"


@contextmanager
def training_display() -> Iterator[EpochLines]:
    """A listener that fits the terminal."""
    display = EpochBar() if sys.stderr.isatty() else EpochLines()
    try:
        yield display
    finally:
        display.close()

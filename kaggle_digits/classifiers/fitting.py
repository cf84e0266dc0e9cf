"""Networks fitted with Keras, epoch by epoch."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from kaggle_digits import recipes
from kaggle_digits.backend import load_keras, seed_dropout, silenced
from kaggle_digits.classifiers import (
    augmentation,
    checkpoint,
    devices,
    distilling,
    feeding,
    networks,
    neural,
    schedules,
)
from kaggle_digits.classifiers import precision as precisions
from kaggle_digits.classifiers.checkpoint import Progress, validation_key
from kaggle_digits.classifiers.classifier import Fitted
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DigitsError
from kaggle_digits.files import storage
from kaggle_digits.recipes import Fit, Recipe, blaming
from kaggle_digits.runs import Epoch, Listener

_TEACHER = "teacher"  # the folder, in a run's, of the network that it learned from
_SECONDS = "seconds.txt"
_CHANCE, _ENOUGH_STEPS = 1.3, 100


def fit(
    recipe: Recipe,
    train: Digits,
    validation: Digits,
    seed: int,
    listener: Listener,
    folder: Path,
    unlabelled: NDArray[np.uint8] | None = None,
) -> Fitted:
    """Fits a recipe's network.

    With the same seed, data and machine, two calls give the same weights to the last bit; so does a call that goes
    on from the checkpoint which an interrupted one left in the folder.

    A training that comes to its planned end keeps its last weights, so that the validation rows have not chosen
    among epochs and judge honestly. One that is interrupted, or runs out of patience, keeps those of the epoch that
    validated best. One that goes by the clock (`Fit.seconds`) depends on the machine's speed and does not repeat.

    Args:
        recipe: a network and how to fit it.
        train: labelled digits to learn from.
        validation: labelled digits that say how good each epoch was.
        seed: for the first weights, the order of the rows, distortions and dropout.
        listener: hears of every step and epoch, and may stop the training.
        folder: where a checkpoint is kept after every epoch, and looked for at the beginning.
        unlabelled: uint8 `(n, height, width)`, the images to label, for `Fit.unlabelled`.

    Raises:
        DigitsError: the training diverged, or KDIGITS_DEVICES names a device that is not there.
        RunError: the checkpoint in the folder cannot be read.
        StorageError: the folder cannot be written, or the disk is full.
    """
    how = recipe.fit or Fit()
    if how.teacher is not None and how.seconds is not None:
        how = msgspec.structs.replace(how, seconds=how.seconds / 2)  # the other half is its teacher's
    keras = load_keras()
    devices.make_deterministic(keras)
    how = msgspec.structs.replace(how, precision=precisions.choose(keras, how.precision))
    teacher = _teacher(how, train, validation, seed, listener, folder) if how.teacher is not None else None
    if teacher is not None and how.unlabelled and unlabelled is not None:
        # The teacher labels them: what they say here is not asked.
        train = train.followed_by(unlabelled, np.zeros(len(unlabelled), np.int64))
    with silenced():  # Keras seeds TensorFlow too, and so imports it, whatever it computes with
        keras.utils.set_random_seed(seed)
    device = devices.choose(keras)
    with device.scope():
        model = networks.build(recipe, train.image_shape, train.classes, how.precision, compile=True)
    distort = None
    if how.distortions is not None:
        distort = augmentation.distorter(keras, how.distortions, train.image_shape)
    progress = checkpoint.restore(folder, model)
    clock = time.perf_counter() - sum(epoch.seconds for epoch in progress.history)
    callbacks = keras.callbacks.CallbackList(list(how.callbacks), model=model)
    task = _Task(model, device, how, train, validation, seed, listener, distort, teacher, clock, callbacks)
    with blaming(recipe.file):
        interrupted = task.run(progress, folder)
    # A fresh copy carries no optimizer, whose state would make the saved file three times as large.
    fitted = networks.build(recipe, train.image_shape, train.classes)
    fitted.set_weights(progress.best)
    asked = fitted
    if how.precision == "float32":
        model.set_weights(progress.best)
        asked = model  # is traced already, and the copy, which XLA would compile, says the same
    return Fitted(
        classifier=neural.NeuralNetwork(fitted),
        history=progress.history,
        kept=progress.kept,
        interrupted=interrupted,
        precision=how.precision,
        teacher_seconds=teacher.seconds if teacher else 0.0,
        validation=neural.answers(asked, validation.images),
    )


@dataclass(frozen=True)
class _Task:
    """A training at work; `clock` is what `time.perf_counter` said, or would have said, when it began."""

    model: Any
    device: devices.SingleDevice
    how: Fit
    train: Digits
    validation: Digits
    seed: int
    listener: Listener
    distort: augmentation.Distort | None
    teacher: distilling.Teacher | None
    clock: float
    callbacks: Any

    @property
    def steps(self) -> int:
        return max(1, len(self.train) // self.how.batch_size)

    @property
    def own_schedule(self) -> bool:
        """Whether the recipe has compiled its network with a `LearningRateSchedule`, which nobody may set."""
        return isinstance(self.model.optimizer.get_config()["learning_rate"], dict)

    @property
    def time_used(self) -> float:
        """The share of the seconds that are allowed, 0 where there is no limit."""
        return (time.perf_counter() - self.clock) / self.how.seconds if self.how.seconds else 0.0

    def run(self, progress: Progress, folder: Path) -> bool:
        """All epochs that are missing; whether the listener ended them."""
        if self.how.seconds:
            self.listener.lasts(self.how.seconds * max(0.0, 1 - self.time_used))
        self.listener.begins(None if self.how.seconds else self.how.epochs, self.steps)
        self.callbacks.on_train_begin()
        interrupted, over = False, self._is_over(progress.history)
        with checkpoint.saving(folder) as save:
            while not interrupted and not over:
                epoch = self._one_epoch(progress.history)
                interrupted = self.listener.wants_stop()
                # Asked once an epoch: a moment later, the time that is allowed may be up.
                over = self._is_over([*progress.history, epoch])
                last = over and not interrupted and self.how.patience is None
                weights = [weight.copy() for weight in self.model.get_weights()]  # PyTorch's change with it
                progress.add(epoch, weights, last=last)
                self.listener.epoch(epoch)
                self._warn_of_guessing(epoch)
                if not interrupted:
                    # So a checkpoint always stands at the end of a whole epoch, from which a resumed training goes on.
                    save(progress, self.model)
        self.callbacks.on_train_end()
        self.listener.ends()
        return interrupted

    def _is_over(self, history: list[Epoch]) -> bool:
        if not history:
            return False
        patience, best = self.how.patience, max(history, key=validation_key)
        ran_its_course = len(history) >= self.how.epochs or self.time_used >= 1 or self.model.stop_training
        return ran_its_course or (patience is not None and len(history) - best.epoch >= patience)

    def _warn_of_guessing(self, epoch: Epoch) -> None:
        """Where a first epoch of enough steps has left the network where it began."""
        learned = max(epoch.accuracy, epoch.val_accuracy) >= _CHANCE / self.train.classes
        if epoch.epoch == 1 and self.steps >= _ENOUGH_STEPS and not learned:
            self.listener.note(
                f"the network does not learn: an accuracy of {epoch.accuracy:.2f} is what guessing gives. Look at the "
                "learning rate (too high or too low), the activations, and layers that let nothing through"
            )

    def _one_epoch(self, history: list[Epoch]) -> Epoch:
        """Every row once; order and distortions follow from the seed and the epoch's number."""
        began, number, teacher = time.perf_counter(), len(history) + 1, self.teacher
        self.callbacks.on_epoch_begin(number - 1)
        rng = np.random.default_rng((self.seed, teacher.epoch(number) if teacher else number))
        seed_dropout(load_keras(), self.seed, number)
        targets = teacher.targets(number) if teacher else None
        batches = feeding.one_epoch(self.train, self.how.batch_size, self.distort, targets, rng)
        loss, accuracy, rate = self._learn(history, batches)
        val_loss, val_accuracy = self._validate()
        if not math.isfinite(loss + val_loss):
            raise DigitsError(
                f"the training diverged: after epoch {number} the loss is not a number. Use a lower --learning-rate "
                f"than {self.how.learning_rate:g}."
            )
        epoch = Epoch(number, loss, accuracy, val_loss, val_accuracy, rate, time.perf_counter() - began)
        logs = msgspec.structs.asdict(epoch)
        told = ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")
        self.callbacks.on_epoch_end(number - 1, {name: logs[name] for name in told})
        return epoch

    def _learn(self, history: list[Epoch], batches: Iterator[feeding.Batch]) -> tuple[float, float, float]:
        """Learns from one batch after the other until time or listener say stop; mean loss, accuracy, last rate."""
        loss = accuracy = rate = 0.0
        # `fit` would trace the network twice as often, and take a third longer for every step of a small network.
        for step, (images, labels) in enumerate(batches, start=1):
            progress = max(self.time_used, (len(history) + (step - 1) / self.steps) / self.how.epochs)
            if progress >= 1 and step > 1:
                break
            rate = schedules.rate(self.how, history, progress)
            if not self.own_schedule:
                self.model.optimizer.learning_rate = rate
            self.callbacks.on_train_batch_begin(step - 1)
            logs = self.device.train_on_batch(self.model, images, labels)
            loss += (float(logs["loss"]) - loss) / step
            accuracy += (float(logs["accuracy"]) - accuracy) / step
            self.callbacks.on_train_batch_end(step - 1, {"loss": loss, "accuracy": accuracy})
            self.listener.step(len(history) + 1, step, loss, accuracy)
            if self.listener.wants_stop():
                break
        return loss, accuracy, float(self.model.optimizer.learning_rate) if self.own_schedule else rate

    def _validate(self) -> tuple[float, float]:
        """Mean cross-entropy, in nats, and accuracy."""
        probabilities, labels = neural.answers(self.model, self.validation.images), self.validation.known_labels
        of_truth = np.take_along_axis(probabilities, labels[:, None], axis=1)
        # float32 knows no logarithm of a probability that was rounded to 0.
        return float(-np.log(of_truth.clip(1e-7)).mean()), float((probabilities.argmax(axis=1) == labels).mean())


def _teacher(
    how: Fit, train: Digits, validation: Digits, seed: int, listener: Listener, folder: Path
) -> distilling.Teacher:
    """The teacher, which is trained on the same rows unless it is there already, in the pupil's precision."""
    own = folder / _TEACHER
    try:
        recipe = recipes.load_built_in(how.teacher or "")
    except DigitsError as error:
        raise DigitsError(f"the teacher must be a built-in recipe: {error}") from None
    # Whoever asks for one epoch, to have a quick look, does not want to wait for all of the teacher's.
    epochs = how.epochs if how.seconds or recipe.fit is None else min(how.epochs, recipe.fit.epochs)
    recipe = recipe.with_values({"seconds": how.seconds, "epochs": epochs, "precision": how.precision})
    if not (own / neural.FILE).exists():
        listener.note(f"first the teacher: {recipe.name}")
        fitted = fit(recipe, train, validation, seed, listener, own)
        if fitted.interrupted:
            raise KeyboardInterrupt  # its checkpoint stays
        storage.write_text(own / _SECONDS, f"{sum(epoch.seconds for epoch in fitted.history):.3f}\n")
        fitted.classifier.save(own)
        checkpoint.remove(own)
        listener.note(f"now the network that learns from {recipe.name}")
    network = networks.build(recipe, train.image_shape, train.classes, how.precision)
    neural.load_weights(network, own / neural.FILE)
    try:
        seconds = float((own / _SECONDS).read_text())
    except (OSError, ValueError):
        seconds = 0.0
    return distilling.Teacher(neural.NeuralNetwork(network).probabilities, seconds)

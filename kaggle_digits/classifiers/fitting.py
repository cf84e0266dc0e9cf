"""Networks fitted with Keras, epoch by epoch."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

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
    precision,
    schedules,
)
from kaggle_digits.classifiers.checkpoint import validation_key
from kaggle_digits.classifiers.classifier import Fitted
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DigitsError
from kaggle_digits.files import storage
from kaggle_digits.recipes import Fit, Recipe, blaming
from kaggle_digits.runs import Epoch, Listener

TEACHER = "teacher"
"""The folder, in a run's, of the network that it learned from."""

_SECONDS = "seconds.txt"
_CHANCE, _ENOUGH_STEPS = 1.3, 100


def fit(recipe: Recipe, train: Digits, validation: Digits, seed: int, listener: Listener, folder: Path) -> Fitted:
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

    Raises:
        DigitsError: the training diverged, or KDIGITS_DEVICES names a device that is not there.
        RunError: the checkpoint in the folder cannot be read.
        StorageError: the folder cannot be written, or the disk is full.
    """
    how = recipe.fit or Fit()
    if how.teacher is not None and how.seconds is not None:
        how = msgspec.structs.replace(how, seconds=how.seconds / 2)  # the other half is its teacher's
    keras = load_keras()
    _make_gpus_deterministic(keras)
    how = msgspec.structs.replace(how, precision=precision.choose(keras, how.precision))
    teacher = _teacher(how, train, validation, seed, listener, folder) if how.teacher is not None else None
    with silenced():  # Keras seeds TensorFlow too, and so imports it, whatever it computes with
        keras.utils.set_random_seed(seed)
    device = devices.choose(keras)
    with device.scope():
        model = networks.build(recipe, train.image_shape, train.classes, how.precision, compile=True)
        if not model.compiled:
            _compile(keras, model, how)
    distort = None
    if how.distortions is not None:
        distort = augmentation.distorter(keras, how.distortions, train.image_shape)
    steps = max(1, len(train) // how.batch_size)
    progress = checkpoint.restore(folder, model)
    clock = time.perf_counter() - sum(epoch.seconds for epoch in progress.history)
    callbacks = keras.callbacks.CallbackList(list(how.callbacks), model=model)
    task = _Task(model, device, how, train, validation, seed, listener, distort, teacher, steps, clock, callbacks)
    with blaming(recipe.file):
        interrupted = _run(task, progress, folder)
    # A fresh copy carries no optimizer, whose state would make the saved file three times as large.
    fitted = networks.build(recipe, train.image_shape, train.classes)
    fitted.set_weights(progress.best)
    return Fitted(
        classifier=neural.NeuralNetwork(fitted),
        history=progress.history,
        kept=progress.kept,
        interrupted=interrupted,
        precision=how.precision,
        teacher_seconds=teacher.seconds if teacher else 0.0,
    )


@dataclass(frozen=True)
class _Task:
    model: Any
    device: devices.Devices
    how: Fit
    train: Digits
    validation: Digits
    seed: int
    listener: Listener
    distort: augmentation.Distort | None
    teacher: distilling.Teacher | None
    steps: int
    clock: float
    callbacks: Any

    @property
    def own_schedule(self) -> bool:
        """Whether the recipe has compiled its network with a `LearningRateSchedule`, which nobody may set."""
        return isinstance(self.model.optimizer.get_config()["learning_rate"], dict)

    @property
    def time_used(self) -> float:
        """The share of the seconds that are allowed, 0 where there is no limit."""
        return (time.perf_counter() - self.clock) / self.how.seconds if self.how.seconds else 0.0

    def wants_stop(self) -> bool:
        """Whether the user has asked for an end."""
        return self.listener.wants_stop()


def _run(task: _Task, progress: checkpoint.Progress, folder: Path) -> bool:
    """All epochs that are missing; whether the listener ended them."""
    if task.how.seconds:
        task.listener.lasts(task.how.seconds * max(0.0, 1 - task.time_used))
    task.listener.begins(None if task.how.seconds else task.how.epochs, task.steps)
    task.callbacks.on_train_begin()
    interrupted, over = False, _is_over(progress.history, task)
    while not interrupted and not over:
        epoch = _one_epoch(task, progress.history)
        interrupted = task.wants_stop()
        # Asked once an epoch: a moment later, the time that is allowed may be up.
        over = _is_over([*progress.history, epoch], task)
        last = over and not interrupted and task.how.patience is None
        weights = [weight.copy() for weight in task.model.get_weights()]  # PyTorch's go on changing with the network
        progress.add(epoch, weights, last=last)
        task.listener.epoch(epoch)
        if epoch.epoch == 1 and _only_guesses(epoch, task):
            task.listener.note(
                f"the network does not learn: an accuracy of {epoch.accuracy:.2f} is what guessing gives. Look at the "
                "learning rate (too high or too low), the activations, and layers that let nothing through"
            )
        if not interrupted:
            # So a checkpoint always stands at the end of a whole epoch, from which a resumed training goes on.
            checkpoint.save(folder, progress, task.model)
    task.callbacks.on_train_end()
    task.listener.ends()
    return interrupted


def _only_guesses(epoch: Epoch, task: _Task) -> bool:
    """Whether an epoch of enough steps has left the network where it began."""
    chance = _CHANCE / task.train.classes
    return task.steps >= _ENOUGH_STEPS and max(epoch.accuracy, epoch.val_accuracy) < chance


def _one_epoch(task: _Task, history: list[Epoch]) -> Epoch:
    """Every row once; order and distortions follow from the seed and the epoch's number."""
    began, number, model, teacher = time.perf_counter(), len(history) + 1, task.model, task.teacher
    task.callbacks.on_epoch_begin(number - 1)
    rng = np.random.default_rng((task.seed, teacher.epoch(number) if teacher else number))
    seed_dropout(load_keras(), task.seed, number)
    targets = teacher.targets(number) if teacher else None
    batches = feeding.one_epoch(task.train, task.how.batch_size, task.distort, targets, rng)
    loss, accuracy, rate = _train(task, history, batches)
    val_loss, val_accuracy = _validate(model, task.validation)
    if not math.isfinite(loss + val_loss):
        raise DigitsError(
            f"the training diverged: after epoch {number} the loss is not a number. Use a lower --learning-rate than "
            f"{task.how.learning_rate:g}."
        )
    logs = {"loss": loss, "accuracy": accuracy, "val_loss": val_loss, "val_accuracy": val_accuracy}
    task.callbacks.on_epoch_end(number - 1, {**logs, "learning_rate": rate})
    return Epoch(number, loss, accuracy, val_loss, val_accuracy, rate, time.perf_counter() - began)


def _train(task: _Task, history: list[Epoch], batches: Iterator[feeding.Batch]) -> tuple[float, float, float]:
    """Learns from one batch after the other until time or listener say stop; mean loss, accuracy, last rate."""
    loss = accuracy = rate = 0.0
    # `fit` would trace the network twice as often, and take a third longer for every step of a small network.
    for step, (images, labels) in enumerate(batches, start=1):
        progress = max(task.time_used, (len(history) + (step - 1) / task.steps) / task.how.epochs)
        if progress >= 1 and step > 1:
            break
        rate = schedules.rate(task.how, history, progress)
        if not task.own_schedule:
            task.model.optimizer.learning_rate = rate
        task.callbacks.on_train_batch_begin(step - 1)
        logs = task.device.train_on_batch(task.model, images, labels)
        loss += (float(logs["loss"]) - loss) / step
        accuracy += (float(logs["accuracy"]) - accuracy) / step
        task.callbacks.on_train_batch_end(step - 1, {"loss": loss, "accuracy": accuracy})
        task.listener.step(len(history) + 1, step, loss, accuracy)
        if task.wants_stop():
            break
    return loss, accuracy, float(task.model.optimizer.learning_rate) if task.own_schedule else rate


def _validate(model: Any, digits: Digits) -> tuple[float, float]:
    """Mean cross-entropy, in nats, and accuracy."""
    probabilities, labels = neural.answers(model, digits.images), digits.known_labels
    of_truth = np.take_along_axis(probabilities, labels[:, None], axis=1)
    # float32 knows no logarithm of a probability that was rounded to 0.
    return float(-np.log(of_truth.clip(1e-7)).mean()), float((probabilities.argmax(axis=1) == labels).mean())


def _compile(keras: Any, model: Any, how: Fit) -> None:
    model.compile(
        optimizer=keras.optimizers.Adam(how.learning_rate, *how.betas, weight_decay=how.weight_decay or None),
        loss=_loss(keras, how, model.output_shape[-1]),
        metrics=["accuracy"],
        jit_compile=how.jit,
    )


def _loss(keras: Any, how: Fit, outputs: int) -> Any:
    if outputs == 1:
        return keras.losses.BinaryCrossentropy(label_smoothing=how.label_smoothing)
    if how.teacher is not None:
        return distilling.loss(keras.ops)
    if not how.label_smoothing:
        return "sparse_categorical_crossentropy"

    def smoothed(labels: Any, probabilities: Any) -> Any:
        # Keras smooths one-hot labels only.
        one_hot = keras.ops.one_hot(keras.ops.cast(keras.ops.reshape(labels, (-1,)), "int32"), outputs)
        return keras.losses.categorical_crossentropy(one_hot, probabilities, label_smoothing=how.label_smoothing)

    return smoothed


def _teacher(
    how: Fit, train: Digits, validation: Digits, seed: int, listener: Listener, folder: Path
) -> distilling.Teacher:
    """The teacher, which is trained on the same rows unless it is there already, in the pupil's precision."""
    own = folder / TEACHER
    try:
        recipe = recipes.load_built_in(how.teacher or "")
    except DigitsError as error:
        raise DigitsError(f"the teacher must be a built-in recipe: {error}") from None
    # Whoever asks for one epoch, to have a quick look, does not want to wait for all of the teacher's.
    epochs = how.epochs if how.seconds or recipe.fit is None else min(how.epochs, recipe.fit.epochs)
    recipe = recipe.with_values({"seconds": how.seconds, "epochs": epochs, "precision": how.precision})
    if not (own / neural.FILE).exists():
        listener.note(f"first its teacher: {recipe.name}")
        fitted = fit(recipe, train, validation, seed, listener, own)
        if fitted.interrupted:
            raise KeyboardInterrupt  # its checkpoint stays
        seconds = sum(epoch.seconds for epoch in fitted.history)
        storage.write_text(own / _SECONDS, f"{seconds:.3f}\n")
        fitted.classifier.save(own)
        checkpoint.remove(own)
        listener.note("now its pupil")
    network = networks.build(recipe, train.image_shape, train.classes, how.precision)
    neural.load_weights(network, own / neural.FILE)
    return distilling.Teacher(neural.NeuralNetwork(network).probabilities, _seconds_of(own))


def _seconds_of(teacher: Path) -> float:
    """What a teacher's training took; 0 where its folder does not tell, or not rightly."""
    try:
        return float((teacher / _SECONDS).read_text())
    except (OSError, ValueError):
        return 0.0


def _make_gpus_deterministic(keras: Any) -> None:
    """On a CPU, TensorFlow repeats itself to the last bit anyway, and the switch would turn XLA off."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        if tensorflow.config.list_physical_devices("GPU"):
            tensorflow.config.experimental.enable_op_determinism()


def _is_over(history: list[Epoch], task: _Task) -> bool:
    if not history:
        return False
    patience, best = task.how.patience, max(history, key=validation_key)
    ran_its_course = len(history) >= task.how.epochs or task.time_used >= 1 or task.model.stop_training
    return ran_its_course or (patience is not None and len(history) - best.epoch >= patience)

"""Networks fitted with Keras, epoch by epoch."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kaggle_digits import recipes
from kaggle_digits.classifiers import (
    augmentation,
    checkpoint,
    distilling,
    feeding,
    networks,
    neural,
    parallel,
    precision,
    schedules,
)
from kaggle_digits.classifiers.backend import load_keras
from kaggle_digits.classifiers.checkpoint import merit
from kaggle_digits.classifiers.protocol import Epoch, Fitted, Listener
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DigitsError
from kaggle_digits.files import storage
from kaggle_digits.recipes import Fit, Recipe
from kaggle_digits.recipes.architectures import Network

TEACHER = "teacher"
"""The folder, in a run's, of the network that it learned from."""

_SECONDS = "seconds.txt"


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
    how, network = recipe.fit, recipe.model
    if how is None or not isinstance(network, Network):
        raise TypeError(f"{recipe.name} is not a network")
    if how.teacher is not None and how.seconds is not None:
        how = replace(how, seconds=how.seconds / 2)  # the other half is its teacher's
    keras = load_keras()
    _make_gpus_deterministic(keras)
    computing_in = precision.choose(keras, how.precision)
    lessons = None
    if how.teacher is not None:
        lessons = _lessons(replace(how, precision=computing_in), train, validation, seed, listener, folder)
    keras.utils.set_random_seed(seed)
    replicas = parallel.replicas(keras)
    with replicas.scope():
        model = networks.build(network, train.image_shape, train.classes, computing_in)
        _compile(keras, model, how)
    distort = None
    if how.distortions is not None:
        distort = augmentation.distorter(keras, how.distortions, train.image_shape)
    steps = max(1, len(train) // how.batch_size)
    progress = checkpoint.restore(folder, model)
    clock = time.perf_counter() - sum(epoch.seconds for epoch in progress.history)
    task = _Task(model, replicas, how, train, validation, seed, listener, distort, lessons, steps, clock)
    listener.begins(None if how.seconds else how.epochs, steps)
    interrupted, over = False, _is_over(progress.history, task)
    while not interrupted and not over:
        epoch = _one_epoch(task, progress.history)
        interrupted = listener.wants_stop()
        # Asked once an epoch: a moment later, the time that is allowed may be up.
        over = _is_over([*progress.history, epoch], task)
        last = over and not interrupted and how.patience is None
        progress.add(epoch, model.get_weights(), last=last)
        listener.epoch(epoch)
        if not interrupted:
            # So a checkpoint always stands at the end of a whole epoch, from which a resumed training goes on.
            checkpoint.save(folder, progress, model)
    listener.ends()
    # A fresh copy carries no optimizer, whose state would make the saved file three times as large.
    fitted = networks.build(network, train.image_shape, train.classes)
    fitted.set_weights(progress.best)
    taught_in = lessons.seconds if lessons else 0.0
    return Fitted(neural.NeuralNetwork(fitted), progress.history, interrupted, computing_in, taught_in)


@dataclass(frozen=True)
class _Task:
    model: Any
    replicas: parallel.Replicas
    how: Fit
    train: Digits
    validation: Digits
    seed: int
    listener: Listener
    distort: augmentation.Distort | None
    lessons: distilling.Lessons | None
    steps: int
    clock: float

    @property
    def time_used(self) -> float:
        """The share of the seconds that are allowed, 0 where there is no limit."""
        return (time.perf_counter() - self.clock) / self.how.seconds if self.how.seconds else 0.0


def _one_epoch(task: _Task, history: list[Epoch]) -> Epoch:
    """Every row once; order and distortions follow from the seed and the epoch's number."""
    import numpy as np

    began, number, model = time.perf_counter(), len(history) + 1, task.model
    lessons = task.lessons
    rng = np.random.default_rng((task.seed, lessons.number(number) if lessons else number))
    teach = lessons.of(number) if lessons else None
    batches = feeding.one_epoch(task.train, task.how.batch_size, task.distort, teach, rng)
    loss, accuracy, rate = _learn(task, history, batches)
    val_loss, val_accuracy = _judge(model, task.validation)
    if not math.isfinite(loss + val_loss):
        raise DigitsError(
            f"the training diverged: after epoch {number} the loss is not a number. Use a lower --learning-rate than "
            f"{task.how.learning_rate:g}."
        )
    return Epoch(number, loss, accuracy, val_loss, val_accuracy, rate, time.perf_counter() - began)


def _learn(task: _Task, history: list[Epoch], batches: Iterator[feeding.Batch]) -> tuple[float, float, float]:
    """Learns from one batch after the other until time or listener say stop; mean loss, accuracy, last rate."""
    loss = accuracy = rate = 0.0
    # `fit` would trace the network twice as often, and take a third longer for every step of a small network.
    for step, (images, labels) in enumerate(batches, start=1):
        progress = max(task.time_used, (len(history) + (step - 1) / task.steps) / task.how.epochs)
        if progress >= 1 and step > 1:
            break
        rate = schedules.rate(task.how, history, progress)
        task.model.optimizer.learning_rate = rate
        logs = task.replicas.learn(task.model, images, labels)
        loss += (float(logs["loss"]) - loss) / step
        accuracy += (float(logs["accuracy"]) - accuracy) / step
        task.listener.step(len(history) + 1, step, loss, accuracy)
        if task.listener.wants_stop():
            break
    return loss, accuracy, rate


def _judge(model: Any, digits: Digits) -> tuple[float, float]:
    """Mean cross-entropy, in nats, and accuracy."""
    import numpy as np

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


def _lessons(
    how: Fit, train: Digits, validation: Digits, seed: int, listener: Listener, folder: Path
) -> distilling.Lessons:
    """Those of the teacher, which is trained on the same rows unless it is there already, in the pupil's precision."""
    own = folder / TEACHER
    recipe = recipes.get(how.teacher or "")
    # Whoever asks for one epoch, to have a quick look, does not want to wait for all of the teacher's.
    epochs = how.epochs if how.seconds or recipe.fit is None else min(how.epochs, recipe.fit.epochs)
    recipe = recipe.with_fit(seconds=how.seconds, epochs=epochs, precision=how.precision)
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
    network: Any = recipe.model
    teacher = networks.build(network, train.image_shape, train.classes, how.precision)
    teacher.set_weights(neural.load(own).model.get_weights())
    return distilling.Lessons(neural.NeuralNetwork(teacher).probabilities, _seconds_of(own))


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
    patience, best = task.how.patience, max(history, key=merit)
    ran_its_course = len(history) >= task.how.epochs or task.time_used >= 1
    return ran_its_course or (patience is not None and len(history) - best.epoch >= patience)

"""Networks as classifiers: fitted, saved and loaded with Keras."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaggle_digits import augmentation, storage
from kaggle_digits.architectures import Network
from kaggle_digits.classifiers import checkpoint, feeding, lite, networks, precision
from kaggle_digits.classifiers.backend import load_keras
from kaggle_digits.classifiers.checkpoint import merit
from kaggle_digits.classifiers.lite import widened
from kaggle_digits.classifiers.protocol import Epoch, Fitted, Layer, Listener
from kaggle_digits.classifiers.silence import silenced
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DigitsError, RunError
from kaggle_digits.recipes import Fit, Recipe

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FILE = "model.keras"

# Large enough to be fast, small enough that a batch of 64 feature maps stays under 100 MB.
_PREDICTION_BATCH = 256
_PLATEAU_EPOCHS = 2


class NeuralNetwork:
    """A Keras model that answers with probabilities."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def probabilities(self, images: "NDArray[np.uint8]") -> "NDArray[np.float32]":
        """See `Classifier.probabilities`."""
        return _answers(self.model, images)

    def layers(self) -> list[Layer]:
        """See `Classifier.layers`."""
        return [
            Layer(layer.name, type(layer).__name__, tuple(layer.output.shape[1:]), layer.count_params())
            for layer in self.model.layers
        ]

    def save(self, folder: Path) -> list[str]:
        """Writes model.keras, which plain Keras can load too, and model.tflite, which needs no Keras.

        Raises:
            StorageError: the folder cannot be written, or the disk is full.
        """
        with storage.replacing(folder / FILE) as temporary:
            self.model.save(temporary)
        if load_keras().backend.backend() != "tensorflow":
            return [FILE]  # only TensorFlow can write the other form
        with storage.replacing(folder / lite.FILE) as temporary, silenced():
            self.model.export(temporary, format="litert", verbose=False)
        return [FILE, lite.FILE]


def load(folder: Path) -> NeuralNetwork:
    """Loads a network from its run folder, in Keras's safe mode: nothing in the file can run code.

    Raises:
        RunError: the file is missing or not a Keras model.
    """
    keras = load_keras()
    path = folder / FILE
    try:
        return NeuralNetwork(keras.saving.load_model(path, compile=False, safe_mode=True))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise RunError(f"{path} is not a model that can be loaded ({error}). Train again.") from None


def fit(recipe: Recipe, train: Digits, validation: Digits, seed: int, listener: Listener, folder: Path) -> Fitted:
    """Fits a recipe's network.

    With the same seed, data and machine, two calls give the same weights to the last bit; so does a call that goes
    on from the checkpoint which an interrupted one left in the folder.

    A one-cycle training that comes to its end keeps its last weights, which have seen the whole cycle; any other
    keeps those of the epoch that validated best.

    Args:
        recipe: a network and how to fit it.
        train: labelled digits to learn from.
        validation: labelled digits that say how good each epoch was.
        seed: for the first weights, the order of the rows, distortions and dropout.
        listener: hears of every step and epoch, and may stop the training.
        folder: where a checkpoint is kept after every epoch, and looked for at the beginning.

    Raises:
        DigitsError: the training diverged.
        RunError: the checkpoint in the folder cannot be read.
        StorageError: the folder cannot be written, or the disk is full.
    """
    how, network = recipe.fit, recipe.model
    if how is None or not isinstance(network, Network):
        raise TypeError(f"{recipe.name} is not a network")
    keras = load_keras()
    keras.utils.set_random_seed(seed)
    _make_gpus_deterministic(keras)
    computing_in = precision.choose(keras, how.precision)
    model = networks.build(network, train.image_shape, train.classes, computing_in)
    steps = max(1, len(train) // how.batch_size)
    _compile(keras, model, how, steps)
    distort = None
    if how.distortions is not None:
        distort = augmentation.distorter(keras, how.distortions, train.image_shape)
    task = _Task(model, how, train, validation, seed, listener, distort)
    progress = checkpoint.restore(folder, model)
    listener.begins(how.epochs, steps)
    interrupted = False
    while not interrupted and not _is_over(progress.history, how):
        epoch = _one_epoch(task, progress.history)
        interrupted = listener.wants_stop()
        progress.add(epoch, model.get_weights(), last=not interrupted and _ends_cycle(epoch, how))
        listener.epoch(epoch)
        if not interrupted:
            # So a checkpoint always stands at the end of a whole epoch, from which a resumed training goes on.
            checkpoint.save(folder, progress, model)
    listener.ends()
    # A fresh copy carries no optimizer, whose state would make the saved file three times as large.
    fitted = networks.build(network, train.image_shape, train.classes)
    fitted.set_weights(progress.best)
    return Fitted(NeuralNetwork(fitted), progress.history, interrupted, computing_in)


@dataclass(frozen=True)
class _Task:
    model: Any
    how: Fit
    train: Digits
    validation: Digits
    seed: int
    listener: Listener
    distort: augmentation.Distort | None


def _one_epoch(task: _Task, history: list[Epoch]) -> Epoch:
    """Every row once; order and distortions follow from the seed and the epoch's number."""
    import numpy as np

    began, number, model = time.perf_counter(), len(history) + 1, task.model
    if task.how.schedule != "one-cycle":
        model.optimizer.learning_rate = _rate(history, task.how)
    rng = np.random.default_rng((task.seed, number))
    loss, accuracy = _learn(task, number, feeding.one_epoch(task.train, task.how.batch_size, task.distort, rng))
    if not math.isfinite(loss):
        raise DigitsError(
            f"the training diverged: after epoch {number} the loss is not a number. Use a lower --learning-rate than "
            f"{task.how.learning_rate:g}."
        )
    val_loss, val_accuracy = _judge(model, task.validation)
    rate, seconds = float(model.optimizer.learning_rate), time.perf_counter() - began
    return Epoch(number, loss, accuracy, val_loss, val_accuracy, rate, seconds)


def _learn(task: _Task, number: int, batches: Iterator[feeding.Batch]) -> tuple[float, float]:
    """Learns from one batch after the other until the listener has had enough; mean loss and accuracy."""
    loss = accuracy = 0.0
    # `fit` would trace the network twice as often, and take a third longer for every step of a small network.
    for step, (images, labels) in enumerate(batches, start=1):
        logs = task.model.train_on_batch(images, labels, return_dict=True)
        loss += (float(logs["loss"]) - loss) / step
        accuracy += (float(logs["accuracy"]) - accuracy) / step
        task.listener.step(number, step, loss, accuracy)
        if task.listener.wants_stop():
            break
    return loss, accuracy


def _judge(model: Any, digits: Digits) -> tuple[float, float]:
    """Mean cross-entropy, in nats, and accuracy."""
    import numpy as np

    probabilities, labels = _answers(model, digits.images), digits.known_labels
    of_truth = np.take_along_axis(probabilities, labels[:, None], axis=1)
    # float32 knows no logarithm of a probability that was rounded to 0.
    return float(-np.log(of_truth.clip(1e-7)).mean()), float((probabilities.argmax(axis=1) == labels).mean())


def _answers(model: Any, images: "NDArray[np.uint8]") -> "NDArray[np.float32]":
    """float32 `(n, classes)`, from batches of one size, because another one would be compiled anew."""
    import numpy as np

    size = min(_PREDICTION_BATCH, len(images))
    padded = np.pad(images, ((0, -len(images) % size), (0, 0), (0, 0)))
    answers = [model.predict_on_batch(padded[start : start + size]) for start in range(0, len(padded), size)]
    return widened(np.concatenate(answers)[: len(images)].astype(np.float32, copy=False))


def _compile(keras: Any, model: Any, how: Fit, steps: int) -> None:
    rate = _one_cycle(keras, how, steps) if how.schedule == "one-cycle" else how.learning_rate
    model.compile(
        optimizer=keras.optimizers.Adam(rate, *how.betas, weight_decay=how.weight_decay or None),
        loss=_loss(keras, how, model.output_shape[-1]),
        metrics=["accuracy"],
        jit_compile=how.jit,
    )


def _loss(keras: Any, how: Fit, outputs: int) -> Any:
    if outputs == 1:
        return keras.losses.BinaryCrossentropy(label_smoothing=how.label_smoothing)
    if not how.label_smoothing:
        return "sparse_categorical_crossentropy"

    def smoothed(labels: Any, probabilities: Any) -> Any:
        # Keras smooths one-hot labels only.
        one_hot = keras.ops.one_hot(keras.ops.cast(keras.ops.reshape(labels, (-1,)), "int32"), outputs)
        return keras.losses.categorical_crossentropy(one_hot, probabilities, label_smoothing=how.label_smoothing)

    return smoothed


def _make_gpus_deterministic(keras: Any) -> None:
    """On a CPU, TensorFlow repeats itself to the last bit anyway, and the switch would turn XLA off."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        if tensorflow.config.list_physical_devices("GPU"):
            tensorflow.config.experimental.enable_op_determinism()


def _one_cycle(keras: Any, how: Fit, steps: int) -> Any:
    """Up for a tenth of the steps, then down along a cosine: L. N. Smith, N. Topin, Super-Convergence, 2018."""
    total = how.epochs * steps
    warm_up = max(1, total // 10)
    return keras.optimizers.schedules.CosineDecay(
        how.learning_rate / 25,
        decay_steps=max(1, total - warm_up),
        warmup_target=how.learning_rate,
        warmup_steps=warm_up,
        alpha=1e-3,
    )


def _rate(history: list[Epoch], how: Fit) -> float:
    """The rate for the next epoch: a function of the history alone, so that a resumed training agrees."""
    if how.schedule == "constant":
        return how.learning_rate
    rate, best, waited = how.learning_rate, float("inf"), 0
    for epoch in history:
        waited = 0 if epoch.val_loss < best else waited + 1
        best = min(best, epoch.val_loss)
        if waited == _PLATEAU_EPOCHS:
            rate, waited = rate / 2, 0
    return rate


def _ends_cycle(epoch: Epoch, how: Fit) -> bool:
    return how.schedule == "one-cycle" and epoch.epoch == how.epochs


def _is_over(history: list[Epoch], how: Fit) -> bool:
    if not history:
        return False
    best = max(history, key=merit)
    return len(history) >= how.epochs or (how.patience is not None and len(history) - best.epoch >= how.patience)

"""Networks as classifiers: fitted, saved and loaded with Keras."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaggle_digits import storage
from kaggle_digits.classifiers import Epoch, Listener, networks
from kaggle_digits.classifiers.backend import load_keras
from kaggle_digits.digits import Digits
from kaggle_digits.errors import RunError
from kaggle_digits.recipes import Fit, Recipe

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FILE = "model.keras"

# Large enough to be fast, small enough that a batch of 64 feature maps stays under 100 MB.
_PREDICTION_BATCH = 512


class Network:
    """A Keras model that answers with probabilities."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def probabilities(self, images: "NDArray[np.uint8]") -> "NDArray[np.float32]":
        """See `Classifier.probabilities`."""
        import numpy as np

        answer = self.model.predict(images, batch_size=_PREDICTION_BATCH, verbose=0)
        return np.asarray(answer, np.float32)

    def save(self, folder: Path) -> list[str]:
        """Writes model.keras, which plain Keras can load too.

        Raises:
            StorageError: the folder cannot be written, or the disk is full.
        """
        with storage.replacing(folder / FILE) as temporary:
            self.model.save(temporary)
        return [FILE]


def load(folder: Path) -> Network:
    """Loads a network from its run folder, in Keras's safe mode: nothing in the file can run code.

    Raises:
        RunError: the file is missing or not a Keras model.
    """
    keras = load_keras()
    path = folder / FILE
    try:
        return Network(keras.saving.load_model(path, compile=False, safe_mode=True))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise RunError(f"{path} is not a model that can be loaded ({error}). Train again.") from None


def fit(
    recipe: Recipe, train: Digits, validation: Digits, seed: int, listener: Listener
) -> tuple[Network, list[Epoch]]:
    """Fits a recipe's network, and keeps the weights of the epoch that validated best.

    With the same seed, data and machine, two calls give the same weights to the last bit.

    Args:
        recipe: the network and how to fit it.
        train: labelled digits to learn from.
        validation: labelled digits that say which epoch was best.
        seed: for the first weights, the order of the rows and dropout.
        listener: hears of every step and epoch, and may stop the training.

    Returns:
        The network and the history, one entry an epoch.
    """
    keras = load_keras()
    keras.utils.set_random_seed(seed)
    _make_gpus_deterministic(keras)
    model = networks.build(recipe.model, train.image_shape, train.classes)
    steps = -(-len(train) // recipe.fit.batch_size)
    model.compile(
        optimizer=keras.optimizers.Adam(
            _one_cycle(keras, recipe.fit, steps), weight_decay=recipe.fit.weight_decay or None
        ),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=recipe.fit.jit,
    )
    best = _best_epoch_keeper(keras, listener)
    listener.begins(recipe.fit.epochs, steps)
    model.fit(
        train.images,
        train.known_labels,
        batch_size=recipe.fit.batch_size,
        epochs=recipe.fit.epochs,
        validation_data=(validation.images, validation.known_labels),
        validation_batch_size=_PREDICTION_BATCH,
        callbacks=[best],
        verbose=0,
    )
    # A fresh copy carries no optimizer, whose state would make the saved file three times as large.
    fitted = networks.build(recipe.model, train.image_shape, train.classes)
    fitted.set_weights(best.weights)
    return Network(fitted), best.history


def _make_gpus_deterministic(keras: Any) -> None:
    """On a CPU, TensorFlow repeats itself to the last bit anyway, and the switch would turn XLA off."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        if tensorflow.config.list_physical_devices("GPU"):
            tensorflow.config.experimental.enable_op_determinism()


def _one_cycle(keras: Any, fit: Fit, steps: int) -> Any:
    """Up for a tenth of the steps, then down along a cosine: L. N. Smith, N. Topin, Super-Convergence, 2018."""
    total = fit.epochs * steps
    warm_up = max(1, total // 10)
    return keras.optimizers.schedules.CosineDecay(
        fit.learning_rate / 25,
        decay_steps=max(1, total - warm_up),
        warmup_target=fit.learning_rate,
        warmup_steps=warm_up,
        alpha=1e-3,
    )


def _best_epoch_keeper(keras: Any, listener: Listener) -> Any:
    """A callback, made in a function because its base class exists only once Keras is imported."""

    class BestEpoch(keras.callbacks.Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.history: list[Epoch] = []
            self.weights: list[NDArray[Any]] = []
            self.began = 0.0

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
            self.began = time.perf_counter()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
            listener.step(len(self.history) + 1, batch + 1)
            if listener.wants_stop():
                self.model.stop_training = True

        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
            done = Epoch(
                epoch=epoch + 1,
                learning_rate=float(self.model.optimizer.learning_rate),
                seconds=time.perf_counter() - self.began,
                **{name: float(logs[name]) for name in ("loss", "accuracy", "val_loss", "val_accuracy")},
            )
            if not self.history or _merit(done) > max(map(_merit, self.history)):
                self.weights = self.model.get_weights()
            self.history.append(done)
            listener.epoch(done)

    return BestEpoch()


def _merit(epoch: Epoch) -> tuple[float, float]:
    """Epochs often tie in accuracy on few rows; the lower loss then decides."""
    return epoch.val_accuracy, -epoch.val_loss

"""Several GPUs of one machine: each takes a share of every batch, and all of them the mean of the gradients."""

import os
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.errors import DigitsError

SETTING = "KDIGITS_DEVICES"
"""The environment variable that names the devices to use, `GPU:0` or `GPU:0,GPU:1`; unset, all GPUs are used."""


class SingleDevice:
    """Where a network learns: on one device."""

    def scope(self) -> AbstractContextManager[Any]:
        """Where the network must be built and compiled."""
        return nullcontext()

    def train_on_batch(self, model: Any, images: NDArray[np.uint8], labels: NDArray[Any]) -> dict[str, Any]:
        """One step of the optimizer of a model that was compiled in `scope`; Keras's logs of mean loss and accuracy."""
        logs: dict[str, Any] = model.train_on_batch(images, labels, return_dict=True)
        return logs


class Mirrored(SingleDevice):
    """A copy on each of several devices, kept alike by TensorFlow's MirroredStrategy.

    Source: https://www.tensorflow.org/guide/distributed_training#mirroredstrategy
    """

    def __init__(self, devices: list[str]) -> None:
        import tensorflow

        self._strategy = tensorflow.distribute.MirroredStrategy(devices)
        self._begun = False

    def scope(self) -> AbstractContextManager[Any]:
        """See `SingleDevice`."""
        scope: AbstractContextManager[Any] = self._strategy.scope()
        return scope

    def train_on_batch(self, model: Any, images: NDArray[np.uint8], labels: NDArray[Any]) -> dict[str, Any]:
        """See `SingleDevice`."""
        # Keras learns the shapes from its first batch, and can only read them off one that is whole; every copy then
        # computes the same gradient. So it is with a batch that cannot be shared out.
        if self._begun and len(images) >= self._strategy.num_replicas_in_sync:
            images, labels = self._shares(images), self._shares(labels)
        self._begun = True
        return super().train_on_batch(model, images, labels)

    def _shares(self, values: NDArray[Any]) -> Any:
        import tensorflow

        shares = np.array_split(values, self._strategy.num_replicas_in_sync)
        return self._strategy.experimental_distribute_values_from_function(
            lambda context: tensorflow.convert_to_tensor(shares[context.replica_id_in_sync_group])
        )


def make_deterministic(keras: Any) -> None:
    """Makes GPUs repeat themselves; a CPU does so to the last bit anyway, and the switch would turn XLA off."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        if tensorflow.config.list_physical_devices("GPU"):
            tensorflow.config.experimental.enable_op_determinism()


def choose(keras: Any) -> SingleDevice:
    """Copies on all GPUs where there are several and Keras, the module, computes with TensorFlow; else one network.

    Raises:
        DigitsError: KDIGITS_DEVICES names a device that is not there.
    """
    if keras.backend.backend() != "tensorflow":
        return SingleDevice()
    import tensorflow

    named = [name.strip().upper() for name in os.environ.get(SETTING, "").split(",") if name.strip()]
    there = [device.name.removeprefix("/device:") for device in tensorflow.config.list_logical_devices()]
    unknown = [name for name in named if name not in there]
    if unknown:
        raise DigitsError(f"{SETTING} names {unknown[0]}, which is not there. Choose among: {', '.join(there)}.")
    devices = named or [name for name in there if name.startswith("GPU:")]
    return Mirrored(devices) if named or len(devices) > 1 else SingleDevice()

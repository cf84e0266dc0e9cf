"""A network as the page computes it: steps, each with an operation, the steps it takes from, and its weights."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

_LEVEL = 47
"""The largest of the integers that kernels become: labels stay, and deflate packs them into six bits and a half."""

OPTIONS: dict[str, dict[str, Any]] = {
    "relu": {"negative_slope": 0.0, "max_value": None, "threshold": 0.0},
    "leaky_relu": {"negative_slope": 0.2},
    "elu": {"alpha": 1.0},
    "gelu": {"approximate": False},
    **{name: {} for name in ("relu6", "selu", "silu", "sigmoid", "hard_sigmoid", "hard_silu", "tanh")},
    **{name: {} for name in ("softplus", "softsign", "exponential", "mish", "softmax")},
}
"""The activations that the page knows, and what each takes, with Keras's own values for `activation="relu"`."""


@dataclass(frozen=True)
class Value:
    """What a step, by its number, gives for one image: of a shape without the batch, channels last."""

    step: int
    shape: tuple[int, ...]


@dataclass
class Steps:
    """What `network.js` reads, as it grows.

    Attributes:
        steps: JSON-like, in an order in which they can be computed; step 0 is the image.
        arrays: the shape of each array of weights, and its kind, `float32` or `int8`.
    """

    steps: list[dict[str, Any]] = field(default_factory=list)
    arrays: list[dict[str, Any]] = field(default_factory=list)
    _bytes: list[bytes] = field(default_factory=list)
    _kernels: dict[int, int] = field(default_factory=dict)

    def add(self, operation: str, inputs: Sequence[Value], shape: Sequence[int], **options: Any) -> Value:
        """Appends a step and gives its value."""
        places = [value.step for value in inputs]
        self.steps.append({"operation": operation, "inputs": places, "shape": list(shape), **options})
        return Value(len(self.steps) - 1, tuple(shape))

    def array(self, values: ArrayLike) -> int:
        """Keeps numbers as float32 and gives the array's place."""
        numbers = np.asarray(values, "<f4")
        return self._keep("float32", numbers.shape, numbers.tobytes())

    def kernel(self, variable: Any, shape: Sequence[int] | None = None) -> int:
        """Rounds a kernel to integers from -47 to 47, each output with a scale of its own, and gives its place.

        Args:
            variable: a `keras.Variable`, which holds the rounded numbers afterwards, so that Keras says what the page
                says.
            shape: for the page, outputs last; None is the variable's own.
        """
        if id(variable) not in self._kernels:  # else a layer that the network uses twice
            own = np.asarray(variable, np.float32)
            values = own.reshape(shape or own.shape)
            largest = np.abs(values).max(axis=tuple(range(values.ndim - 1)))
            scales = np.where(largest > 0, largest / _LEVEL, 1).astype("<f4")
            integers = (values / scales).round().astype(np.int8)
            variable.assign((integers * scales).reshape(own.shape))
            self._kernels[id(variable)] = self._keep("int8", values.shape, integers.tobytes() + scales.tobytes())
        return self._kernels[id(variable)]

    def _keep(self, kind: str, shape: Sequence[int], content: bytes) -> int:
        self.arrays.append({"kind": kind, "shape": list(shape)})
        self._bytes.append(content)
        return len(self.arrays) - 1

    @property
    def weights(self) -> bytes:
        """All arrays, one after the other, little-endian: an int8 one is its integers, then a float32 scale for each
        output."""
        return b"".join(self._bytes)


class UnknownError(Exception):
    """A layer or operation that the page does not know; its words are for `refused`."""


def affine(steps: Steps, value: Value, factors: ArrayLike, offsets: ArrayLike) -> Value:
    """Multiplies and adds: one number for all, or one for each channel."""
    numbers = {"factors": steps.array(np.ravel(factors)), "offsets": steps.array(np.ravel(offsets))}
    return steps.add("affine", [value], value.shape, **numbers)


def combined(steps: Steps, how: str, values: Sequence[Any], shape: Sequence[int]) -> Value:
    """Values, and arrays that stay the same for every image, element by element: `add`, `multiply` and so on.

    Raises UnknownError where their shapes are not those of each other, but for sides of 1.
    """
    inputs = []
    for each in values:
        value = each if isinstance(each, Value) else np.asarray(each, np.float32)
        if not isinstance(value, Value):
            # NumPy lines up shapes from their ends, and a constant may have a side of 1 in the batch's place.
            sides = value.shape[-len(shape) :] if value.size == np.prod(value.shape[-len(shape) :]) else ()
            padded = (1,) * (len(shape) - len(sides)) + tuple(sides)
            value = steps.add("constant", [], padded, array=steps.array(value.reshape(padded)))
        fits = len(value.shape) == len(shape)
        if not fits or any(side not in (1, whole) for side, whole in zip(value.shape, shape, strict=True)):
            raise UnknownError(f"of shapes {value.shape} and {tuple(shape)}")
        inputs.append(value)
    return steps.add("combine", inputs, shape, how=how)


def activated(steps: Steps, value: Value, name: str, **options: Any) -> Value:
    """The value after an activation; options left out have Keras's values. Raises UnknownError without it."""
    if name == "linear":
        return value
    if name not in OPTIONS:
        raise UnknownError(f"with the activation {name}")
    return steps.add("activation", [value], value.shape, name=name, **{**OPTIONS[name], **options})

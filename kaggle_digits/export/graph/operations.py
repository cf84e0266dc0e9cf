"""The functions of `keras.ops` that the page knows, for networks that call them between their layers."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from kaggle_digits.export.graph.steps import OPTIONS, Steps, UnknownError, Value, activated, combined

Operation = Callable[[Steps, Any, list[Any], tuple[int, ...]], Value]
"""Takes the steps so far, Keras's operation or layer, its arguments (values and whatever else), its answer's shape."""


def _combining(how: str) -> Operation:
    def add(steps: Steps, _operation: Any, arguments: list[Any], shape: tuple[int, ...]) -> Value:
        return combined(steps, how, arguments, shape)

    return add


def activating(name: str) -> Operation:
    """An activation with the options that Keras's layer or operation has."""

    def add(steps: Steps, operation: Any, arguments: list[Any], _shape: tuple[int, ...]) -> Value:
        if name == "softmax":
            check_last(operation.axis, arguments[0].shape)
        options = {option: getattr(operation, option) for option in OPTIONS[name] if hasattr(operation, option)}
        return activated(steps, arguments[0], name, **options)

    return add


def _reducing(how: str) -> Operation:
    def add(steps: Steps, operation: Any, arguments: list[Any], shape: tuple[int, ...]) -> Value:
        axes = [_without_batch(axis, arguments[0].shape) for axis in np.atleast_1d(operation.axis)]
        return steps.add("reduce", arguments[:1], shape, how=how, axes=axes)

    return add


def _concatenation(steps: Steps, operation: Any, arguments: list[Any], shape: tuple[int, ...]) -> Value:
    return steps.add("concatenate", arguments[0], shape, axis=_without_batch(operation.axis, shape))


def _reshape(steps: Steps, _operation: Any, arguments: list[Any], shape: tuple[int, ...]) -> Value:
    value: Value = arguments[0]
    if None in shape or prod(shape) != prod(value.shape):
        raise UnknownError("of a whole batch")
    return value if tuple(shape) == value.shape else steps.add("reshape", [value], shape)


def _index(steps: Steps, operation: Any, arguments: list[Any], shape: tuple[int, ...]) -> Value:
    key = arguments[1]
    keys = key if isinstance(key, tuple) else (key,)
    if any(each not in (None, Ellipsis, slice(None)) for each in keys):
        raise UnknownError("that picks some of the numbers")
    return _reshape(steps, operation, arguments, shape)


def nothing(_steps: Steps, _operation: Any, arguments: list[Any], _shape: tuple[int, ...]) -> Value:
    """What Keras does here changes no number."""
    value: Value = arguments[0]
    return value


def _without_batch(axis: Any, shape: Sequence[int]) -> int:
    """An axis of a batch as one of a single image."""
    if axis is None or axis % (len(shape) + 1) == 0:
        raise UnknownError("over a whole batch")
    return int(axis % (len(shape) + 1)) - 1


def check_last(axis: Any, shape: Sequence[int]) -> None:
    """Raises UnknownError where an axis, or a list of one, is not the channels'."""
    axes = np.atleast_1d(axis)
    if len(axes) != 1 or _without_batch(axes[0], shape) != len(shape) - 1:
        raise UnknownError(f"along the axis {axis}")


OPERATIONS: dict[str, Operation] = {
    "Add": _combining("add"),
    "Subtract": _combining("subtract"),
    "Multiply": _combining("multiply"),
    "Divide": _combining("divide"),
    "TrueDivide": _combining("divide"),
    "Maximum": _combining("maximum"),
    "Minimum": _combining("minimum"),
    "Relu": activating("relu"),
    "Relu6": activating("relu6"),
    "LeakyRelu": activating("leaky_relu"),
    "Elu": activating("elu"),
    "Gelu": activating("gelu"),
    "Silu": activating("silu"),
    "Sigmoid": activating("sigmoid"),
    "HardSigmoid": activating("hard_sigmoid"),
    "HardSilu": activating("hard_silu"),
    "Tanh": activating("tanh"),
    "Softplus": activating("softplus"),
    "Exp": activating("exponential"),
    "Softmax": activating("softmax"),
    "Mean": _reducing("mean"),
    "Max": _reducing("max"),
    "Sum": _reducing("sum"),
    "Concatenate": _concatenation,
    "Reshape": _reshape,
    "ExpandDims": _reshape,
    "Squeeze": _reshape,
    "GetItem": _index,
    "Cast": nothing,
    "ConvertToTensor": nothing,
}
"""By the names of Keras's classes for them."""

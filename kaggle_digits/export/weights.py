"""A Keras network as a list of layers and a few bytes: small enough to lie in a page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kaggle_digits.errors import ExportError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEVEL = 47
"""The largest of the integers that weights become: labels stay, and deflate packs them into six bits and a half."""


@dataclass(frozen=True)
class Compact:
    """A network in the form that `network.js` reads.

    Attributes:
        layers: what each does, JSON-like.
        weights: for each layer with a kernel: int8 in Keras's order, float32 scales and biases, one for each output;
            for a batch normalisation float32 factors and offsets, one for each channel. Little-endian.
    """

    layers: list[dict[str, Any]]
    weights: bytes


def compact(model: Any) -> Compact:
    """Rounds the weights of a network to integers from -47 to 47, each output with a scale of its own.

    Args:
        model: a `keras.Sequential` of the layers of `classifiers.networks`; its kernels become the rounded ones, so
            that it says afterwards what the compact form says.

    Raises:
        ExportError: it has a layer of another kind.
    """
    layers, weights = [], []
    for layer in model.layers:
        kind = type(layer).__name__
        if kind in _IDLE:
            continue
        if kind not in _KINDS:
            raise ExportError(f"a page cannot compute layers of the kind {kind}. Export to .tflite or .onnx.")
        described, numbers = _KINDS[kind](layer)
        layers.append(described)
        weights += numbers
    return Compact(layers, b"".join(weights))


Described = tuple[dict[str, Any], list[bytes]]

_IDLE = ("InputLayer", "Dropout")  # nothing to do once a network has learned


def _rescaling(layer: Any) -> Described:
    return {"kind": "scale", "by": layer.scale}, []


def _reshape(layer: Any) -> Described:
    return {"kind": "reshape", "shape": list(layer.output.shape[1:])}, []


def _permute(layer: Any) -> Described:
    return {"kind": "permute", "axes": [axis - 1 for axis in layer.dims]}, []


def _resizing(layer: Any) -> Described:
    return {"kind": "resize", "shape": [layer.height, layer.width]}, []


def _pooling(layer: Any) -> Described:
    return {"kind": "pool", "size": list(layer.pool_size)}, []


def _maximum(_layer: Any) -> Described:
    return {"kind": "maximum"}, []


def _convolution(layer: Any) -> Described:
    kernel, numbers = _rounded(layer)
    return {
        "kind": "conv",
        "kernel": kernel,
        "padding": layer.padding,
        "activation": layer.activation.__name__,
    }, numbers


def _dense(layer: Any) -> Described:
    kernel, numbers = _rounded(layer)
    return {"kind": "dense", "kernel": kernel, "activation": layer.activation.__name__}, numbers


def _normalization(layer: Any) -> Described:
    import numpy as np

    gamma, beta, mean, variance = (np.asarray(each, np.float64) for each in layer.get_weights())
    factors = gamma / np.sqrt(variance + layer.epsilon)
    return {"kind": "affine", "channels": len(gamma)}, [_floats(factors), _floats(beta - mean * factors)]


def _rounded(layer: Any) -> tuple[list[int], list[bytes]]:
    import numpy as np

    kernel, bias = (np.asarray(each, np.float32) for each in layer.get_weights())
    largest = np.abs(kernel).max(axis=tuple(range(kernel.ndim - 1)))
    scales = np.where(largest > 0, largest / _LEVEL, 1).astype(np.float32)
    integers = (kernel / scales).round().astype(np.int8)
    layer.kernel.assign(integers * scales)
    return list(kernel.shape), [integers.tobytes(), _floats(scales), _floats(bias)]


def _floats(values: "NDArray[Any]") -> bytes:
    return values.astype("<f4").tobytes()


_KINDS: dict[str, Callable[[Any], Described]] = {
    "Rescaling": _rescaling,
    "Reshape": _reshape,
    "Flatten": _reshape,
    "Permute": _permute,
    "Resizing": _resizing,
    "Conv2D": _convolution,
    "MaxPooling2D": _pooling,
    "GlobalMaxPooling2D": _maximum,
    "Dense": _dense,
    "BatchNormalization": _normalization,
}

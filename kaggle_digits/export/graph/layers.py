"""The layers of Keras that the page knows."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kaggle_digits.export.graph.operations import Operation, activating, check_last, nothing
from kaggle_digits.export.graph.steps import Steps, UnknownError, Value, activated, affine, combined


def _dense(steps: Steps, layer: Any, inputs: list[Value], shape: tuple[int, ...]) -> Value:
    done = steps.add("dense", inputs, shape, kernel=steps.kernel(layer.kernel), bias=_bias(steps, layer))
    return _activated(steps, layer, done)


def _convolution(steps: Steps, layer: Any, inputs: list[Value], shape: tuple[int, ...]) -> Value:
    kernel = steps.kernel(layer.kernel)
    return _activated(steps, layer, _convolved(steps, layer, inputs[0], kernel, shape, groups=layer.groups))


def _depthwise(steps: Steps, layer: Any, inputs: list[Value], shape: tuple[int, ...]) -> Value:
    kernel = steps.kernel(layer.kernel, _as_grouped(layer.kernel.shape))
    return _activated(steps, layer, _convolved(steps, layer, inputs[0], kernel, shape, groups=inputs[0].shape[-1]))


def _separable(steps: Steps, layer: Any, inputs: list[Value], shape: tuple[int, ...]) -> Value:
    kernel = steps.kernel(layer.depthwise_kernel, _as_grouped(layer.depthwise_kernel.shape))
    between = (*shape[:2], layer.pointwise_kernel.shape[2])
    channels = inputs[0].shape[-1]
    apart = _convolved(steps, layer, inputs[0], kernel, between, groups=channels, bias=None)
    weights = {"kernel": steps.kernel(layer.pointwise_kernel, layer.pointwise_kernel.shape[2:])}
    return _activated(steps, layer, steps.add("dense", [apart], shape, bias=_bias(steps, layer), **weights))


def _as_grouped(shape: Sequence[int]) -> tuple[int, ...]:
    """A depthwise kernel's shape as that of a convolution with a group for each channel."""
    rows, columns, channels, filters = shape
    return rows, columns, 1, channels * filters


def _convolved(steps: Steps, layer: Any, value: Value, kernel: int, shape: tuple[int, ...], **options: Any) -> Value:
    dilation = _pair(layer.dilation_rate)
    window = {"strides": _pair(layer.strides), "dilation": dilation}
    reach = [(size - 1) * far + 1 for size, far in zip(_pair(layer.kernel_size), dilation, strict=True)]
    before = _before(layer, value, reach, shape)
    options = {"bias": _bias(steps, layer), **options}
    return steps.add("convolve", [value], shape, kernel=kernel, before=before, **window, **options)


def _pooling(how: str) -> Operation:
    def add(steps: Steps, layer: Any, inputs: list[Value], shape: tuple[int, ...]) -> Value:
        size, strides = _pair(layer.pool_size), _pair(layer.strides)
        before = _before(layer, inputs[0], size, shape)
        return steps.add("pool", inputs, shape, how=how, size=size, strides=strides, before=before)

    return add


def _before(layer: Any, value: Value, reach: Sequence[int], shape: Sequence[int]) -> list[int]:
    """Rows and columns of nothing before the first one, as TensorFlow lays them out."""
    if layer.padding == "valid":
        return [0, 0]
    sides = zip(value.shape, shape, reach, _pair(layer.strides), strict=False)
    return [max(0, (after - 1) * stride + window - side) // 2 for side, after, window, stride in sides]


def _padding(steps: Steps, layer: Any, inputs: list[Value], shape: tuple[int, ...]) -> Value:
    return steps.add("pad", inputs, shape, before=[layer.padding[0][0], layer.padding[1][0]])


def _cropping(steps: Steps, layer: Any, inputs: list[Value], shape: tuple[int, ...]) -> Value:
    return steps.add("pad", inputs, shape, before=[-layer.cropping[0][0], -layer.cropping[1][0]])


def _resizing(steps: Steps, layer: Any, inputs: list[Value], shape: tuple[int, ...]) -> Value:
    for option in ("crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias"):
        if getattr(layer, option, False):
            raise UnknownError(f"with {option}")
    if layer.interpolation not in ("bilinear", "nearest"):
        raise UnknownError(f"with the interpolation {layer.interpolation}")
    return steps.add("resize", inputs, shape, how=layer.interpolation)


def _normalization(steps: Steps, layer: Any, inputs: list[Value], _shape: tuple[int, ...]) -> Value:
    if layer.invert or np.size(layer.mean) not in (1, np.shape(layer.mean)[-1]):
        raise UnknownError("inverted, or along another axis than the last")
    factors = 1 / np.maximum(np.sqrt(np.asarray(layer.variance, np.float64)), 1e-7)
    return affine(steps, inputs[0], factors, -np.asarray(layer.mean) * factors)


def _batch_normalization(steps: Steps, layer: Any, inputs: list[Value], shape: tuple[int, ...]) -> Value:
    check_last(layer.axis, shape)
    mean, variance = (np.asarray(each, np.float64) for each in (layer.moving_mean, layer.moving_variance))
    gamma, beta = _gamma_and_beta(layer, shape[-1])
    factors = gamma / np.sqrt(variance + layer.epsilon)
    return affine(steps, inputs[0], factors, beta - mean * factors)


def _normalized(steps: Steps, layer: Any, inputs: list[Value], shape: tuple[int, ...]) -> Value:
    check_last(layer.axis, shape)
    groups = getattr(layer, "groups", None)
    groups = shape[-1] if groups == -1 else groups
    done = steps.add("normalize", inputs, shape, groups=groups, epsilon=layer.epsilon)
    return affine(steps, done, *_gamma_and_beta(layer, shape[-1]))


def _gamma_and_beta(layer: Any, channels: int) -> tuple[Any, Any]:
    gamma, beta = getattr(layer, "gamma", None), getattr(layer, "beta", None)
    return (
        np.ones(channels) if gamma is None else np.asarray(gamma, np.float64),
        np.zeros(channels) if beta is None else np.asarray(beta, np.float64),
    )


def _parametric_relu(steps: Steps, layer: Any, inputs: list[Value], shape: tuple[int, ...]) -> Value:
    below = combined(steps, "minimum", [inputs[0], np.zeros(1)], shape)
    sloped = combined(steps, "multiply", [below, np.asarray(layer.alpha)], shape)
    return combined(steps, "add", [activated(steps, inputs[0], "relu"), sloped], shape)


def _activated(steps: Steps, layer: Any, value: Value) -> Value:
    """What a layer's own activation makes of its value: one of Keras's functions, or a layer."""
    activation = layer.activation
    if type(activation).__name__ in LAYERS:
        return LAYERS[type(activation).__name__](steps, activation, [value], value.shape)
    if not getattr(activation, "__module__", "").startswith("keras."):
        raise UnknownError(f"with the activation {getattr(activation, '__name__', activation)}, which is not Keras's")
    return activated(steps, value, activation.__name__)


def _bias(steps: Steps, layer: Any) -> int | None:
    return steps.array(layer.bias) if layer.bias is not None else None


def _pair(value: Any) -> list[int]:
    return [int(value)] * 2 if np.ndim(value) == 0 else [int(each) for each in value]


_IDLE = (  # nothing to do once a network has learned
    *("InputLayer", "Identity", "ActivityRegularization", "GaussianNoise"),
    *("Dropout", "SpatialDropout1D", "SpatialDropout2D", "AlphaDropout", "GaussianDropout"),
    *("RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "RandomShear", "RandomBrightness"),
    *("RandomContrast", "RandomErasing", "RandomElasticTransform", "RandomPerspective", "RandomGaussianBlur"),
)

LAYERS: dict[str, Operation] = {
    **dict.fromkeys(_IDLE, nothing),
    "Dense": _dense,
    "Conv2D": _convolution,
    "DepthwiseConv2D": _depthwise,
    "SeparableConv2D": _separable,
    "MaxPooling2D": _pooling("max"),
    "AveragePooling2D": _pooling("mean"),
    "Permute": lambda steps, layer, inputs, shape: steps.add(
        "permute", inputs, shape, axes=[n - 1 for n in layer.dims]
    ),
    "ZeroPadding2D": _padding,
    "Cropping2D": _cropping,
    "Resizing": _resizing,
    "UpSampling2D": _resizing,
    "Rescaling": lambda steps, layer, inputs, _shape: affine(steps, inputs[0], layer.scale, layer.offset),
    "Normalization": _normalization,
    "BatchNormalization": _batch_normalization,
    "LayerNormalization": _normalized,
    "GroupNormalization": _normalized,
    "Activation": lambda steps, layer, inputs, _shape: _activated(steps, layer, inputs[0]),
    "ReLU": activating("relu"),
    "LeakyReLU": activating("leaky_relu"),
    "ELU": activating("elu"),
    "Softmax": activating("softmax"),
    "PReLU": _parametric_relu,
}
"""By the names of Keras's classes."""

CALLING = (
    *("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Reshape", "Flatten"),
    *("GlobalMaxPooling2D", "GlobalAveragePooling2D", "GlobalMaxPooling1D", "GlobalAveragePooling1D"),
)
"""Layers of Keras that are no more than the operations of `keras.ops` that they call."""

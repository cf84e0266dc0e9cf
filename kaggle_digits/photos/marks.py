"""Which digit ink is, or that it is some other mark: a sign, a letter, half a digit, a scribble.

A small network tells, whose weights come with the package: made by benchmarks/marks.py, from digits of train.csv and
from signs and letters of fonts. It sees ink as large as it is in its line, and where it stands there.
"""

import base64
import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image

from kaggle_digits.photos import filters

VIEW, LINE = 28, 18  # pixels of what the network sees, and of those, how high a digit of the line is
SMALLEST, LARGEST = 2, 26  # pixels of the longer side of ink in it
MARK = 10  # the label of what is no digit
COMMON = 2.0  # nats, by which digits are more common in pictures than where the network learned
_FILE = "marks.json"


@dataclass(frozen=True, eq=False)
class _Layer:
    """float32: the kernel, outputs last, and the bias; and pixels from one place of it to the next."""

    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]
    stride: int


def weights() -> list[dict[str, Any]]:
    """The network, layer by layer, JSON-like: `shape` of the kernel, its `stride`, and base64 of little-endian numbers:
    `kernel` int8, outputs last; `scales` float32, one for each output; `bias` float32."""
    found: list[dict[str, Any]] = json.loads((resources.files(__package__) / _FILE).read_text(encoding="utf-8"))
    return found


def in_line(image: NDArray[np.uint8], size: float = 1.0, offset: float = 0.0) -> NDArray[np.uint8]:
    """What the network sees of some ink.

    Args:
        image: uint8 `(height, width)`, from `as_mnist`.
        size: of the ink's longer side, in heights of its line's digits.
        offset: of the ink's middle below that of its line, in the same.

    Returns:
        uint8 `(28, 28)`.
    """
    view = np.zeros((VIEW, VIEW), np.uint8)
    box = filters.box(image > 0)
    if box is None:
        return view
    tight = image[box]
    scale = min(max(LINE * size, SMALLEST), LARGEST) / max(tight.shape)
    height, width = (min(VIEW, max(1, round(side * scale))) for side in tight.shape)
    how = Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR
    small = np.asarray(Image.fromarray(tight).resize((width, height), how))
    top = min(max(round(VIEW / 2 + LINE * offset - height / 2), 0), VIEW - height)
    left = (VIEW - width) // 2
    view[top : top + height, left : left + width] = small
    return view


def mark_probabilities(views: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Which digit each is, and, last, that it is none: float32 `(n, 11)`, rows sum to 1.

    Args:
        views: uint8 `(n, 28, 28)`, from `in_line`.
    """
    last = _network()[-1]
    logits = _hidden(views) @ last.kernel + last.bias
    logits[:, MARK] -= COMMON
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def mark_features(views: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Where each lies among shapes: float32 `(n, features)`, of length 1; what is alike is near.

    Args:
        views: uint8 `(n, 28, 28)`, from `in_line`.
    """
    hidden = _hidden(views)
    return np.asarray(hidden / np.maximum(np.linalg.norm(hidden, axis=1, keepdims=True), 1e-6), np.float32)


def _hidden(views: NDArray[np.uint8]) -> NDArray[np.float32]:
    *convolutions, hidden, _ = _network()
    values = views[..., None].astype(np.float32) / np.float32(255)
    for layer in convolutions:
        values = _convolved(values, layer)
    flat = values.reshape(len(values), len(hidden.kernel)) @ hidden.kernel + hidden.bias
    return np.asarray(np.maximum(flat, 0), np.float32)


@lru_cache(maxsize=1)
def _network() -> list[_Layer]:
    return [_unpacked(layer) for layer in weights()]


def _unpacked(layer: dict[str, Any]) -> _Layer:
    kernel, scales, bias = (
        np.frombuffer(base64.b64decode(layer[name]), dtype)
        for name, dtype in (("kernel", "i1"), ("scales", "<f4"), ("bias", "<f4"))
    )
    return _Layer(kernel.reshape(layer["shape"]) * scales, bias, layer["stride"])


def _convolved(values: NDArray[np.float32], layer: _Layer) -> NDArray[np.float32]:
    """A convolution of every pixel or every second one, padded so that those at the border count; above zero."""
    side, channels = values.shape[1], values.shape[3]
    size, step, outputs = len(layer.kernel), layer.stride, layer.kernel.shape[3]
    after = -(-side // step)
    spare = step * (after - 1) + size - side
    around = (spare // 2, spare - spare // 2)
    padded = np.pad(values, ((0, 0), around, around, (0, 0)))
    windows = sliding_window_view(padded, (size, size), (1, 2))[:, ::step, ::step].transpose(0, 1, 2, 4, 5, 3)
    rows = windows.reshape(-1, size * size * channels) @ layer.kernel.reshape(-1, outputs)
    return np.asarray(np.maximum(rows + layer.bias, 0).reshape(len(values), after, after, outputs), np.float32)

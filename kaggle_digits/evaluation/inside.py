"""What a model has made of the digits: where it looks, what it looks for, and which digits are alike to it."""

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Answer = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""A model's `probabilities`: uint8 `(n, height, width)` to float32 `(n, classes)`."""

_LEAST_PROBABILITY = 1e-7
_PATCH = 5  # pixels; a stroke is two to three wide


def occlusion(answer: Answer, image: NDArray[np.uint8], patch: int = _PATCH) -> NDArray[np.float32]:
    """How much a model needs each part of an image: what its answer loses when a patch of paper covers that part.

    Args:
        answer: the model's `probabilities`, of whatever kind it is.
        image: uint8 `(height, width)`, 0 is paper and 255 is ink.
        patch: the side of the patch, in pixels.

    Returns:
        float32 `(height, width)`: by how many nats the logarithm of the answer's probability falls, 0 or more, when
        the patch is centred on each pixel.

    Source: M. D. Zeiler, R. Fergus, Visualizing and Understanding Convolutional Networks, 2014.
    """
    height, width = image.shape
    rows, columns = np.mgrid[:height, :width]
    far_up = np.abs(rows.reshape(-1, 1) - np.arange(height))
    far_left = np.abs(columns.reshape(-1, 1) - np.arange(width))
    covered = (far_up <= patch // 2)[:, :, None] & (far_left <= patch // 2)[:, None, :]
    answers = answer(np.concatenate([image[None], np.where(covered, 0, image).astype(np.uint8)]))
    of_label = np.log(np.maximum(answers[:, answers[0].argmax()], _LEAST_PROBABILITY))
    return np.asarray(np.maximum(of_label[0] - of_label[1:], 0).reshape(height, width), np.float32)


def first_filters(kernel: NDArray[np.float32], image_shape: tuple[int, int]) -> NDArray[np.float32]:
    """What a network's first layer looks for, as images.

    Args:
        kernel: the first weights: float32 `(height, width, channels, filters)` of a convolution, of which the first
            channel is taken, or `(pixels, units)` of a dense layer.
        image_shape: height and width of the images that the network takes; its layers may make smaller squares of them.

    Returns:
        float32 `(filters, height, width)`: above 0 where ink counts for, below 0 where it counts against.
    """
    if kernel.ndim == 4:
        return np.moveaxis(kernel[:, :, 0], -1, 0)
    side = math.isqrt(len(kernel))
    shape = image_shape if math.prod(image_shape) == len(kernel) else (side, side)
    return kernel.T.reshape(-1, *shape)


def arrange(
    features: NDArray[np.floating], method: Literal["pca", "tsne"] = "pca", seed: int = 0
) -> NDArray[np.float32]:
    """Arranges rows of many features on a plane, so that what is alike lies together.

    Args:
        features: `(n, features)`: pixels, the logarithms of a model's probabilities, or what its last layer gets.
        method: `pca` keeps distances across the plane and takes no time; `tsne` keeps neighbours and takes seconds.
        seed: of `tsne`.

    Returns:
        float32 `(n, 2)`.
    """
    centred = np.asarray(features, np.float64) - np.mean(features, axis=0)
    if method == "tsne" and len(centred) > 2:
        from sklearn.manifold import TSNE
        from threadpoolctl import threadpool_limits

        arranged = TSNE(perplexity=min(30.0, (len(centred) - 1) / 3), init="pca", random_state=seed)
        with threadpool_limits(1):  # of so few rows, threads wait for one another ten times as long as they work
            return np.asarray(arranged.fit_transform(centred), np.float32)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    plane = np.zeros((len(centred), 2), np.float32)
    plane[:, : min(2, len(directions))] = centred @ directions[:2].T
    return plane

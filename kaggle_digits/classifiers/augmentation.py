"""Random distortions that leave a digit what it is: a few degrees, a pixel or two, a slightly unsteady hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.recipes import Distortions

# The elastic field has 5 x 5 independent arrows, spread over the image by a Gaussian of 0.6 of their distance: smooth
# over 4 pixels of 28, as in P. Simard et al., Best Practices for Convolutional Neural Networks, 2003.
_ARROWS = 5
_SPREAD = 0.6

AT_ONCE = 2048
"""Images that are warped together: few enough for the arrays between to stay in the processor's cache."""

Distort = Callable[[NDArray[np.uint8], np.random.Generator], NDArray[np.uint8]]


def distorter(keras: Any, distortions: Distortions, image_shape: tuple[int, int]) -> Distort:
    """Makes a function that distorts many images at once, each by its own random amounts.

    Rotation, shift, zoom, shear and the elastic field are added up into one place to look at for every pixel, and the
    image is sampled there once, bilinearly. Compiled as a whole, that takes 0.13 s for 37,800 images on two cores.

    Returns:
        A function of uint8 `(n, height, width)` images and a generator of random numbers. It gives new images of the
        same shape and dtype, and the same ones for the same generator.
    """
    warp = _compiled(keras, _warp(keras.ops, image_shape))
    spread = [_spread(side) for side in image_shape]

    def distort(images: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        warped = np.empty_like(images)
        for start in range(0, len(images), AT_ONCE):
            chunk = images[start : start + AT_ONCE]
            # A last chunk of another size would be compiled anew, so blank images fill it up.
            filled = np.pad(chunk, ((0, AT_ONCE - len(chunk)), (0, 0), (0, 0)))
            matrix, arrows = _draw(AT_ONCE, distortions, rng)
            new = keras.ops.convert_to_numpy(warp(filled, matrix, arrows, *spread))
            warped[start : start + AT_ONCE] = new[: len(chunk)]
        return warped

    return distort


def _draw(
    count: int, distortions: Distortions, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """For each image, the affine map from its new pixels to its old ones `(n, 2, 3)`, and the arrows of its field."""
    angle = np.deg2rad(rng.uniform(-distortions.rotation, distortions.rotation, count))
    zoom = 1 / rng.uniform(1 - distortions.zoom, 1 + distortions.zoom, (2, count))
    shear = rng.uniform(-distortions.shear, distortions.shear, count)
    shift = rng.uniform(-distortions.shift, distortions.shift, (2, count))
    rows = np.stack([np.cos(angle) * zoom[0], -np.sin(angle), shift[0]], axis=-1)
    columns = np.stack([np.sin(angle) + shear, np.cos(angle) * zoom[1], shift[1]], axis=-1)
    arrows = rng.standard_normal((count, _ARROWS, _ARROWS, 2), np.float32) * np.float32(distortions.elastic)
    return np.stack([rows, columns], axis=1).astype(np.float32), arrows


def _spread(side: int) -> NDArray[np.float32]:
    """float32 `(side, arrows)`: how much each pixel along a side feels each arrow; rows sum to 1."""
    distance = np.linspace(0, _ARROWS - 1, side)[:, None] - np.arange(_ARROWS)
    weights = np.exp(-((distance / _SPREAD) ** 2) / 2)
    shares: NDArray[np.float32] = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


def _warp(ops: Any, image_shape: tuple[int, int]) -> Callable[..., Any]:
    """Samples images where matrix and arrows point; beyond the edge there is paper."""
    height, width = image_shape
    stride = width + 2

    def warp(images: Any, matrix: Any, arrows: Any, spread_rows: Any, spread_columns: Any) -> Any:
        matrix, arrows = ops.convert_to_tensor(matrix), ops.convert_to_tensor(arrows)  # PyTorch multiplies no arrays
        row, column = (ops.arange(side, dtype="float32") - (side - 1) / 2 for side in image_shape)
        row, column = row[None, :, None], column[None, None, :]
        field = ops.einsum("ia,nabc,jb->nijc", spread_rows, arrows, spread_columns)
        places = []
        for axis, side in enumerate(image_shape):
            by_row, by_column, shift = (matrix[:, axis, part, None, None] for part in range(3))
            place = by_row * row + by_column * column + shift + field[..., axis]
            # One more than in the image, because of the margin of paper; and inside it, whatever was drawn.
            places.append(ops.clip(place + (side - 1) / 2 + 1, 0.0, side + 0.999))
        top, left = (ops.floor(place) for place in places)
        down, right = places[0] - top, places[1] - left
        corner = ops.reshape(ops.cast(top, "int32") * stride + ops.cast(left, "int32"), (-1, height * width))
        padded = ops.pad(ops.cast(images, "float32"), ((0, 0), (1, 1), (1, 1)))
        pixels = ops.reshape(padded, (-1, (height + 2) * stride))

        def at(offset: int) -> Any:
            return ops.reshape(ops.take_along_axis(pixels, corner + offset, axis=1), (-1, height, width))

        upper = at(0) * (1 - right) + at(1) * right
        lower = at(stride) * (1 - right) + at(stride + 1) * right
        return ops.cast(upper * (1 - down) + lower * down + 0.5, "uint8")

    return warp


def _compiled(keras: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    """Fused into one pass over the pixels where the backend can: four times faster than one operation at a time."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow

        compiled: Callable[..., Any] = tensorflow.function(function, jit_compile=True)
        return compiled
    if backend == "jax":
        import jax

        jitted: Callable[..., Any] = jax.jit(function)
        return jitted
    return function

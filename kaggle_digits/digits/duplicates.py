"""Images that are nearly the same, which stay together when rows are dealt into folds."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

ALIKE = 0.99
"""Cosine of the angle between two images' pixels from which they count as nearly the same: one picture, saved again.

Of the 882 million pairs in the competition's train.csv, one is so much alike. From 0.98 on, straight ones would be; and
at 0.975, more than half of scikit-learn's blurred digits would run together into groups of up to 138.
"""

_COMPONENTS = 48
_ROWS_ENOUGH = 5_000
_LEFT_AT_ONCE, _RIGHT_AT_ONCE = 512, 4096  # few enough for their product to stay in the processor's cache
_ROUNDING = 1e-6
_ROWS_AT_ONCE = 1024
_WIDEST = 1024  # values a row


def groups(images: NDArray[np.uint8], hashes: NDArray[np.uint64]) -> NDArray[np.intp]:
    """Finds images that are nearly the same, directly or through others between them.

    Distances in the first principal components are never larger than the distances themselves, so only the few pairs
    that are close there are looked at in full: a second for 42,000 images.

    Args:
        images: uint8 `(n, height, width)`.
        hashes: uint64 `(n,)`, the same for exact copies alone.

    Returns:
        Integers `(n,)`: for each image, the row of the first image of its group; its own row where it has no like.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    flat = images.reshape(len(images), -1)
    # Exact copies are left out: a thousand of them would make half a million pairs.
    _, first_rows, copy_of = np.unique(hashes, return_index=True, return_inverse=True)
    originals, copy_of = np.unique(first_rows[copy_of], return_inverse=True)
    pixels = _narrowed(flat if len(originals) == len(flat) else flat[originals])
    ones, others = [np.zeros(0, np.intp)], [np.zeros(0, np.intp)]
    for first, second in _close_pairs(_projected(pixels), 2 - 2 * ALIKE):
        alike = _cosines(pixels, first, second) >= ALIKE
        ones.append(first[alike])
        others.append(second[alike])
    one, other = np.concatenate(ones), np.concatenate(others)
    graph = coo_array((np.ones(len(one), np.int8), (one, other)), shape=(len(pixels), len(pixels)))
    group = connected_components(graph, directed=False)[1][copy_of]
    _, first_of_group, member = np.unique(group, return_index=True, return_inverse=True)
    return np.asarray(first_of_group[member], np.intp)


def _narrowed(pixels: NDArray[np.uint8]) -> NDArray[Any]:
    """Large images by 1,024 random sums of their pixels, float32, which keep their angles to a few hundredths.

    Source: W. B. Johnson, J. Lindenstrauss, Extensions of Lipschitz mappings into a Hilbert space, 1984.
    """
    width = pixels.shape[1]
    if width <= _WIDEST:
        return pixels
    sums = np.random.default_rng(0).standard_normal((width, _WIDEST), np.float32) / np.float32(_WIDEST**0.5)
    return np.concatenate([part.astype(np.float32) @ sums for part in _parts(pixels)])


def _parts(rows: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Some rows at a time: all of them as floats would take four times their memory."""
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        yield rows[start : start + _ROWS_AT_ONCE]


def _directed(pixels: NDArray[Any]) -> NDArray[np.float32]:
    """Rows scaled to length 1."""
    rows: NDArray[np.float32] = pixels.astype(np.float32)
    rows /= np.maximum(np.sqrt(np.einsum("np,np->n", rows, rows)), 1e-9)[:, None]
    return rows


def _cosines(pixels: NDArray[Any], first: NDArray[np.intp], second: NDArray[np.intp]) -> NDArray[np.float32]:
    """Of pairs of rows."""
    parts = [np.zeros(0, np.float32)]
    for one, other in zip(_parts(first), _parts(second), strict=True):
        parts.append(np.einsum("np,np->n", _directed(pixels[one]), _directed(pixels[other])))
    return np.concatenate(parts)


def _projected(pixels: NDArray[Any]) -> NDArray[np.float32]:
    """The first principal components, float32 `(n, components)`, the largest first.

    Rows in between are left out to find them: any directions would do, and these are nearly the best.
    """
    from threadpoolctl import threadpool_limits

    some = pixels[:: max(1, len(pixels) // _ROWS_ENOUGH)]
    mean = sum(_directed(part).sum(axis=0) for part in _parts(some)) / np.float32(len(some))
    products = sum(part.T @ part for part in (_directed(part) - mean for part in _parts(some)))
    with threadpool_limits(1, "blas"):  # so few numbers: threads wait for one another longer than they compute
        _, directions = np.linalg.eigh(products)
    kept = directions[:, : -_COMPONENTS - 1 : -1]
    projected: NDArray[np.float32] = np.concatenate([_directed(part) @ kept for part in _parts(pixels)]) - mean @ kept
    return projected


def _close_pairs(
    points: NDArray[np.float32], squared_distance: float
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """The rows of all pairs of points that are close, the smaller row first, in blocks."""
    # Along the first component, only points up to the distance ahead can be close: two thirds of all need no look.
    order = np.argsort(points[:, 0], kind="stable")
    points = points[order]
    halves = np.einsum("np,np->n", points, points) / 2
    reach = np.searchsorted(points[:, 0], points[:, 0] + np.float32(squared_distance**0.5 + _ROUNDING), side="right")
    # |a - b|^2 <= d^2 is a b - |b|^2 / 2 + (d^2 - |a|^2) / 2 >= 0: with two more columns, one product says it all.
    ones = np.ones_like(halves)
    right = np.column_stack([points, -halves, ones])
    for start in range(0, len(points), _LEFT_AT_ONCE):
        block = slice(start, start + _LEFT_AT_ONCE)
        left = np.column_stack([points[block], ones[block], np.float32(squared_distance / 2) - halves[block]])
        end = int(reach[block][-1])
        for ahead in range(start, end, _RIGHT_AT_ONCE):
            nearness = left @ right[ahead : min(ahead + _RIGHT_AT_ONCE, end)].T
            one, other = np.divmod(np.flatnonzero(nearness >= -_ROUNDING), nearness.shape[1])
            later = other + ahead > one + start
            first, second = order[one[later] + start], order[other[later] + ahead]
            yield np.minimum(first, second), np.maximum(first, second)

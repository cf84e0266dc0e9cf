"""Images that are nearly the same, which stay together when rows are dealt into folds."""

import numpy as np
from numpy.typing import NDArray

ALIKE = 0.99
"""Cosine of the angle between two images' pixels from which they count as nearly the same: one picture, saved again.

Of the 882 million pairs in the competition's train.csv, one is so much alike. From 0.98 on, straight ones would be; and
at 0.975, more than half of scikit-learn's blurred digits would run together into groups of up to 138.
"""

_COMPONENTS = 10  # with fewer, more pairs must be looked at; with more, a tree finds them no faster than all pairs do
_ROWS_ENOUGH = 5_000
_ROUNDING = 1e-5
_PAIRS_AT_ONCE = 20_000
_WIDEST = 1024  # values a row


def groups(images: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Finds images that are nearly the same, directly or through others between them.

    Distances in the first principal components are never larger than the distances themselves, so only the few pairs
    that are close there are looked at in full: two seconds for 42,000 images.

    Args:
        images: uint8 `(n, height, width)`.

    Returns:
        Integers `(n,)`: for each image, the row of the first image of its group; its own row where it has no like.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    flat = images.reshape(len(images), -1)
    # Exact copies are found by their bytes: a thousand of them would make half a million pairs.
    rows_as_bytes = np.ascontiguousarray(flat).view(np.dtype((np.void, flat.shape[1]))).ravel()
    _, first_rows, copy_of = np.unique(rows_as_bytes, return_index=True, return_inverse=True)
    pixels = _narrowed(flat[first_rows].astype(np.float32))
    pixels /= np.maximum(np.linalg.norm(pixels, axis=1, keepdims=True), 1e-9)
    close = cKDTree(_projected(pixels)).query_pairs((2 - 2 * ALIKE) ** 0.5 + _ROUNDING, output_type="ndarray")
    alike = close[_cosines(pixels, *close.T) >= ALIKE]
    graph = coo_array((np.ones(len(alike), np.int8), tuple(alike.T)), shape=(len(pixels), len(pixels)))
    group = connected_components(graph, directed=False)[1][copy_of]
    _, first_of_group, member = np.unique(group, return_index=True, return_inverse=True)
    return np.asarray(first_of_group[member], np.intp)


def _narrowed(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Large images by 1,024 random sums of their pixels, which keep their angles to a few hundredths.

    Source: W. B. Johnson, J. Lindenstrauss, Extensions of Lipschitz mappings into a Hilbert space, 1984.
    """
    width = pixels.shape[1]
    if width <= _WIDEST:
        return pixels
    sums = np.random.default_rng(0).standard_normal((width, _WIDEST), np.float32) / np.float32(_WIDEST**0.5)
    narrow: NDArray[np.float32] = pixels @ sums
    return narrow


def _cosines(pixels: NDArray[np.float32], first: NDArray[np.intp], second: NDArray[np.intp]) -> NDArray[np.float32]:
    """Of pairs of rows, a slice at a time: many pairs of many pixels would not fit into memory."""
    parts = [np.zeros(0, np.float32)]
    for start in range(0, len(first), _PAIRS_AT_ONCE):
        chosen = slice(start, start + _PAIRS_AT_ONCE)
        parts.append(np.einsum("np,np->n", pixels[first[chosen]], pixels[second[chosen]]))
    return np.concatenate(parts)


def _projected(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """The first principal components, float32 `(n, components)`, the largest first.

    Rows in between are left out to find them: any directions would do, and these are nearly the best.
    """
    centred = pixels - pixels.mean(axis=0)
    some = centred[:: max(1, len(centred) // _ROWS_ENOUGH)]
    _, directions = np.linalg.eigh(some.T @ some)
    projected: NDArray[np.float32] = centred @ directions[:, : -_COMPONENTS - 1 : -1]
    return projected

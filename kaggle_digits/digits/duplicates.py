"""Images that are nearly the same, which stay together when rows are dealt into folds."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

ALIKE = 0.975
"""Cosine of the angle between two images' pixels from which they count as nearly the same.

Of the 882 million pairs in the competition's train.csv, 1,414 are so much alike, all but four of them straight ones.
"""

_COMPONENTS = 48
_AT_ONCE = 1024
_PAIRS_AT_ONCE = 20_000
_WIDEST = 1024  # values a row


def groups(images: "NDArray[np.uint8]") -> "NDArray[np.intp]":
    """Finds images that are nearly the same, directly or through others between them.

    Distances in the first principal components are never larger than the distances themselves, so only the few pairs
    that are close there are looked at in full: some seconds for 42,000 images.

    Args:
        images: uint8 `(n, height, width)`.

    Returns:
        Integers `(n,)`: for each image, the row of the first image of its group; its own row where it has no like.
    """
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    flat = images.reshape(len(images), -1)
    # Exact copies are found by their bytes: a thousand of them would make half a million pairs.
    _, first_rows, copy_of = np.unique(_fingerprints(flat), return_index=True, return_inverse=True)
    pixels = _narrowed(flat[first_rows].astype(np.float32))
    pixels /= np.maximum(np.linalg.norm(pixels, axis=1, keepdims=True), 1e-9)
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


def _fingerprints(flat: "NDArray[np.uint8]") -> "NDArray[np.void]":
    """Each row's bytes as one value."""
    import numpy as np

    return np.ascontiguousarray(flat).view(np.dtype((np.void, flat.shape[1]))).ravel()


def _narrowed(pixels: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """Large images by 1,024 random sums of their pixels, which keep their angles to a few hundredths.

    Source: W. B. Johnson, J. Lindenstrauss, Extensions of Lipschitz mappings into a Hilbert space, 1984.
    """
    import numpy as np

    width = pixels.shape[1]
    if width <= _WIDEST:
        return pixels
    sums = np.random.default_rng(0).standard_normal((width, _WIDEST), np.float32) / np.float32(_WIDEST**0.5)
    narrow: NDArray[np.float32] = pixels @ sums
    return narrow


def _cosines(
    pixels: "NDArray[np.float32]", first: "NDArray[np.intp]", second: "NDArray[np.intp]"
) -> "NDArray[np.float32]":
    """Of pairs of rows, a slice at a time: many pairs of many pixels would not fit into memory."""
    import numpy as np

    parts = [np.zeros(0, np.float32)]
    for start in range(0, len(first), _PAIRS_AT_ONCE):
        chosen = slice(start, start + _PAIRS_AT_ONCE)
        parts.append(np.einsum("np,np->n", pixels[first[chosen]], pixels[second[chosen]]))
    return np.concatenate(parts)


def _projected(pixels: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """The first principal components, float32 `(n, components)`."""
    import numpy as np

    centred = pixels - pixels.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    projected: NDArray[np.float32] = centred @ directions[:, -_COMPONENTS:]
    return projected


def _close_pairs(
    points: "NDArray[np.float32]", squared_distance: float
) -> "Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]":
    """The rows of all pairs of points that are close, the smaller row first, in blocks."""
    import numpy as np

    squares = np.einsum("np,np->n", points, points)
    for start in range(0, len(points), _AT_ONCE):
        block = slice(start, start + _AT_ONCE)
        # What is left of |a|^2 + |b|^2 - 2ab <= d^2, so that the large matrix is gone through only once more.
        nearness = points[block] @ points[start:].T
        nearness -= squares[start:] / 2
        first, second = np.nonzero(nearness >= (squares[block, None] - squared_distance) / 2)
        later = second > first
        yield first[later] + start, second[later] + start

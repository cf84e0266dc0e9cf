"""Images that are nearly the same, which must not stand on both sides of a split."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ALIKE = 0.975
"""Cosine of the angle between two images' pixels from which they count as nearly the same.

Of the 882 million pairs in the competition's train.csv, 1,414 are so much alike, all but four of them straight ones.
"""

_COMPONENTS = 48
_AT_ONCE = 1024


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

    pixels = images.reshape(len(images), -1).astype(np.float32)
    pixels /= np.maximum(np.linalg.norm(pixels, axis=1, keepdims=True), 1)
    parent = np.arange(len(images))
    for first, second in _close_pairs(_projected(pixels), 2 - 2 * ALIKE):
        alike = np.einsum("np,np->n", pixels[first], pixels[second]) >= ALIKE
        for one, other in zip(first[alike].tolist(), second[alike].tolist(), strict=True):
            low, high = sorted((_root(parent, one), _root(parent, other)))
            parent[high] = low
    return np.array([_root(parent, row) for row in range(len(parent))])


def _projected(pixels: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """The first principal components, float32 `(n, components)`."""
    import numpy as np

    centred = pixels - pixels.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    projected: NDArray[np.float32] = centred @ directions[:, -_COMPONENTS:]
    return projected


def _close_pairs(
    points: "NDArray[np.float32]", squared_distance: float
) -> "list[tuple[NDArray[np.intp], NDArray[np.intp]]]":
    """The rows of all pairs of points that are close, the smaller row first, in blocks."""
    import numpy as np

    squares = np.einsum("np,np->n", points, points)
    pairs = []
    for start in range(0, len(points), _AT_ONCE):
        block = slice(start, start + _AT_ONCE)
        # What is left of |a|^2 + |b|^2 - 2ab <= d^2, so that the large matrix is gone through only once more.
        nearness = points[block] @ points[start:].T
        nearness -= squares[start:] / 2
        first, second = np.nonzero(nearness >= (squares[block, None] - squared_distance) / 2)
        later = second > first
        pairs.append((first[later] + start, second[later] + start))
    return pairs


def _root(parent: "NDArray[np.intp]", row: int) -> int:
    while parent[row] != row:
        row = parent[row]
    return int(row)

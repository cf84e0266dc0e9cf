"""From a picture to the ink on it: which side is ink, and what is left once the light on the paper is taken away."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_THUMB = 128  # pixels of the longer side; light on paper needs no more
_GREYS = 32  # steps of grey in which the paper's grey is counted
_BORDER_WORTH = 0.5  # the border's share in that count: in a tight crop, ink may be the most of the rest
WINDOWS = (0.10, 0.18, 0.32)
"""Shares of the longer side within which paper is looked for around ink; the last is wider than any stroke."""

_DARKEST_PAPER = 0.12  # paper darker than this, of 1, is as good as black: what lies on it cannot be read
_CLEARER = 1.4  # so many times the contrast of the greys makes one colour channel the better one to look at
_SIGMAS_FROM_5_TO_30 = 1.12  # of a normal distribution, between these percentiles
_COLOURED = 24  # steps between a pixel's channels, from which a picture is called coloured


@dataclass(frozen=True, eq=False)
class Inked:
    """A picture as ink on evenly lit paper.

    Attributes:
        amount: float32 `(height, width)`, 0 is paper and 1 is the darkest that ink could be; noise goes below 0.
        noise: the standard deviation of the paper in it.
        is_dark: whether the picture had dark ink on light paper.
    """

    amount: "NDArray[np.float32]"
    noise: float
    is_dark: bool


def ink(picture: "NDArray[np.uint8]", window: float = WINDOWS[-1]) -> Inked:
    """Finds the ink of a picture, whatever its colours, its light and its polarity.

    Args:
        picture: uint8 `(height, width)` or `(height, width, 3)`, 0 is black and 255 is white.
        window: one of `WINDOWS`; a stroke wider than that is taken for paper.

    Returns:
        The ink, of the picture's height and width.
    """
    import numpy as np

    greys = clearest(picture)
    is_dark = _is_dark_ink(_thumb(greys))
    dark = greys if is_dark else 255 - greys
    paper = _paper(dark, window)
    amount = (paper - dark) / np.maximum(paper, _DARKEST_PAPER * 255) if is_dark else (paper - dark) / 255
    amount = amount.astype(np.float32)
    # Most of a picture is paper; of a bold digit without any margin, more than a third still is.
    low, level = np.percentile(amount[:: 1 + amount.shape[0] // 400, :: 1 + amount.shape[1] // 400], (5, 30))
    return Inked((amount - level).astype(np.float32), float(level - low) / _SIGMAS_FROM_5_TO_30, is_dark)


def clearest(picture: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
    """The greys, or the colour channel on which the ink shows much better: yellow on white shows on blue alone."""
    import numpy as np
    from PIL import Image

    if picture.ndim == 2:
        return picture
    greys = np.asarray(Image.fromarray(picture).convert("L"))
    thumbs = _thumb(picture).astype(np.int16)
    if int((thumbs.max(axis=2) - thumbs.min(axis=2)).max()) < _COLOURED:
        return greys
    contrasts = [_contrast(thumbs[:, :, channel].astype(np.uint8)) for channel in range(3)]
    best = int(np.argmax(contrasts))
    return picture[:, :, best] if contrasts[best] > _CLEARER * _contrast(_thumb(greys)) else greys


def _contrast(thumb: "NDArray[np.uint8]") -> float:
    import numpy as np

    residual = thumb - _smooth_light(thumb)
    return float(np.percentile(np.abs(residual), 99.5))


def _thumb(picture: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
    import numpy as np
    from PIL import Image

    height, width = picture.shape[:2]
    scale = min(1.0, _THUMB / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX))


def _smooth_light(thumb: "NDArray[np.uint8]") -> "NDArray[np.float64]":
    """The light as a polynomial of second degree, fitted so that ink, being the smaller part, hardly counts.

    Source: iteratively reweighted least squares for absolute deviations.
    """
    import numpy as np

    height, width = thumb.shape
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1).reshape(-1, 6)
    step = 1 + terms.shape[0] // 2000
    some, greys = terms[::step], thumb.reshape(-1)[::step].astype(np.float64)
    weights = np.ones(len(greys))
    for _ in range(6):
        weighted = some * weights[:, None]
        # A little is added to the diagonal: a picture one pixel wide leaves most terms undetermined.
        factors = np.linalg.solve(weighted.T @ some + 1e-3 * np.eye(6), weighted.T @ greys)
        weights = 1 / np.maximum(np.abs(some @ factors - greys), 2.0)
    return np.asarray((terms @ factors).reshape(height, width), np.float64)


def _is_dark_ink(thumb: "NDArray[np.uint8]") -> bool:
    """Ink is on that side of the paper's grey, once the light is even, to which the picture reaches further."""
    import numpy as np

    residual = thumb - _smooth_light(thumb)
    border = np.concatenate([residual[0], residual[-1], residual[:, 0], residual[:, -1]])
    edges = np.linspace(residual.min() - 1, residual.max() + 1, _GREYS + 1)
    everywhere, around = (np.histogram(part, edges)[0] / part.size for part in (residual, border))
    place = int(np.argmax((1 - _BORDER_WORTH) * everywhere + _BORDER_WORTH * around))
    paper = (edges[place] + edges[place + 1]) / 2
    return bool(paper - residual.min() >= residual.max() - paper)


def _paper(dark: "NDArray[np.uint8]", share: float) -> "NDArray[np.float32]":
    """The light on the paper: a closing fills every dark stroke with the paper beside it, and keeps hard shadows."""
    import numpy as np
    from PIL import Image
    from scipy import ndimage

    thumb = ndimage.gaussian_filter(_thumb(dark).astype(np.float32), 0.7)
    window = max(3, int(share * max(thumb.shape)) | 1)
    closed = ndimage.grey_closing(thumb, size=(window, window), mode="nearest")
    closed = ndimage.gaussian_filter(closed, 1.0)
    size = dark.shape[1], dark.shape[0]
    return np.asarray(Image.fromarray(closed).resize(size, Image.Resampling.BILINEAR))

"""From a picture to the ink on it: which side is ink, and what is left once the light on the paper is taken away."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kaggle_digits.photos import filters

THUMB = 128  # pixels of the longer side; light on paper needs no more
SMALLER = 48  # pixels of the longer side, enough for the second degree of a polynomial
GREYS = 32  # steps of grey in which the paper's grey is counted
BORDER_WORTH = 0.5  # the border's share in that count: in a tight crop, ink may be the most of the rest
CHALK = 0.6  # of how far the picture reaches to the bright side, what it reaches to the dark side where ink is chalk
WINDOWS = (0.06, 0.10, 0.18, 0.32)
"""Shares of the longer side within which paper is looked for around ink; the last is wider than any stroke."""

EVEN, MOSTLY = 10, 0.7  # steps of grey, and the share of the border that must lie so near to its median
STRONG = 0.88  # of the darkest ink: strokes are darker than that, and shadows hardly ever
DARKEST = 12  # pixels of a thumb that may be darker than the darkest ink: dirt
STILL_DARK, SURVIVING = 0.6, 0.99  # of its darkness, and of the strong ink, that a wide enough window must keep
DARKEST_PAPER = 0.12  # paper darker than this, of 1, is as good as black: what lies on it cannot be read
CLEARER = 1.4  # so many times the contrast of the greys makes one colour channel the better one to look at
SIGMAS_FROM_5_TO_30 = 1.12  # of a normal distribution, between these percentiles
COLOURED = 24  # steps between a pixel's channels, from which a picture is called coloured
SAMPLED, DARKER, LIGHTER = 20_000, 5, 30  # pixels from which the noise is taken, and the percentiles
CONTRAST = 99.5  # percentile of what differs from the light
TURNS, LEAST_WEIGHED, RIDGE = 6, 2.0, 1e-3  # of the fit of the light: how often, greys off, and on the diagonal
STEP, STEEP = 5, 0.3  # pixels of a thumb, within which the light changes by such a share where a shadow ends sharply
PARTS = 64  # of a grey, in which paper is looked for
GRAIN, SOFTENED = 0.7, 1.0  # pixels of a thumb, of standard deviation, before paper is looked for and after


@dataclass(frozen=True, eq=False)
class Inked:
    """A picture as ink on evenly lit paper.

    Attributes:
        amount: float32 `(height, width)`, 0 is paper and 1 is the darkest that ink could be; noise goes below 0.
        greys: uint8 `(height, width)`, the picture as it was, with ink darker than paper.
        noise: the standard deviation of the paper in it.
        is_dark: whether the picture had dark ink on light paper.
    """

    amount: NDArray[np.float32]
    greys: NDArray[np.uint8]
    noise: float
    is_dark: bool


def ink(picture: Image.Image) -> Inked:
    """Finds the ink of a picture, whatever its colours, its light and its polarity: of the picture's height and width.

    Args:
        picture: of mode L or RGB.
    """
    greys = clearest(picture)
    is_dark = _is_dark_ink(shrunk(greys, SMALLER))
    dark = np.asarray(greys) if is_dark else 255 - np.asarray(greys)
    light, window = _paper(shrunk(Image.fromarray(dark), THUMB), is_dark)
    soft = Image.fromarray(filters.gaussian(light, SOFTENED))
    paper = np.array(soft.resize(picture.size, Image.Resampling.BILINEAR))
    _sharpen(paper, light, dark, window)
    amount = _share(paper, dark, is_dark)
    # Most of a picture is paper; of a bold digit without any margin, more than a third still is.
    step = max(1, int((amount.size / SAMPLED) ** 0.5))
    low, level = filters.percentile(amount[::step, ::step].ravel(), DARKER, LIGHTER)
    amount -= level
    return Inked(amount, dark, float(level - low) / SIGMAS_FROM_5_TO_30, is_dark)


def clearest(picture: Image.Image) -> Image.Image:
    """The greys, or the colour channel on which the ink shows much better: yellow on white shows on blue alone."""
    greys = picture.convert("L")
    if picture.mode == "L":
        return greys
    channels = shrunk(picture, SMALLER).transpose(2, 0, 1)
    if int((channels.max(axis=0) - channels.min(axis=0)).max()) < COLOURED:
        return greys
    seen = np.stack([*channels, shrunk(greys, SMALLER)])
    *contrasts, plain = filters.percentile(np.abs(seen - _smooth_light(seen)).reshape(4, -1), CONTRAST)
    best = int(np.argmax(contrasts))
    return picture.getchannel(best) if contrasts[best] > CLEARER * plain else greys


def _share(
    paper: NDArray[np.float32], dark: NDArray[np.uint8] | NDArray[np.float32], is_dark: bool
) -> NDArray[np.float32]:
    """How much of the paper's light is missing, of 1: ink swallows a share of it, and chalk adds to none."""
    most = np.maximum(paper, np.float32(DARKEST_PAPER * 255)) if is_dark else np.float32(255)
    return np.asarray((paper - dark) / most, np.float32)


def shrunk(picture: Image.Image, longest: int) -> NDArray[np.uint8]:
    """A picture with no more pixels than that on its longer side: uint8 `(height, width)` or `(height, width, 3)`."""
    scale = min(1.0, longest / max(picture.size))
    width, height = (max(1, round(side * scale)) for side in picture.size)
    return np.asarray(picture.resize((width, height), Image.Resampling.BOX))


def _smooth_light(thumb: NDArray[Any]) -> NDArray[np.float64]:
    """The light as a polynomial of second degree, fitted so that ink, being the smaller part, hardly counts.

    Source: iteratively reweighted least squares for absolute deviations.

    Args:
        thumb: `(height, width)`, or several of them, `(n, height, width)`.
    """
    terms = _terms(*thumb.shape[-2:])
    greys = thumb.reshape(*thumb.shape[:-2], -1, 1).astype(np.float64)
    weights = np.ones_like(greys)
    for _ in range(TURNS):
        weighted = (terms * weights).swapaxes(-1, -2)
        # A little is added to the diagonal: a picture one pixel wide leaves most terms undetermined.
        factors = np.linalg.solve(weighted @ terms + RIDGE * np.eye(6), weighted @ greys)
        fitted = terms @ factors
        weights = 1 / np.maximum(np.abs(fitted - greys), LEAST_WEIGHED)
    return np.asarray(fitted.reshape(thumb.shape), np.float64)


@lru_cache(maxsize=64)
def _terms(height: int, width: int) -> NDArray[np.float64]:
    """Float64 `(height * width, 6)`: the terms of a polynomial of second degree at every pixel."""
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1).reshape(-1, 6)


def _is_dark_ink(thumb: NDArray[np.uint8]) -> bool:
    """Ink is on that side of the paper's grey, once the light is even, to which the picture reaches further."""
    around = _border(thumb)
    even = np.abs(around - filters.percentile(around, 50)) <= EVEN
    # Light that is even at the border is not taken away: of a digit that fills its picture, it would take the ink.
    residual = thumb.astype(np.float64) if even.mean() >= MOSTLY else thumb - _smooth_light(thumb)
    border = _border(residual)
    edges = np.linspace(residual.min() - 1, residual.max() + 1, GREYS + 1)
    everywhere, around = (np.histogram(part, edges)[0] / part.size for part in (residual, border))
    place = int(np.argmax((1 - BORDER_WORTH) * everywhere + BORDER_WORTH * around))
    paper = (edges[place] + edges[place + 1]) / 2
    return bool(paper - residual.min() >= CHALK * (residual.max() - paper))


def _border(picture: NDArray[Any]) -> NDArray[np.float64]:

    return np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]]).astype(np.float64)


def _paper(thumb: NDArray[np.uint8], is_dark: bool) -> tuple[NDArray[np.float32], float]:
    """The light on the paper, looked for as near to the strokes as their width allows: float32, the thumb's shape;
    and the window.

    A narrow window follows the edge of a shadow; but a stroke wider than the window would be taken for paper. So it is
    the narrowest one through which the strong ink still looks as dark as through the widest.
    """
    smoothed = filters.gaussian(thumb.astype(np.float32), GRAIN)
    widest = _closed(smoothed, WINDOWS[-1])
    dark = _share(widest, smoothed, is_dark)
    darkest = float(np.sort(dark, axis=None)[-min(DARKEST, dark.size)])
    strong = dark > STRONG * darkest
    if darkest <= 0 or not strong.any():
        return widest, WINDOWS[-1]
    for window in WINDOWS[:-1]:
        closed = _closed(smoothed, window)
        kept = _share(closed, smoothed, is_dark)[strong] > STILL_DARK * dark[strong]
        if kept.mean() >= SURVIVING:
            return closed, window
    return widest, WINDOWS[-1]


def _sharpen(paper: NDArray[np.float32], light: NDArray[np.float32], dark: NDArray[np.uint8], window: float) -> None:
    """Looks at all pixels where light ends as sharply as a shadow may: `paper` is changed in place there.

    Args:
        paper: float32 `(height, width)`, ``light` enlarged.
        light: float32, of a thumb.
        dark: uint8 `(height, width)`, the picture, its ink darker than paper.
        window: the share of the longer side within which paper is looked for.
    """
    brightest = filters.highest(light, STEP, 0, 1)
    is_edge = brightest - filters.lowest(light, STEP, 0, 1) > STEEP * np.maximum(brightest, 1)
    if is_edge.any():
        share = Image.fromarray(is_edge.astype(np.float32)).resize(paper.shape[::-1], Image.Resampling.BILINEAR)
        paper += np.asarray(share) * (_closed(filters.gaussian(dark.astype(np.float32), GRAIN), window) - paper)


def _closed(picture: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """A closing fills every dark stroke with the paper beside it, and keeps the edges of shadows.

    Beyond the picture's edges it goes on as it ends there: a shadow's corner may be narrower than the window.
    """
    window = max(3, int(share * max(picture.shape)) | 1)
    spare = window // 2
    # Small whole numbers are compared five times as fast.
    wide = np.pad((PARTS * picture).round().astype(np.uint16), spare, "edge")
    closed = filters.lowest(filters.highest(wide, window, 0, 1), window, 0, 1)[spare:-spare, spare:-spare]
    return np.asarray(closed / np.float32(PARTS), np.float32)

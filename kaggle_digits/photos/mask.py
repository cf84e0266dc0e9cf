"""Which pixels are ink: a threshold that follows ink and noise."""

from typing import TYPE_CHECKING

from kaggle_digits.photos.paper import Inked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SMOOTHED = 0.8  # pixels of standard deviation; evens out noise and the blocks of JPEG
_NOISY, _VERY_NOISY = 0.01, 0.03  # of black on white; quieter pictures keep their own edges
_REACH = 2.0  # standard deviations, at which the smoothing is cut off
_FAINTEST = 0.08  # of black on white; less contrast than this is no ink, however quiet the paper
_SIGMAS = 6.0  # of noise that ink stands out by
_LOW, _HIGH = 0.30, 0.50  # of the ink's darkness: a stroke reaches down to the first where it has some of the second


def smooth(inked: Inked) -> "NDArray[np.float32]":
    """Ink with the noise evened out: float32 `(height, width)`."""
    import numpy as np
    from scipy import ndimage

    if inked.noise < _NOISY:
        return inked.amount
    strength = _SMOOTHED if inked.noise < _VERY_NOISY else 1.6 * _SMOOTHED
    smoothed: NDArray[np.float32] = ndimage.gaussian_filter(inked.amount, strength, truncate=_REACH)
    return smoothed


def darkness(smoothed: "NDArray[np.float32]", noise: float) -> float:
    """How dark the ink is, of 1; 0 where there is none.

    Of all that stands out from the noise, Otsu's threshold parts rules, stains and soft edges from the strokes.

    Source: N. Otsu, A Threshold Selection Method from Gray-Level Histograms, 1979.
    """
    import numpy as np

    floor = max(_FAINTEST, _SIGMAS * noise / 2)
    dark = smoothed[smoothed > floor]
    if len(dark) < 3:
        return 0.0
    counts, edges = np.histogram(dark, 64)
    middles = (edges[:-1] + edges[1:]) / 2
    below, sums = np.cumsum(counts), np.cumsum(counts * middles)
    above = below[-1] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    upper = slice(int(np.nan_to_num(apart).argmax()) + 1, None)
    ink = float((counts[upper] * middles[upper]).sum() / max(1, counts[upper].sum()))
    return ink if ink > max(_FAINTEST, 0.75 * _SIGMAS * noise) else 0.0


def low(smoothed: "NDArray[np.float32]", ink: float) -> "NDArray[np.bool_]":
    """What may belong to a stroke: bool `(height, width)`."""
    return smoothed > max(_LOW * ink, _FAINTEST / 2)


def high(smoothed: "NDArray[np.float32]", ink: float) -> "NDArray[np.bool_]":
    """What is ink for certain: bool `(height, width)`."""
    return smoothed > _HIGH * ink

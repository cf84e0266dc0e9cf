"""Which pixels are ink: a threshold that follows ink and noise."""

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.photos import filters
from kaggle_digits.photos.paper import Inked

SMOOTHED, MORE = 0.8, 1.28  # pixels of standard deviation; evens out noise and the blocks of JPEG
NOISY, VERY_NOISY = 0.01, 0.03  # of black on white; quieter pictures keep their own edges
REACH = 2.0  # standard deviations, at which the smoothing is cut off
BINS, ONE_GREY = 64, 1e-3  # of the histogram; and of black on white, less than a grey of 256
FEWEST = 3  # pixels that ink has
FAINTEST = 0.08  # of black on white; less contrast than this is no ink, however quiet the paper
DARK, CONVINCING = 3.0, 4.5  # times the noise, that a dark pixel stands out by, and ink in the mean
LOW, HIGH = 0.30, 0.50  # of the ink's darkness: a stroke reaches down to the first where it has some of the second


def smooth(inked: Inked) -> NDArray[np.float32]:
    """Ink with the noise evened out: float32 `(height, width)`."""
    if inked.noise < NOISY:
        return inked.amount
    strength = SMOOTHED if inked.noise < VERY_NOISY else MORE
    return filters.gaussian(inked.amount, strength, REACH)


def darkness(smoothed: NDArray[np.float32], noise: float) -> float:
    """How dark the ink is, of 1; 0 where there is none.

    Of all that stands out from the noise, Otsu's threshold parts rules, stains and soft edges from the strokes.

    Source: N. Otsu, A Threshold Selection Method from Gray-Level Histograms, 1979.
    """
    floor = max(FAINTEST, DARK * noise)
    dark = smoothed[smoothed > floor].astype(np.float64)
    if len(dark) < FEWEST:
        return 0.0
    lightest, darkest = float(dark.min()), float(dark.max())
    if darkest - lightest < ONE_GREY:
        # There is nothing to part, and no room for bins between two neighbouring floats.
        return darkest if darkest > max(FAINTEST, CONVINCING * noise) else 0.0
    counts, edges = np.histogram(dark, BINS, (lightest, darkest))
    middles = (edges[:-1] + edges[1:]) / 2
    upper = middles > parting(counts, edges)
    ink = float((counts[upper] * middles[upper]).sum() / max(1, counts[upper].sum()))
    return ink if ink > max(FAINTEST, CONVINCING * noise) else 0.0


def parting(counts: NDArray[np.intp], edges: NDArray[np.float64]) -> float:
    """Otsu's threshold, which parts what is counted into two so that each is as much alike as can be.

    Args:
        counts: int `(bins,)`.
        edges: float64 `(bins + 1,)`.
    """
    middles = (edges[:-1] + edges[1:]) / 2
    below, sums = np.cumsum(counts), np.cumsum(counts * middles)
    above = below[-1] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(edges[int(np.nan_to_num(apart).argmax()) + 1])


def low(smoothed: NDArray[np.float32], ink: float) -> NDArray[np.bool_]:
    """What may belong to a stroke: bool `(height, width)`."""
    return smoothed > max(LOW * ink, FAINTEST / 2)

"""Which pixels are ink: a threshold that follows ink and noise, and no printed rules."""

from typing import TYPE_CHECKING

from kaggle_digits.photos.paper import Inked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SMOOTHED = 0.8  # pixels of standard deviation; evens out noise and the blocks of JPEG
_FAINTEST = 0.08  # of black on white; less contrast than this is no ink, however quiet the paper
_SIGMAS = 6.0  # of noise that ink stands out by
_LOW, _HIGH = 0.30, 0.50  # of the ink's darkness: a stroke reaches down to the first where it has some of the second
_RULE = 0.30  # of the picture's longer side: what is straight for so long is a rule
_STEEPEST = 12.0  # degrees by which rules may lean
_RULE_FILLED = 0.6  # of a rule's pixels that must be dark
_RULE_SEEN = 0.4  # of the width, in one row of a thumb, without which there is no rule to look for
_RULE_WIDTH = 0.02  # of the picture's longer side, at most


def smooth(inked: Inked) -> "NDArray[np.float32]":
    """Ink with the noise evened out: float32 `(height, width)`."""
    import numpy as np
    from scipy import ndimage

    strength = _SMOOTHED if inked.noise < 0.03 else 1.6 * _SMOOTHED
    smoothed: NDArray[np.float32] = ndimage.gaussian_filter(inked.amount, strength)
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
    return float((counts[upper] * middles[upper]).sum() / max(1, counts[upper].sum()))


def ink_mask(smoothed: "NDArray[np.float32]", noise: float) -> "tuple[NDArray[np.bool_], float]":
    """Which pixels are ink, bool `(height, width)`, and how dark the ink is, of 1; all False and 0 where none is."""
    import numpy as np

    ink = darkness(smoothed, noise)
    if ink <= max(_FAINTEST, 0.75 * _SIGMAS * noise):
        return np.zeros(smoothed.shape, np.bool_), 0.0
    low = smoothed > max(_LOW * ink, _FAINTEST / 2)
    clean = low & ~rules(low)
    return _reaching(clean, smoothed > _HIGH * ink), ink


def _reaching(low: "NDArray[np.bool_]", high: "NDArray[np.bool_]") -> "NDArray[np.bool_]":
    """The connected parts of `low` that have a pixel of `high`."""
    import numpy as np
    from scipy import ndimage

    parts, count = ndimage.label(low, np.ones((3, 3)))
    kept = np.zeros(count + 1, np.bool_)
    kept[np.unique(parts[high & low])] = True
    kept[0] = False
    return np.asarray(kept[parts], np.bool_)


def rules(mask: "NDArray[np.bool_]") -> "NDArray[np.bool_]":
    """The pixels of printed lines, level or upright or leaning a little, without those where strokes cross them."""
    import numpy as np

    found = _level_rules(mask)
    found |= _level_rules(np.ascontiguousarray(mask.T)).T
    return found


def _level_rules(mask: "NDArray[np.bool_]") -> "NDArray[np.bool_]":
    import numpy as np
    from scipy import ndimage

    height, width = mask.shape
    length = int(_RULE * max(mask.shape))
    nothing = np.zeros(mask.shape, np.bool_)
    if width < max(2 * length, 60) or not mask.any():
        return nothing
    slope = _slope(mask)
    if slope is None:
        return nothing
    shifts = np.round(slope * (np.arange(width) - width / 2)).astype(np.intp)
    rows = (np.arange(height)[:, None] + shifts) % height
    columns = np.arange(width)[None]
    level = mask[rows, columns]
    thick = max(2, round(_RULE_WIDTH * max(mask.shape)))
    runs = _upright_runs(level)
    thin = level & (runs <= thick)
    # A rule that waves a little is still one: rows are widened by one before they are averaged.
    widened = ndimage.maximum_filter1d(thin, 3, axis=0)
    filled = ndimage.uniform_filter1d(widened.astype(np.float32), length, axis=1, mode="constant")
    on_rule = ndimage.maximum_filter1d(filled > _RULE_FILLED, length, axis=1)
    nothing[rows, columns] = thin & on_rule & _across(on_rule, widened)[:, None]
    return nothing


def _across(on_rule: "NDArray[np.bool_]", dark: "NDArray[np.bool_]") -> "NDArray[np.bool_]":
    """The rows where rules run from one side of the picture to the other; none where there is but one such rule."""
    import numpy as np
    from scipy import ndimage

    width = on_rule.shape[1]
    near = 2 * (1 + width // 150) + 1
    found = ndimage.maximum_filter1d(on_rule & dark, near, axis=0)
    side = max(2, width // 12)
    reaching = (found.mean(axis=1) > _RULE_FILLED) & found[:, :side].any(axis=1) & found[:, -side:].any(axis=1)
    _, count = ndimage.label(reaching)
    return reaching if count > 1 else np.zeros_like(reaching)


def _upright_runs(mask: "NDArray[np.bool_]") -> "NDArray[np.int32]":
    """For every pixel of the mask, how many of the mask lie above and below it without a gap, itself counted."""
    import numpy as np

    height = len(mask)
    places = np.arange(height, dtype=np.int32)[:, None]
    before = np.maximum.accumulate(np.where(mask, -1, places), axis=0)
    after = np.minimum.accumulate(np.where(mask, height, places)[::-1], axis=0)[::-1]
    return (after - before - 1).astype(np.int32)


def _slope(mask: "NDArray[np.bool_]") -> float | None:
    """The slope at which rows are fullest, if any is full enough to be a rule."""
    import numpy as np

    step = 1 + max(mask.shape) // 256
    small = np.logical_or.reduce([mask[start::step, ::step][: len(mask) // step] for start in range(step)])
    _height, width = small.shape
    y, x = np.nonzero(small)
    if len(y) > 0.6 * small.size:
        return None
    best, fullest = None, 0.0
    for degrees in np.arange(-_STEEPEST, _STEEPEST + 0.1, 0.5):
        slope = float(np.tan(np.radians(degrees)))
        counts = np.bincount(np.round(y - slope * (x - width / 2)).astype(np.intp) + width, minlength=1)
        if counts.max() > fullest:
            best, fullest = slope, float(counts.max())
    return best if fullest > _RULE_SEEN * width else None

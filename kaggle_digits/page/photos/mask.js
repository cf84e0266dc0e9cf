// Which pixels are ink: a threshold that follows ink and noise.
"use strict";

const mask = (() => {
  const { map, gaussian } = filters;
  const { sum, histogram, range, indexOfHighest } = numbers;
  const SMOOTHED = 0.8, NOISY = 0.01, VERY_NOISY = 0.03, REACH = 2;
  const FAINTEST = 0.08, SIGMAS = 6, LOW = 0.30, HIGH = 0.50, BINS = 64;

  function smooth({ amount, noise }) {
    if (noise < NOISY) return amount;
    return gaussian(amount, noise < VERY_NOISY ? SMOOTHED : 1.6 * SMOOTHED, REACH);
  }

  function darkness(smoothed, noise) {
    const floor = Math.max(FAINTEST, (SIGMAS * noise) / 2);
    const dark = smoothed.values.filter((value) => value > floor);
    if (dark.length < 3) return 0;
    let [low, high] = range(dark);
    if (low === high) [low, high] = [low - 0.5, high + 0.5];  // as numpy.histogram
    const counts = histogram(dark, low, high, BINS);
    const sums = counts.map((count, at) => count * (low + ((at + 0.5) * (high - low)) / BINS));
    const upper = apart(counts, sums) + 1;
    const ink = sum(sums.subarray(upper)) / Math.max(1, sum(counts.subarray(upper)));
    return ink > Math.max(FAINTEST, 0.75 * SIGMAS * noise) ? ink : 0;
  }

  // Otsu's threshold: the bin up to which the dark is parted best from the rest.
  function apart(counts, sums) {
    const [all, total] = [sum(counts), sum(sums)];
    let [below, lower] = [0, 0];
    return indexOfHighest(counts.map((count, at) => {
      [below, lower] = [below + count, lower + sums[at]];
      const above = all - below;
      return below && above ? below * above * (lower / below - (total - lower) / above) ** 2 : 0;
    }));
  }

  const above = (smoothed, threshold) => map(smoothed, (value) => Number(value > threshold), Uint8Array);
  const low = (smoothed, ink) => above(smoothed, Math.max(LOW * ink, FAINTEST / 2));
  const high = (smoothed, ink) => above(smoothed, HIGH * ink);

  return { smooth, darkness, low, high };
})();

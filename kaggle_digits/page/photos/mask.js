// Which pixels are ink: a threshold that follows ink and noise.
"use strict";

const mask = (() => {
  const { map, gaussian } = filters;
  const { sum, histogram, range, indexOfHighest } = numbers;
  const {
    SMOOTHED, MORE, NOISY, VERY_NOISY, REACH, BINS, ONE_GREY, FEWEST, FAINTEST, DARK, CONVINCING, LOW, HIGH,
  } = constants.mask;

  function smooth({ amount, noise }) {
    if (noise < NOISY) return amount;
    return gaussian(amount, noise < VERY_NOISY ? SMOOTHED : MORE, REACH);
  }

  function darkness(smoothed, noise) {
    const floor = Math.max(FAINTEST, DARK * noise);
    const dark = smoothed.values.filter((value) => value > floor);
    if (dark.length < FEWEST) return 0;
    const [low, high] = range(dark);
    const isInk = (ink) => (ink > Math.max(FAINTEST, CONVINCING * noise) ? ink : 0);
    if (high - low < ONE_GREY) return isInk(high);
    const counts = histogram(dark, low, high, BINS);
    const sums = middles(counts, low, high);
    const upper = parting(counts, low, high) + 1;
    const ink = sum(sums.subarray(upper)) / Math.max(1, sum(counts.subarray(upper)));
    return isInk(ink);
  }

  // Otsu's threshold: the bin up to which what is counted is parted best from the rest.
  function parting(counts, lowest, highest) {
    const sums = middles(counts, lowest, highest);
    const [all, total] = [sum(counts), sum(sums)];
    let [below, lower] = [0, 0];
    return indexOfHighest(counts.map((count, at) => {
      [below, lower] = [below + count, lower + sums[at]];
      const above = all - below;
      return below && above ? below * above * (lower / below - (total - lower) / above) ** 2 : 0;
    }));
  }

  // Every count times the middle of its bin.
  const middles = (counts, lowest, highest) =>
    counts.map((count, at) => count * (lowest + ((at + 0.5) * (highest - lowest)) / counts.length));

  const above = (smoothed, threshold) => map(smoothed, (value) => Number(value > threshold), Uint8Array);
  const low = (smoothed, ink) => above(smoothed, Math.max(LOW * ink, FAINTEST / 2));
  const high = (smoothed, ink) => above(smoothed, HIGH * ink);

  return { smooth, darkness, parting, low, high };
})();

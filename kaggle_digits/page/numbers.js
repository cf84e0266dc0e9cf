// What the photo treatment asks of Python and NumPy, for numbers and lists of them.
"use strict";

const numbers = (() => {
  const clip = (value, low = 0, high = 1) => Math.min(high, Math.max(low, value));
  const sum = (values) => values.reduce((total, value) => total + value, 0);

  // Python's and NumPy's round: a half goes to the even side.
  function rounded(value) {
    const near = Math.round(value);
    return near - value === 0.5 && near % 2 ? near - 1 : near;
  }

  const sorted = (values) => Float64Array.from(values).sort();

  // numpy.percentile of sorted values, between two in proportion.
  function percentile(ordered, share) {
    const place = (share / 100) * (ordered.length - 1);
    const first = Math.floor(place);
    const next = Math.min(first + 1, ordered.length - 1);
    return ordered[first] + (place - first) * (ordered[next] - ordered[first]);
  }

  const median = (values) => percentile(sorted(values), 50);

  function histogram(values, low, high, bins) {
    const counts = new Float64Array(bins);
    for (const value of values) counts[Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins))]++;
    return counts;
  }

  function range(values) {
    let [low, high] = [Infinity, -Infinity];
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    return [low, high];
  }

  function indexOfHighest(values) {
    let best = 0;
    for (let place = 1; place < values.length; place++) if (values[place] > values[best]) best = place;
    return best;
  }

  return { clip, sum, rounded, sorted, percentile, median, histogram, range, indexOfHighest };
})();

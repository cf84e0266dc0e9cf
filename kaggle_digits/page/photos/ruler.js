// What is large and what is small in a line, and where: measured by the line's digits.
"use strict";

const ruler = (() => {
  const { clip, sum, sorted, percentile } = numbers;
  const { STEEPEST, TALL } = constants.ruler;

  // Measures an extent by a line's digits: its width and height, and how far its middle is below the line's.
  function of(line, height) {
    const large = [...new Set(line.map(({ piece }) => piece))].filter((piece) => !piece.isSmall);
    const sized = (high) => ([left, top, right, bottom]) => [(right - left) / high, (bottom - top) / high];
    if (!large.length) return { size: sized(height), offset: () => 0 };
    const across = large.map(({ left, right }) => (left + right) / 2);
    const middles = large.map(({ top, bottom }) => (top + bottom) / 2);
    const tall = percentile(sorted(large.map(({ top, bottom }) => bottom - top)), TALL);
    const high = large.length === 1 ? Math.max(tall, height) : tall;
    const [centre, middle] = [across, middles].map((places) => sum(places) / places.length);
    const spread = across.map((x) => x - centre);
    const steep = sum(spread.map((x, at) => x * middles[at])) / Math.max(1, sum(spread.map((x) => x * x)));
    const slope = clip(steep, -STEEPEST, STEEPEST);
    const offset = ([left, top, right, bottom]) =>
      ((top + bottom) / 2 - middle - slope * ((left + right) / 2 - centre)) / high;
    return { size: sized(high), offset };
  }

  return { of };
})();

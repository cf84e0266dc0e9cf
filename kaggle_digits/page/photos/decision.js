// Which way of reading a picture is the likeliest, and whether it is likely at all.
"use strict";

const decision = (() => {
  const { sum, median, indexOfHighest } = numbers;
  const { leastProbability } = plausible;
  const { NEVER, MOST_TOUCHING, FEWEST_STROKES, CLOSEST, UNLIKELY_COST, LEAST } = constants.decision;

  // Lines of digits, each with probabilities, box, image and isSure.
  function decide(laid, answers) {
    const leasts = laid.spans.map(({ ink }) => (laid.isWhole ? 0 : leastProbability(ink)));
    const areOne = new Set(laid.spans.map(({ piece }) => piece)).size === 1;
    const scores = laid.spans.map(({ cost, first, after }, place) => {
      const highest = Math.max(...answers[place]);
      // A lone piece that is no digit is a scribble, rather than several digits that touch.
      const isLone = areOne && after - first === sum(laid.lines);
      return Math.log(Math.max(highest, LEAST)) - cost - (!isLone && highest < leasts[place] ? UNLIKELY_COST : 0);
    });
    const lines = laid.lines.map((slices, number) => {
      const numbers = [...laid.spans.keys()].filter((place) => laid.spans[place].line === number);
      const chosen = bestPath(slices, numbers, laid.spans, scores).map((place) => ({ ...laid.spans[place], place }));
      return chosen.map(({ place, box, image, piece }) => {
        const touching = chosen.filter((other) => other.piece === piece).length;
        const least = touching > MOST_TOUCHING ? NEVER : leasts[place];
        const isSure = laid.isWhole || Math.max(...answers[place]) >= least;
        return { probabilities: answers[place], box, image, isSure };
      });
    });
    return isHatching(lines) ? lines.map((line) => line.map((digit) => ({ ...digit, isSure: false }))) : lines;
  }

  function isHatching(lines) {
    const digits = lines.flat();
    const areOnes = digits.every(({ probabilities }) => indexOfHighest(probabilities) === 1);
    if (digits.length < FEWEST_STROKES || !areOnes) return false;
    const steps = lines.flatMap((line) => line.slice(1).map(({ box }, place) => box[0] - line[place].box[0]));
    return steps.length > 0 && median(steps) < CLOSEST * median(digits.map(({ box }) => box[3] - box[1]));
  }

  // The spans that cover all slices of a line with the greatest sum of scores.
  function bestPath(slices, numbers, spans, scores) {
    const reached = Array.from({ length: slices + 1 }, () => [-Infinity, []]);
    reached[0] = [0, []];
    for (const place of [...numbers].sort((one, other) => spans[one].first - spans[other].first)) {
      const { first, after } = spans[place];
      const [before, path] = reached[first];
      if (before + scores[place] > reached[after][0]) reached[after] = [before + scores[place], [...path, place]];
    }
    return reached[slices][1];
  }

  return { decide };
})();

// Which way of reading a picture is the likeliest, and whether it is likely at all.
"use strict";

const decision = (() => {
  const { sum, sorted, median, indexOfHighest } = numbers;
  const { areLone, kindsOf } = layout;
  const { MARK } = constants.marks;
  const {
    SURE, RISK, SPREAD, FEWEST_STROKES, CLOSEST, RARE, DOUBTFUL, LETTER, LETTERS, DOT, GAP, WIDE, WIDER, FURTHER,
    UNLIKELY_COST, LEAST,
  } = constants.decision;

  // Lines of digits, each with probabilities, box, image, isSure, share and standsApart; and marks that were left out.
  function decide(laid, said) {
    const lone = areLone(laid);
    const kinds = kindsOf(laid);
    const shares = kinds.map((kind) => (kind ? 1 - kind[MARK] : 1));
    const answers = said.map((answer, place) => heard(answer, kinds[place]));
    const scores = scoresOf(laid, answers, shares, lone);
    const left = [];
    let lines = [];
    laid.lines.forEach((slices, number) => {
      const numbers = [...laid.spans.keys()].filter((place) => laid.spans[place].line === number);
      const chosen = bestPath(slices, numbers, laid.spans, scores.map(([digit, mark]) => Math.max(digit, mark)));
      const digits = chosen.filter((place) => scores[place][0] >= scores[place][1]);
      left.push(...marksOf(laid.spans, chosen, digits, lines.flat().length, shares));
      if (!digits.length) return;
      const line = lineOf(laid, chosen, digits, answers, shares);
      const letters = chosen.filter((place) => !digits.includes(place) && isLikeALetter(laid.spans[place])).length;
      lines.push(LETTERS * letters > digits.length ? unsure(line) : line);
    });
    lines = lines.map((line) => line.map((digit) => (left.some((mark) => isDot(mark, digit)) ? never(digit) : digit)));
    if (isHatching(lines)) return { lines: lines.map(unsure), marks: left };
    if (lines.flat().length === 1 && !laid.isWhole) {
      const [[digit]] = lines;
      digit.isSure &&= Math.max(...digit.probabilities) * digit.share >= together(1);
    }
    return { lines, marks: left };
  }

  // The least probability of all digits of a picture, so many, that is believed.
  const together = (count) => 1 - RISK / count ** SPREAD;
  const never = (digit) => ({ ...digit, isSure: false, share: 0 });
  const unsure = (line) => line.map(never);
  const isLikeALetter = ({ size: [width, height] }) =>
    width >= Math.max(LETTER[0], LETTER[2] * height) && height >= LETTER[1];

  // Whether a mark is a dot right above or below a digit.
  function isDot({ box: [left, top, right, bottom] }, { box }) {
    const height = box[3] - box[1];
    const gap = Math.max(top - box[3], box[1] - bottom);
    const isSmall = Math.max(right - left, bottom - top) <= DOT[0] * height;
    return isSmall && left < box[2] && box[0] < right && gap >= 0 && gap <= DOT[1] * height;
  }

  // What a model that knows ten digits says, and the network of marks beside it.
  function heard(answer, kind) {
    if (!kind || answer.length !== MARK) return answer;
    const both = answer.map((value, label) => value * Math.max(kind[label], LEAST));
    return both.map((value) => value / sum(both));
  }

  // What every span adds to the sum of its line: as a digit, and as another mark.
  function scoresOf(laid, answers, shares, lone) {
    return laid.spans.map(({ cost, markCost }, place) => {
      const highest = Math.max(...answers[place]) * shares[place];
      // A lone piece that is no digit is a scribble, rather than several digits that touch.
      const unlikely = !lone[place] && highest < SURE ? UNLIKELY_COST : 0;
      const paid = laid.isWhole ? Infinity : RARE + markCost;
      return [Math.log(Math.max(highest, LEAST)) - cost - unlikely, Math.log(Math.max(1 - shares[place], LEAST)) - paid];
    });
  }

  // The marks of a line; slices of one piece beside each other are one.
  function marksOf(spans, chosen, digits, before, shares) {
    const found = [];
    let last = null;
    for (const place of chosen) {
      const { piece, box } = spans[place];
      const mayBeDigit = shares[place] >= DOUBTFUL && isLikeALetter(spans[place]);
      if (digits.includes(place)) {
        [before, last] = [before + 1, null];
      } else if (piece === last) {
        const [left, top, right, bottom] = found.at(-1).box;
        found.at(-1).box = [
          Math.min(left, box[0]), Math.min(top, box[1]), Math.max(right, box[2]), Math.max(bottom, box[3]),
        ];
        found.at(-1).mayBeDigit ||= mayBeDigit;
      } else {
        found.push({ box: [...box], after: before, mayBeDigit });
        last = piece;
      }
    }
    return found;
  }

  function lineOf(laid, chosen, digits, answers, shares) {
    const spans = digits.map((place) => laid.spans[place]);
    const gaps = spans.slice(1).map(({ box }, at) => box[0] - spans[at].box[2]);
    const height = median(spans.map(({ box }) => box[3] - box[1]));
    // Some neighbours are of one number; of two digits none need be.
    const usual = sorted(gaps)[gaps.length >> 2];
    const further = usual + Math.min(WIDER * usual, FURTHER * height);
    const wide = gaps.length > 1 ? Math.max(GAP * height, further) : WIDE * height;
    return digits.map((place, at) => {
      const { box, image } = laid.spans[place];
      const isSure = laid.isWhole || Math.max(...answers[place]) * shares[place] >= SURE;
      const isAfterMark = at > 0 && chosen.indexOf(place) - chosen.indexOf(digits[at - 1]) > 1;
      const standsApart = at > 0 && (gaps[at - 1] > wide || isAfterMark);
      return { probabilities: answers[place], box, image, isSure, share: shares[place], standsApart };
    });
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

  return { decide, together };
})();

// Whether ink has the form of a digit at all: a network answers 3 to a scribble, too, and at times with conviction.
"use strict";

const plausible = (() => {
  const { picture, map, padded, transposed, label, resized, tightened } = filters;
  const { sum, rounded } = numbers;
  const {
    SURE, SURER, SUREST, NEVER, SIDE, INK, MOST_HOLES, LEAST_HOLE, MOST_FILLED, WIDEST, FLATTEST, HAIRLINE,
    UNUSUAL, IMPOSSIBLE,
  } = constants.plausible;

  // The least probability with which ink is to be read as a digit: the stranger its form, the surer a model must be.
  function leastProbability(ink) {
    const isInk = seen(ink);
    const width = strokes.width(isInk);
    const [down, across] = [crossings(transposed(isInk)), crossings(isInk)];
    const filled = sum(isInk.values);
    const form = [down, across, down + across, filled / Math.max(width, 1) / SIDE];
    const isFlat = isInk.width > FLATTEST * isInk.height;
    const isBlot = width > WIDEST || filled > MOST_FILLED * SIDE ** 2;
    if (isFlat || isBlot || exceeds(form, IMPOSSIBLE) || holes(isInk) > MOST_HOLES) return NEVER;
    if (width < HAIRLINE) return SUREST;
    return exceeds(form, UNUSUAL) ? SURER : SURE;
  }

  const exceeds = (form, limits) => limits.some((limit, place) => form[place] > limit);

  function seen(ink) {
    const isDark = (value) => value > Math.fround(INK);
    const tight = tightened(ink, isDark);
    if (tight === null) return picture(new Uint8Array(1), 1, 1);
    const longest = Math.max(tight.width, tight.height);
    const [width, height] = [tight.width, tight.height].map((side) => Math.max(1, rounded((side * SIDE) / longest)));
    const how = longest > SIDE ? "box" : "bilinear";
    return map(resized(tight, width, height, how), (value) => Number(isDark(value)), Uint8Array);
  }

  function holes(isInk) {
    const { boxes } = label(map(padded(isInk, 1), (value) => 1 - value, Uint8Array), false);
    return boxes.slice(2).filter((box) => box.area >= LEAST_HOLE).length;
  }

  // How many strokes a row crosses, in the mean over those with ink.
  function crossings({ values, width, height }) {
    let [crossed, rows] = [0, 0];
    for (let y = 0; y < height; y++) {
      let starts = 0;
      for (let x = 0; x < width; x++) if (values[y * width + x] && !(x && values[y * width + x - 1])) starts++;
      [crossed, rows] = [crossed + starts, rows + Number(starts > 0)];
    }
    return crossed / Math.max(1, rows);
  }

  return { leastProbability };
})();

// Whether ink has the form of a digit at all: a network answers 3 to a scribble, too, and at times with conviction.
"use strict";

const plausible = (() => {
  const { picture, map, padded, transposed, label, resized, tightened } = filters;
  const { sum, rounded } = numbers;
  const SURE = 0.5, SURER = 0.8, SUREST = 0.97, NEVER = 2;
  const SIDE = 60, INK = 0.45, MOST_HOLES = 3, LEAST_HOLE = 8, MOST_FILLED = 0.75, WIDEST = 24, FLATTEST = 2.2, HAIRLINE = 4;
  const UNUSUAL = { down: 2.2, across: 1.7, both: 3.6, length: 2.5 };
  const IMPOSSIBLE = { down: 3.4, across: 2.3, both: 5.2, length: 3.4 };

  // The least probability with which ink is to be read as a digit: the stranger its form, the surer a model must be.
  function leastProbability(ink) {
    const isInk = seen(ink);
    const width = strokes.width(isInk);
    const [down, across] = [crossings(transposed(isInk)), crossings(isInk)];
    const filled = sum(isInk.values);
    const form = { down, across, both: down + across, length: filled / Math.max(width, 1) / SIDE };
    const isFlat = isInk.width > FLATTEST * isInk.height;
    const isBlot = width > WIDEST || filled > MOST_FILLED * SIDE ** 2;
    if (isFlat || isBlot || exceeds(form, IMPOSSIBLE) || holes(isInk) > MOST_HOLES) return NEVER;
    if (width < HAIRLINE) return SUREST;
    return exceeds(form, UNUSUAL) ? SURER : SURE;
  }

  const exceeds = (form, limits) => Object.keys(limits).some((name) => form[name] > limits[name]);

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

  return { NEVER, leastProbability };
})();

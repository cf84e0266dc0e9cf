// The lines that are printed on ruled and squared paper.
"use strict";

const rules = (() => {
  const { picture, blank, map, transposed, maximumAcross, maximumDown, meanAcross } = filters;
  const { sum, rounded, range } = numbers;
  const { LENGTH, STEEPEST, FILLED, SEEN, WIDTH, THUMB, STEP, CROWDED, NARROWEST, SIDES, NEAR } = constants.rules;

  function find(shown) {
    const upright = transposed(level(transposed(shown))).values;
    return map(level(shown), (value, place) => value | upright[place], Uint8Array);
  }

  function level(shown) {
    const { values, width, height } = shown;
    const found = blank(shown, Uint8Array);
    const longest = Math.max(width, height);
    const length = Math.floor(LENGTH * longest);
    const slope = width < Math.max(2 * length, NARROWEST) || !reachesBothSides(shown) ? null : slopeOf(shown);
    if (slope === null) return found;
    const shifts = Array.from({ length: width }, (_, x) => rounded(slope * (x - width / 2)));
    const from = (x, y) => ((((y + shifts[x]) % height) + height) % height) * width + x;
    const straight = map(shown, (_, place) => values[from(place % width, Math.floor(place / width))], Uint8Array);
    const thick = Math.max(2, rounded(WIDTH * longest));
    const runs = uprightRuns(straight).values;
    const thin = map(straight, (value, place) => Number(value && runs[place] <= thick), Uint8Array);
    const widened = maximumDown(thin, 3);
    const filled = map(meanAcross(widened, length), (value) => Number(value > Math.fround(FILLED)), Uint8Array);
    const onRule = maximumAcross(filled, length);
    const across = acrossOf(onRule, widened);
    thin.values.forEach((value, place) => {
      const [x, y] = [place % width, Math.floor(place / width)];
      if (value && onRule.values[place] && across[y]) found.values[from(x, y)] = 1;
    });
    return found;
  }

  const sideOf = (width) => Math.max(2, Math.floor(width / SIDES));
  const rowsOf = ({ values, width, height }) =>
    Array.from({ length: height }, (_, y) => values.subarray(y * width, (y + 1) * width));

  function reachesBothSides(shown) {
    const [side, rows] = [sideOf(shown.width), rowsOf(shown)];
    return rows.some((row) => row.subarray(0, side).includes(1)) && rows.some((row) => row.subarray(-side).includes(1));
  }

  function acrossOf(onRule, dark) {
    const { width } = onRule;
    const near = 2 * (1 + Math.floor(width / NEAR)) + 1;
    const found = maximumDown(map(onRule, (value, place) => value & dark.values[place], Uint8Array), near);
    const side = sideOf(width);
    const reaching = rowsOf(found).map((row) =>
      sum(row) / width > FILLED && row.subarray(0, side).includes(1) && row.subarray(-side).includes(1));
    const count = reaching.filter((on, y) => on && !reaching[y - 1]).length;
    return count > 1 ? reaching : reaching.map(() => false);
  }

  function uprightRuns({ values, width, height }) {
    const runs = picture(new Int32Array(values.length), width, height);
    for (let x = 0; x < width; x++) {
      for (let y = 0; y < height; y++) {
        let end = y;
        while (end < height && values[end * width + x]) end++;
        for (let row = y; row < end; row++) runs.values[row * width + x] = end - y;
        y = Math.max(y, end - 1);
      }
    }
    return runs;
  }

  function slopeOf({ values, width, height }) {
    const step = Math.ceil(Math.max(width, height) / THUMB);
    const [across, down] = [Math.ceil(width / step), Math.floor(height / step)];
    const points = [];
    for (let y = 0; y < down; y++) {
      for (let x = 0; x < across; x++) {
        let isInk = 0;
        for (let row = 0; row < step; row++) isInk |= values[(y * step + row) * width + x * step];
        if (isInk) points.push([x, y]);
      }
    }
    if (points.length > CROWDED * across * down) return null;
    let [best, fullest] = [null, 0];
    for (let degrees = -STEEPEST; degrees <= STEEPEST; degrees += STEP) {
      const slope = Math.tan((degrees * Math.PI) / 180);
      const counts = new Int32Array(down + 2 * across + 2);
      for (const [x, y] of points) counts[rounded(y - slope * (x - across / 2)) + across]++;
      const [, most] = range(counts);
      if (most > fullest) [best, fullest] = [slope, most];
    }
    return fullest > SEEN * across ? best : null;
  }

  return { find, uprightRuns };
})();

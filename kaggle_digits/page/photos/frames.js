// Rings, boxes and lines that are drawn around digits, parted from those that touch them.
"use strict";

const frames = (() => {
  const { picture, map, label, transposed, maximumAcross } = filters;
  const { THICK, WINDOW, SIDE, WALL, THIN, WIDER, OUT, UPRIGHT } = constants.frames;

  // What a frame leaves of a part of the ink, from its first to its last row and column.
  function without(ink) {
    const { width, height } = ink;
    const wide = strokes.width(ink);
    const thick = THICK * wide;
    const lower = flipped(side(flipped(ink), thick));
    const less = (...lines) => map(ink, (value, place) => Number(value && !lines.some(({ values }) => values[place])), Uint8Array);
    if (sticksOut(ink, thick)) return less(lower);  // what is seen from above are digits
    const upper = side(ink, thick);
    const upright = transposed(ink);
    const [left, right] = [side(upright, thick), flipped(side(flipped(upright), thick))].map(transposed);
    const some = ({ values }) => values.includes(1);
    const isAround = (some(upper) && some(lower)) || (some(left) && some(right));
    if (!isAround) return less(upper, lower);
    const { numbers: found, boxes } = label(less(upper, lower, left, right));
    const kept = boxes.map((box) => {
      if (!box) return false;
      const high = box.bottom - box.top;
      const isEnd = high >= WALL * height || box.left === 0 || box.right === width;  // of a box, or of a ring
      const isWall = isEnd && box.area <= THIN * wide * high;
      return !isWall && Math.min(box.bottom, box.right, width - box.left, height - box.top) > thick;
    });
    const walls = wallsOf(ink, thick);
    return map(found, (number, place) => Number(kept[number] && !walls[place]), Uint8Array);
  }

  // Whether a part of the ink is a line and digits that stand on it: it sticks out on either side.
  function isUnderlined(ink) {
    if (ink.width < WIDER * ink.height) return false;
    const thick = THICK * strokes.width(ink);
    return sticksOut(ink, thick) && side(flipped(ink), thick).values.includes(1);
  }

  // Whether there is nothing but a line in the lower half at either end.
  function sticksOut({ values, width, height }, thick) {
    const end = Math.max(1, Math.floor(OUT * height));
    return Array.from({ length: width }, (_, x) => x).filter((x) => x < end || x >= width - end).every((x) => {
      const rows = Array.from({ length: height }, (_, y) => values[y * width + x]);
      return numbers.sum(rows) <= thick && Math.max(0, rows.indexOf(1)) > height / 2;
    });
  }

  function flipped({ values, width, height }) {
    const turned = picture(new Uint8Array(values.length), width, height);
    for (let y = 0; y < height; y++) {
      turned.values.set(values.subarray(y * width, (y + 1) * width), (height - 1 - y) * width);
    }
    return turned;
  }

  // The ink of a frame's upper side: a line that is the first to be seen from above, curved or straight.
  function side(ink, thick) {
    const { values, width, height } = ink;
    const high = rules.uprightRuns(ink).values;
    const seen = Array.from({ length: width }, (_, x) => {
      let y = 0;
      while (y < height && !values[y * width + x]) y++;
      return y % height;
    });
    const half = Math.floor((WINDOW / 2) * width);
    const nearby = (x) => Array.from({ length: 2 * half + 1 }, (_, at) => seen[Math.min(width - 1, Math.max(0, x + at - half))]);
    const edge = seen.map((_, x) => nearby(x).sort((one, other) => one - other)[half]);
    const runsOn = seen.map((y, x) => Math.abs(y - edge[x]) <= thick / 2 && high[y * width + x] <= thick);
    if (runsOn.filter(Boolean).length < SIDE * width) return map(ink, () => 0, Uint8Array);
    return map(ink, (value, place) => {
      const x = place % width;
      const below = Math.floor(place / width) - (runsOn[x] ? seen[x] : edge[x]);
      return Number(value && high[place] <= thick && below >= -thick / 4 && below <= thick);
    }, Uint8Array);
  }

  // Upright lines from the upper side to the lower one.
  function wallsOf(ink, thick) {
    const high = rules.uprightRuns(maximumAcross(ink, 3)).values;
    const across = transposed(rules.uprightRuns(transposed(ink))).values;
    return ink.values.map((value, place) => Number(value && high[place] >= UPRIGHT * ink.height && across[place] <= thick));
  }

  return { without, isUnderlined };
})();

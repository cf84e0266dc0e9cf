// What is drawn, and not merely dark: shadows and dim corners are told from strokes.
"use strict";

const strokes = (() => {
  const { blank, map, padded, transposed, label, tightened } = filters;
  const { clip, median, range } = numbers;
  const {
    SHARP, SHARPEST, SOFT, SHARP_ENOUGH, ALIKE, LONG, FAINT, CLEAR, FEW, GRAIN, LIGHTEST, SOLID, SAME,
  } = constants.strokes;

  // amount, parts, darkness, noise; and the box of every part, null where there is none.
  function find(shown) {
    const inked = paper.ink(shown);
    const { noise } = inked;
    const amount = mask.smooth(inked);
    const darkness = mask.darkness(amount, noise);
    if (darkness === 0) return { amount, parts: blank(amount, Int32Array), boxes: [null], darkness, noise };
    const low = mask.low(amount, darkness);
    const ruled = rules.find(low).values;
    const { numbers, boxes } = label(map(low, (value, place) => value & ~ruled[place], Uint8Array));
    const high = mask.high(amount, darkness).values;
    const isInk = new Uint8Array(boxes.length);
    numbers.values.forEach((number, place) => { if (high[place]) isInk[number] = 1; });
    const isSharp = areSharp(amount, numbers, boxes);
    let kept = boxes.map((box, number) => (isInk[number] && isSharp[number] ? box : null));
    if (darkness < FAINT) {
      kept = kept.map((box) => (box && !atBorder(box, numbers) ? box : null));
      if (kept.filter(Boolean).length > FEW || darkness <= CLEAR * noise) kept.fill(null);
    }
    const parts = map(numbers, (number) => (kept[number] ? number : 0), Int32Array);
    fillBlots(parts, kept, amount, inked.greys, darkness);
    return { amount, parts, boxes: kept, darkness: kept.some(Boolean) ? darkness : 0, noise };
  }

  // What looked like paper in the middle of a blot is as dark as the blot.
  function fillBlots(parts, boxes, amount, greys, darkness) {
    const { width, height } = parts;
    const paperLike = label(padded(map(parts, (number) => Number(!number), Uint8Array), 1, 1), false);
    if (paperLike.boxes.length < 3) return;
    const found = boxes.filter(Boolean);
    const [left, top] = ["left", "top"].map((side) => Math.min(...found.map((box) => box[side])) - 1);
    const [right, bottom] = ["right", "bottom"].map((side) => Math.max(...found.map((box) => box[side])) + 1);
    const enclosed = map(parts, (_, place) => {
      const [x, y] = [place % width, Math.floor(place / width)];
      const isNear = x >= left && x < right && y >= top && y < bottom;
      return isNear ? paperLike.numbers.values[(y + 1) * (width + 2) + x + 1] : 0;
    }, Int32Array);
    const [inkGreys, paperGreys] = [means(greys, parts), means(greys, enclosed)];
    const owners = new Map();
    for (let place = 0; place < width * height; place++) {
      const number = enclosed.values[place];
      if (number < 2) continue;
      // The first of its pixels is one of the topmost: left of it is the ink around it.
      if (!owners.has(number)) owners.set(number, parts.values[place - 1]);
      const owner = owners.get(number);
      if (paperGreys[number] < inkGreys[owner] + SAME * ((paperGreys[1] || 0) - inkGreys[owner])) {
        parts.values[place] = owner;
        amount.values[place] = darkness;
        boxes[owner].area++;
      }
    }
  }

  // The mean grey of the pixels of every number.
  function means(greys, numbers) {
    const [sums, counts] = [[], []];
    numbers.values.forEach((number, place) => {
      sums[number] = (sums[number] || 0) + greys.values[place];
      counts[number] = (counts[number] || 0) + 1;
    });
    return sums.map((total, number) => total / counts[number]);
  }

  // Ink from 0 to 1, with the paper's noise cut off.
  function shades({ amount, darkness, noise }) {
    const floor = Math.min(GRAIN * noise, LIGHTEST * darkness);
    return map(amount, (value) => clip((value - floor) / Math.max(darkness - floor, 1e-6)));
  }

  function widthOf({ amount, parts, darkness }) {
    const ink = map(parts, (number, place) => Number(number > 0 && amount.values[place] > SOLID * darkness), Uint8Array);
    return width(ink);
  }

  // The typical width of a stroke in pixels, 0 where there is none.
  function width(ink) {
    const tight = tightened(ink, Boolean);
    if (tight === null) return 0;
    const down = rules.uprightRuns(tight).values;
    const across = transposed(rules.uprightRuns(transposed(tight))).values;
    const widths = [];
    tight.values.forEach((isInk, place) => {
      const [v, h] = [down[place], across[place]];
      if (isInk) widths.push((v * h) / Math.sqrt(v * v + h * h));
    });
    return median(widths);
  }

  // For every part, whether its edges are sharper than a shadow's.
  function areSharp(amount, parts, boxes) {
    const { values, width, height } = parts;
    const edge = edgeOf(parts).values;
    const [lengths, mean, darkest] = [0, 0, 1e-6].map((value) => new Float64Array(boxes.length).fill(value));
    values.forEach((number, place) => {
      if (!number) return;
      darkest[number] = Math.max(darkest[number], amount.values[place]);
      if (!edge[place]) return;
      lengths[number]++;
      mean[number] += steepness(amount, place);
    });
    lengths.forEach((length, number) => { mean[number] /= length || 1; });
    const longest = range(lengths)[1];
    const [, sharpest] = range(mean.filter((_, number) => lengths[number] >= LONG * longest));
    return boxes.map((box, number) => {
      if (box === null) return false;
      const side = Math.max(box.right - box.left, box.bottom - box.top);
      const limit = atBorder(box, parts)
        ? Math.min(SHARP / Math.max(width, height), SHARPEST)
        : Math.min(SOFT / side, SHARP_ENOUGH);
      return mean[number] / darkest[number] > limit && mean[number] > ALIKE * sharpest;
    });
  }

  // Ink that has paper above, below, or beside it.
  function edgeOf(parts) {
    const { values, width, height } = parts;
    return map(parts, (number, place) => {
      const [x, y] = [place % width, Math.floor(place / width)];
      const isInner = (y === 0 || values[place - width]) && (y === height - 1 || values[place + width])
        && (x === 0 || values[place - 1]) && (x === width - 1 || values[place + 1]);
      return Number(number > 0 && !isInner);
    }, Uint8Array);
  }

  // By how much the amount changes from one pixel to the next.
  function steepness({ values, width, height }, place) {
    const [x, y] = [place % width, Math.floor(place / width)];
    const down = values[place + (y < height - 1 ? width : 0)] - values[place - (y > 0 ? width : 0)];
    const across = values[place + (x < width - 1 ? 1 : 0)] - values[place - (x > 0 ? 1 : 0)];
    return Math.sqrt(down * down + across * across) / 2;
  }

  const atBorder = ({ left, top, right, bottom }, { width, height }) =>
    left === 0 || top === 0 || right === width || bottom === height;

  return { find, shades, widthOf, width };
})();

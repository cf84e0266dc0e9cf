// Photos, scans and drawings of digits, found and brought to the form of MNIST's.
//
// The same steps as the package's photos/ and with the same numbers, section by section; the reasons are told there,
// and tests hold the two together. Ink is 1 and paper 0; a picture as given is {width, height, red, green, blue}.
"use strict";

const photos = (() => {
  const {
    picture, blank, map, crop, padded, transposed, gaussian, maximum, minimum, maximumAcross, maximumDown, closing,
    meanAcross, label, distance, resized, sorted, percentile, median, histogram, range, rounded, indexOfHighest,
    border,
  } = filters;
  const clip = (value, low = 0, high = 1) => Math.min(high, Math.max(low, value));
  const sum = (values) => values.reduce((total, value) => total + value, 0);

  // ---- paper: which side is ink, and what is left once the light is taken away --------------------------------------

  const THUMB = 128, GREYS = 32, BORDER_WORTH = 0.5, WINDOWS = [0.10, 0.18, 0.32];
  const DARKEST_PAPER = 0.12, CLEARER = 1.4, SIGMAS_FROM_5_TO_30 = 1.12, COLOURED = 24;

  function ink(greys, window) {
    const isDark = isDarkInk(thumb(greys));
    const dark = isDark ? greys : map(greys, (value) => 255 - value);
    const paper = paperOf(dark, window).values;
    const amount = map(dark, (value, place) => {
      const least = isDark ? Math.max(paper[place], DARKEST_PAPER * 255) : 255;
      return (paper[place] - value) / least;
    });
    const [down, across] = [1 + Math.floor(amount.height / 400), 1 + Math.floor(amount.width / 400)];
    const some = [];
    for (let y = 0; y < amount.height; y += down) {
      for (let x = 0; x < amount.width; x += across) some.push(amount.values[y * amount.width + x]);
    }
    const ordered = sorted(some);
    const [low, level] = [percentile(ordered, 5), percentile(ordered, 30)];
    return { amount: map(amount, (value) => value - level), noise: (level - low) / SIGMAS_FROM_5_TO_30 };
  }

  function greysOf({ red, green, blue }) {
    return map(red, (r, at) => (r * 19595 + green.values[at] * 38470 + blue.values[at] * 7471 + 32768) >> 16);
  }

  function clearest(shown) {
    const greys = greysOf(shown);
    const thumbs = [shown.red, shown.green, shown.blue].map(thumb);
    const spread = (place) => range(thumbs.map(({ values }) => values[place]));
    const isColoured = thumbs[0].values.some((_, place) => spread(place)[1] - spread(place)[0] >= COLOURED);
    if (!isColoured) return greys;
    const contrasts = thumbs.map(contrast);
    const best = indexOfHighest(contrasts);
    return contrasts[best] > CLEARER * contrast(thumb(greys)) ? [shown.red, shown.green, shown.blue][best] : greys;
  }

  function contrast(small) {
    const light = smoothLight(small).values;
    return percentile(sorted(small.values.map((value, place) => Math.abs(value - light[place]))), 99.5);
  }

  function thumb(shown) {
    const scale = Math.min(1, THUMB / Math.max(shown.width, shown.height));
    const [width, height] = [shown.width, shown.height].map((side) => Math.max(1, rounded(side * scale)));
    return resized(shown, width, height, "box", true);
  }

  function smoothLight(small) {
    const { values, width, height } = small;
    const along = (at, count) => (count > 1 ? -1 + (2 * at) / (count - 1) : -1);
    const terms = (place) => {
      const [x, y] = [along(place % width, width), along(Math.floor(place / width), height)];
      return [1, x, y, x * x, x * y, y * y];
    };
    const rows = [];
    const step = 1 + Math.floor(values.length / 2000);
    for (let place = 0; place < values.length; place += step) rows.push([terms(place), values[place], 1]);
    let factors = [];
    for (let turn = 0; turn < 6; turn++) {
      const matrix = Array.from({ length: 6 }, (_, at) => Array.from({ length: 7 }, (_, to) => (at === to ? 1e-3 : 0)));
      for (const [some, grey, weight] of rows) {
        for (let at = 0; at < 6; at++) {
          for (let to = 0; to < 6; to++) matrix[at][to] += weight * some[at] * some[to];
          matrix[at][6] += weight * some[at] * grey;
        }
      }
      factors = solved(matrix);
      for (const row of rows) row[2] = 1 / Math.max(Math.abs(dot(row[0], factors) - row[1]), 2);
    }
    return map(small, (_, place) => dot(terms(place), factors));
  }

  const dot = (one, other) => one.reduce((total, value, at) => total + value * other[at], 0);

  // Gauss's elimination of a matrix with its right side as last column.
  function solved(matrix) {
    const size = matrix.length;
    for (let at = 0; at < size; at++) {
      let pivot = at;
      for (let row = at + 1; row < size; row++) if (Math.abs(matrix[row][at]) > Math.abs(matrix[pivot][at])) pivot = row;
      [matrix[at], matrix[pivot]] = [matrix[pivot], matrix[at]];
      for (let row = 0; row < size; row++) {
        if (row === at) continue;
        const factor = matrix[row][at] / matrix[at][at];
        for (let column = at; column <= size; column++) matrix[row][column] -= factor * matrix[at][column];
      }
    }
    return matrix.map((row, at) => row[size] / row[at]);
  }

  function isDarkInk(small) {
    const light = smoothLight(small).values;
    const residual = map(small, (value, place) => value - light[place], Float64Array);
    const [low, high] = range(residual.values);
    const around = border(residual);
    const everywhere = histogram(residual.values, low - 1, high + 1, GREYS);
    const outermost = histogram(around, low - 1, high + 1, GREYS);
    const place = indexOfHighest(everywhere.map((count, at) =>
      ((1 - BORDER_WORTH) * count) / residual.values.length + (BORDER_WORTH * outermost[at]) / around.length));
    const paper = low - 1 + ((place + 0.5) * (high - low + 2)) / GREYS;
    return paper - low >= high - paper;
  }

  function paperOf(dark, share) {
    const small = gaussian(thumb(dark), 0.7);
    const window = Math.max(3, Math.floor(share * Math.max(small.width, small.height)) | 1);
    return resized(gaussian(closing(small, window), 1), dark.width, dark.height, "bilinear");
  }

  // ---- mask: which pixels are ink -----------------------------------------------------------------------------------

  const SMOOTHED = 0.8, FAINTEST = 0.08, SIGMAS = 6, LOW = 0.30, HIGH = 0.50;
  const RULE = 0.30, STEEPEST = 12, RULE_FILLED = 0.6, RULE_SEEN = 0.4, RULE_WIDTH = 0.02;

  const smooth = ({ amount, noise }) => gaussian(amount, noise < 0.03 ? SMOOTHED : 1.6 * SMOOTHED);

  function darkness(smoothed, noise) {
    const floor = Math.max(FAINTEST, (SIGMAS * noise) / 2);
    const dark = smoothed.values.filter((value) => value > floor);
    if (dark.length < 3) return 0;
    const [low, high] = range(dark);
    if (low === high) return low;
    const counts = histogram(dark, low, high, 64);
    const middle = (at) => low + ((at + 0.5) * (high - low)) / 64;
    const [all, total] = [dark.length, sum(counts.map((count, at) => count * middle(at)))];
    let [below, sums, best, apart] = [0, 0, 0, -1];
    counts.forEach((count, at) => {
      [below, sums] = [below + count, sums + count * middle(at)];
      const above = all - below;
      const between = above > 0 ? below * above * (sums / below - (total - sums) / above) ** 2 : 0;
      if (between > apart) [best, apart] = [at, between];
    });
    const upper = [...counts].map((count, at) => (at > best ? count : 0));
    return sum(upper.map((count, at) => count * middle(at))) / Math.max(1, sum(upper));
  }

  function inkMask(smoothed, noise) {
    const dark = darkness(smoothed, noise);
    if (dark <= Math.max(FAINTEST, 0.75 * SIGMAS * noise)) return [blank(smoothed, Uint8Array), 0];
    const low = map(smoothed, (value) => Number(value > Math.max(LOW * dark, FAINTEST / 2)), Uint8Array);
    const ruled = rules(low).values;
    const { numbers, boxes } = label(map(low, (value, place) => value & ~ruled[place], Uint8Array));
    const kept = new Uint8Array(boxes.length);
    numbers.values.forEach((number, place) => { if (smoothed.values[place] > HIGH * dark) kept[number] = 1; });
    kept[0] = 0;
    return [map(numbers, (number) => kept[number], Uint8Array), dark];
  }

  function rules(mask) {
    const upright = transposed(levelRules(transposed(mask))).values;
    return map(levelRules(mask), (value, place) => value | upright[place], Uint8Array);
  }

  function levelRules(mask) {
    const { values, width, height } = mask;
    const found = blank(mask, Uint8Array);
    const longest = Math.max(width, height);
    const length = Math.floor(RULE * longest);
    const slope = width < Math.max(2 * length, 60) || !values.includes(1) ? null : slopeOf(mask);
    if (slope === null) return found;
    const from = (x, y) => {
      const row = (y + rounded(slope * (x - width / 2))) % height;
      return (row < 0 ? row + height : row) * width + x;
    };
    const level = map(mask, (_, place) => values[from(place % width, Math.floor(place / width))], Uint8Array);
    const thick = Math.max(2, rounded(RULE_WIDTH * longest));
    const runs = uprightRuns(level).values;
    const thin = map(level, (value, place) => Number(value && runs[place] <= thick), Uint8Array);
    const widened = maximumDown(thin, 3);
    const filled = map(meanAcross(widened, length), (value) => Number(value > RULE_FILLED), Uint8Array);
    const onRule = maximumAcross(filled, length);
    const across = reaching(onRule, widened);
    thin.values.forEach((value, place) => {
      const [x, y] = [place % width, Math.floor(place / width)];
      if (value && onRule.values[place] && across[y]) found.values[from(x, y)] = 1;
    });
    return found;
  }

  function reaching(onRule, dark) {
    const { width, height } = onRule;
    const near = 2 * (1 + Math.floor(width / 150)) + 1;
    const found = maximumDown(map(onRule, (value, place) => value & dark.values[place], Uint8Array), near);
    const side = Math.max(2, Math.floor(width / 12));
    const rows = Array.from({ length: height }, (_, y) => found.values.subarray(y * width, (y + 1) * width));
    const across = rows.map((row) =>
      sum(row) / width > RULE_FILLED && row.subarray(0, side).includes(1) && row.subarray(-side).includes(1));
    const count = across.filter((on, y) => on && !across[y - 1]).length;
    return count > 1 ? across : across.map(() => false);
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
    const step = 1 + Math.floor(Math.max(width, height) / 256);
    const [across, down] = [Math.ceil(width / step), Math.floor(height / step)];
    const points = [];
    for (let y = 0; y < down; y++) {
      for (let x = 0; x < across; x++) {
        let isInk = 0;
        for (let row = 0; row < step; row++) isInk |= values[(y * step + row) * width + x * step];
        if (isInk) points.push([x, y]);
      }
    }
    if (points.length > 0.6 * across * down) return null;
    let [best, fullest] = [null, 0];
    for (let degrees = -STEEPEST; degrees <= STEEPEST; degrees += 0.5) {
      const slope = Math.tan((degrees * Math.PI) / 180);
      const counts = new Int32Array(down + 2 * across + 2);
      for (const [x, y] of points) counts[rounded(y - slope * (x - across / 2)) + across]++;
      const [, most] = range(counts);
      if (most > fullest) [best, fullest] = [slope, most];
    }
    return fullest > RULE_SEEN * across ? best : null;
  }

  // ---- strokes: what is drawn, and not merely dark ------------------------------------------------------------------

  const SURVIVING = 0.95, STILL_DARK = 0.5, SHARP = 30, SOFT = 4, SHARP_ENOUGH = 0.08, DIM = 0.35, NOISY = 0.01;

  function findStrokes(shown) {
    const greys = clearest(shown);
    const widest = seen(greys, WINDOWS[2]);
    for (const window of widest.mask.values.includes(1) ? WINDOWS.slice(0, 2) : []) {
      const narrower = seen(greys, window);
      if (survives(widest, narrower)) return sharp(narrower);
    }
    return sharp(widest);
  }

  function seen(greys, window) {
    const inked = ink(greys, window);
    const smoothed = smooth(inked);
    const [mask, dark] = inkMask(smoothed, inked.noise);
    return { amount: inked.noise > NOISY ? smoothed : inked.amount, mask, darkness: dark, noise: inked.noise };
  }

  const atBorder = ({ left, top, right, bottom }, { width, height }) =>
    left === 0 || top === 0 || right === width || bottom === height;

  function survives(widest, narrower) {
    const { numbers, boxes } = label(widest.mask);
    const inner = boxes.map((box) => box !== null && !atBorder(box, numbers));
    const all = !inner.includes(true);
    let [judged, dark] = [0, 0];
    numbers.values.forEach((number, place) => {
      if (!number || !(all || inner[number])) return;
      judged++;
      if (narrower.amount.values[place] > STILL_DARK * widest.amount.values[place]) dark++;
    });
    return dark / judged >= SURVIVING;
  }

  function sharp(strokes) {
    const { numbers, boxes } = label(strokes.mask);
    if (boxes.length === 1) return strokes;
    const { width, height } = strokes.mask;
    const smoothed = gaussian(strokes.amount, 0.7);
    const steep = steepness(smoothed).values;
    const inside = minimum(padded(strokes.mask, 1, 1), 3);
    const [lengths, sums, darkest] = [0, 1, 2].map(() => new Float64Array(boxes.length));
    numbers.values.forEach((number, place) => {
      if (!number) return;
      darkest[number] = Math.max(darkest[number], smoothed.values[place], 1e-6);
      const [x, y] = [place % width, Math.floor(place / width)];
      if (inside.values[(y + 1) * inside.width + x + 1]) return;
      lengths[number]++;
      sums[number] += steep[place];
    });
    const kept = boxes.map((box, number) => {
      if (box === null) return 0;
      const side = Math.max(box.right - box.left, box.bottom - box.top);
      const isStrict = atBorder(box, numbers) && darkest[number] < DIM;
      const limit = Math.min(isStrict ? SHARP / Math.max(width, height) : SOFT / side, SHARP_ENOUGH);
      return Number(sums[number] / Math.max(lengths[number], 1) / darkest[number] > limit);
    });
    const mask = map(numbers, (number) => kept[number], Uint8Array);
    return { ...strokes, mask, darkness: kept.includes(1) ? strokes.darkness : 0 };
  }

  // The length of numpy.gradient.
  function steepness(shown) {
    const { values, width, height } = shown;
    if (Math.min(width, height) < 2) return map(shown, Math.abs);
    const slope = (place, at, count, stride) => {
      const [before, after] = [at > 0 ? stride : 0, at < count - 1 ? stride : 0];
      return ((values[place + after] - values[place - before]) * stride) / (before + after);
    };
    return map(shown, (_, place) => {
      const [x, y] = [place % width, Math.floor(place / width)];
      return Math.hypot(slope(place, x, width, 1), slope(place, y, height, width));
    });
  }

  // ---- pieces: connected parts, with what belongs together joined and specks dropped --------------------------------

  const MOST_PIECES = 300, SMALL = 0.45, NEAR = 0.25, SPECK = 0.012, ABOVE = 0.5, TALLER = 1.3;
  const FLAT = 1.7, FLAT_SIDE = 0.45, OWN = 0.33;

  const wide = (piece) => piece.right - piece.left;
  const high = (piece) => piece.bottom - piece.top;
  const longer = (piece) => Math.max(wide(piece), high(piece));

  function findPieces(mask) {
    const { numbers, boxes } = label(mask);
    return [join(boxes.slice(1).map((box, place) => ({ ...box, parts: [place + 1] }))), numbers];
  }

  function join(parts) {
    if (!parts.length) return [];
    const ordered = [...parts].sort((one, other) => longer(other) * other.area - longer(one) * one.area);
    const kept = ordered.filter((part) => part.area >= SPECK * ordered[0].area);
    const most = Math.max(...kept.map((part) => part.area));
    const sides = kept.filter((part) => part.area >= 0.25 * most).map(longer).sort((one, other) => one - other);
    const reference = sides[sides.length >> 1];
    const alone = (part) =>
      longer(part) >= SMALL * reference && !(high(part) < FLAT_SIDE * reference && wide(part) > FLAT * high(part));
    const main = kept.filter(alone);
    if (main.length > MOST_PIECES) return [];
    for (const part of kept.slice(0, 4 * MOST_PIECES)) if (!alone(part)) attach(main, part, reference);
    return stacked(main, reference);
  }

  function attach(main, part, reference) {
    if (!main.length) { main.push(part); return; }
    const gaps = main.map((piece) => gap(piece, part));
    const nearest = gaps.indexOf(Math.min(...gaps));
    if (gaps[nearest] <= NEAR * reference) main[nearest] = merged(main[nearest], part);
    else if (longer(part) >= OWN * reference) main.push(part);
  }

  function stacked(found, reference) {
    const byBox = (one, other) =>
      one.left - other.left || one.top - other.top || one.right - other.right || one.bottom - other.bottom;
    const pieces = [...found].sort(byBox);
    for (let place = 0; place < pieces.length;) {
      const over = pieces.findIndex((piece, at) => at > place && belong(pieces[place], piece, reference));
      if (over < 0) place++;
      else pieces[place] = merged(pieces[place], pieces.splice(over, 1)[0]);
    }
    return pieces;
  }

  function belong(one, other, reference) {
    const over = Math.min(one.right, other.right) - Math.max(one.left, other.left);
    const height = Math.max(one.bottom, other.bottom) - Math.min(one.top, other.top);
    const near = Math.max(one.top, other.top) - Math.min(one.bottom, other.bottom) <= NEAR * reference;
    return near && over >= ABOVE * Math.min(wide(one), wide(other)) && height <= TALLER * Math.max(high(one), high(other));
  }

  function gap(one, other) {
    const across = Math.max(one.left, other.left) - Math.min(one.right, other.right);
    const down = Math.max(one.top, other.top) - Math.min(one.bottom, other.bottom);
    return Math.hypot(Math.max(across, 0), Math.max(down, 0));
  }

  const merged = (one, other) => ({
    left: Math.min(one.left, other.left), top: Math.min(one.top, other.top),
    right: Math.max(one.right, other.right), bottom: Math.max(one.bottom, other.bottom),
    parts: [...one.parts, ...other.parts], area: one.area + other.area,
  });

  function linesOf(pieces) {
    const found = [];
    for (const piece of [...pieces].sort((one, other) => one.left + one.right - other.left - other.right)) {
      const shares = found.map((line) => beside(line[line.length - 1], piece));
      const best = indexOfHighest(shares);
      if (shares.length && shares[best] >= 0.3) found[best].push(piece);
      else found.push([piece]);
    }
    const middle = (line) => sum(line.map((piece) => piece.top + piece.bottom)) / line.length;
    return found.sort((one, other) => middle(one) - middle(other));
  }

  const beside = (one, other) =>
    (Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top)) / Math.min(high(one), high(other));

  // ---- plausible: whether ink has the form of a digit at all --------------------------------------------------------

  const SIDE = 60, INK = 0.45, MOST_HOLES = 3, LEAST_HOLE = 8, MOST_FILLED = 0.75, FLATTEST = 2.2;
  const MOST_CROSSED = 3.5, MOST_CROSSED_BOTH = 5.3;

  function isDigitLike(shades) {
    const isInk = inkAtSide(shades);
    const [down, across] = [crossed(transposed(isInk)), crossed(isInk)];
    const { boxes } = label(map(padded(isInk, 1), (value) => 1 - value, Uint8Array), false);
    return boxes.slice(2).filter((box) => box.area >= LEAST_HOLE).length <= MOST_HOLES
      && sum(isInk.values) / SIDE ** 2 <= MOST_FILLED
      && isInk.width <= FLATTEST * isInk.height
      && Math.max(down, across) <= MOST_CROSSED
      && down + across <= MOST_CROSSED_BOTH;
  }

  function inkAtSide(shades) {
    const tight = tightened(shades, (value) => value > INK);
    if (tight === null) return picture(new Uint8Array(1), 1, 1);
    const longest = Math.max(tight.width, tight.height);
    const [width, height] = [tight.width, tight.height].map((side) => Math.max(1, rounded((side * SIDE) / longest)));
    const how = longest > SIDE ? "box" : "bilinear";
    return map(resized(tight, width, height, how), (value) => Number(value > INK), Uint8Array);
  }

  // Without the rows and columns around in which nothing passes; null where nothing does.
  function tightened(shown, passes) {
    let [left, top, right, bottom] = [shown.width, shown.height, 0, 0];
    shown.values.forEach((value, place) => {
      if (!passes(value)) return;
      const [x, y] = [place % shown.width, Math.floor(place / shown.width)];
      [left, right] = [Math.min(left, x), Math.max(right, x + 1)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y + 1)];
    });
    return right ? crop(shown, left, top, right, bottom) : null;
  }

  function crossed({ values, width, height }) {
    let [strokes, rows] = [0, 0];
    for (let y = 0; y < height; y++) {
      let starts = 0;
      for (let x = 0; x < width; x++) if (values[y * width + x] && !(x && values[y * width + x - 1])) starts++;
      [strokes, rows] = [strokes + starts, rows + Number(starts > 0)];
    }
    return strokes / Math.max(1, rows);
  }

  // ---- standard: the form of MNIST's digits -------------------------------------------------------------------------

  const MNIST_SIDE = 28, INK_SIDE = 20, FINE = 6, THINNEST = 1.4, THICKEST = 4, EDGE = 0.1, NOTHING = 1e-3;

  function asMnist(shades, [height, width]) {
    const [, darkest] = range(shades.values);
    const image = blank({ width, height }, Uint8Array);
    if (!(darkest >= NOTHING)) return image;
    const box = Math.max(1, rounded((INK_SIDE * Math.min(height, width)) / MNIST_SIDE));
    const tight = tightened(map(shades, (value) => value / darkest), (value) => value >= EDGE);
    const digit = stretched(reduced(tightened(withFairStrokes(tight, box), (value) => value >= EDGE), box));
    const place = (along, side, own) => clip(Math.floor(Math.max(0, Math.floor(side / 2) + 1 - along)), 0, side - own);
    const [x, y] = barycentre(digit);
    const [left, top] = [place(x, width, digit.width), place(y, height, digit.height)];
    for (let row = 0; row < digit.height; row++) {
      image.values.set(digit.values.subarray(row * digit.width, (row + 1) * digit.width), (top + row) * width + left);
    }
    return image;
  }

  function barycentre({ values, width }) {
    let [x, y, mass] = [0, 0, 0];
    values.forEach((value, place) => {
      mass += value;
      x += value * ((place % width) + 0.5);
      y += value * (Math.floor(place / width) + 0.5);
    });
    return [x / mass, y / mass];
  }

  function strokeWidth(shades) {
    const inside = padded(map(shades, (value) => Number(value >= 0.5), Uint8Array), 1);
    const depth = distance(inside);
    const around = maximum(depth, 3).values;
    const ridge = depth.values.filter((value, place) => inside.values[place] && value >= around[place]);
    return ridge.length ? 2 * median(ridge) - 1 : 0;
  }

  function withFairStrokes(shades, box) {
    const small = reduced(shades, FINE * box);
    const [, darkest] = range(small.values);
    const fine = map(small, (value) => value / darkest);
    const width = strokeWidth(fine) / FINE;
    const wanted = clip(width, THINNEST, THICKEST);
    if (wanted === width) return shades;
    const grown = ((wanted - width) / 2) * FINE;
    const inked = padded(map(fine, (value) => Number(value >= 0.4), Uint8Array), Math.floor(Math.abs(grown)) + 2);
    const outside = distance(map(inked, (value) => 1 - value, Uint8Array)).values;
    const drawn = map(distance(inked), (value, place) => clip(value - outside[place] + grown + 0.5));
    return range(drawn.values)[1] >= 0.5 ? drawn : shades;
  }

  function reduced(shades, longest) {
    const times = Math.ceil(longest / Math.max(shades.width, shades.height));
    const large = times > 1 ? repeated(shades, times) : shades;
    const scale = longest / Math.max(large.width, large.height);
    const [width, height] = [large.width, large.height].map((side) => Math.max(1, rounded(side * scale)));
    return resized(large, width, height, "box");
  }

  function repeated({ values, width, height }, times) {
    const large = blank({ width: width * times, height: height * times });
    return map(large, (_, place) =>
      values[Math.floor(place / large.width / times) * width + Math.floor((place % large.width) / times)]);
  }

  function stretched(shades) {
    const [, darkest] = range(shades.values);
    return map(shades, (value) => rounded(Math.max(0, value) * (255 / darkest)), Uint8Array);
  }

  // ---- layout: every way in which pieces could be digits ------------------------------------------------------------

  const LEAST_SIDE = 112, WIDE = 0.72, WIDEST = 1.5, NARROWEST = 0.12, MOST_CUTS = 9, MOST_SLICES = 24, MOST_JOINED = 3;
  const MARGIN = 0.03, CUT_COST = 0.6, RUN_COST = 1.2, JOIN_COST = 0.7, GAP_COST = 6, NOTHING_COST = 30;
  const LOW_COST = 25, LOWEST = 0.6, WIDTH_COST = 4, NEAREST = 0.25, CLEAN_BORDER = 0.9;

  function layOut(shown, shape) {
    const ready = asIs(shown, shape);
    if (ready !== null) return ready;
    const [enlarged, times] = enlargedEnough(shown);
    const drawn = findStrokes(enlarged);
    const [found, numbers] = findPieces(drawn.mask);
    const heights = found.map(high).sort((one, other) => one - other);
    const height = heights.length ? heights[heights.length >> 1] : 1;
    const lines = linesOf(found).map((line) => line.flatMap((piece) => cut(piece, height, numbers)));
    const cutter = new Cutter(shadesOf(drawn), numbers);
    const spans = [];
    lines.forEach((line, number) => {
      for (const [first, after, cost] of spansOf(line, height)) {
        const slices = line.slice(first, after);
        const [left, top, right, bottom] = cutter.extent(slices);
        const box = [Math.floor(left / times), Math.floor(top / times), Math.ceil(right / times), Math.ceil(bottom / times)];
        const inked = cutter.ink(slices);
        const image = asMnist(inked, shape).values;
        const low = LOW_COST * Math.max(0, LOWEST - ((box[3] - box[1]) * times) / height);
        spans.push({
          line: number, first, after, box, image, parts: slices[0].piece.parts,
          cost: image.some((value) => value) ? cost + low : NOTHING_COST,
          looksLikeOne: isDigitLike(inked),
        });
      }
    });
    return { lines: lines.map((line) => line.length), spans, isWhole: false };
  }

  // A picture that is one of MNIST's already is taken as it is; null where it is not.
  function asIs(shown, [height, width]) {
    const greys = greysOf(shown);
    if (greys.width !== width || greys.height !== height) return null;
    const [low, highest] = range(greys.values);
    const around = border(greys);
    const typical = median(around);
    const isClean = around.filter((value) => value === typical).length >= CLEAN_BORDER * around.length;
    if (low === highest || !(typical === 0 || typical === 255) || !isClean) return null;
    const image = map(greys, (value) => (typical ? 255 - value : value), Uint8Array).values;
    const span = { line: 0, first: 0, after: 1, cost: 0, box: [0, 0, width, height], image, parts: [], looksLikeOne: true };
    return { lines: [1], spans: [span], isWhole: true };
  }

  function enlargedEnough(shown) {
    const times = Math.ceil(LEAST_SIDE / Math.max(shown.width, shown.height));
    if (times === 1) return [shown, 1];
    const [width, height] = [shown.width * times, shown.height * times];
    const larger = (channel) => resized(channel, width, height, "bicubic", true);
    return [{ width, height, red: larger(shown.red), green: larger(shown.green), blue: larger(shown.blue) }, times];
  }

  function shadesOf(drawn) {
    const floor = Math.min(2.5 * drawn.noise, 0.4 * drawn.darkness);
    return map(drawn.amount, (value) => clip((value - floor) / Math.max(drawn.darkness - floor, 1e-6)));
  }

  function cut(piece, height, numbers) {
    if (wide(piece) < WIDE * height || numbers.height < 2) {
      return [{ piece, left: piece.left, right: piece.right, cost: 0 }];
    }
    const chosen = cuts(piece, height, numbers).sort((one, other) => one[0] - other[0]);
    const lefts = [[piece.left, 0], ...chosen];
    const rights = [...chosen.map(([column]) => column), piece.right];
    return lefts.map(([left, cost], place) => ({ piece, left, right: rights[place], cost }));
  }

  function cuts(piece, height, numbers) {
    const columns = Array.from({ length: wide(piece) }, (_, x) => {
      let [count, runs, before] = [0, 0, false];
      for (let y = piece.top; y < piece.bottom; y++) {
        const inside = piece.parts.includes(numbers.values[y * numbers.width + piece.left + x]);
        [count, runs] = [count + Number(inside), runs + Number(inside && !before)];
        before = inside;
      }
      return [count, runs];
    });
    const typical = Math.max(1, median(columns.map(([count]) => count).filter((count) => count)) / 2);
    const costs = columns.map(([count, runs]) =>
      CUT_COST * Math.min(count / typical, 3) + RUN_COST * Math.max(runs - 1, 0));
    const narrowest = Math.max(1, Math.floor(NARROWEST * height));
    costs.fill(Infinity, 0, narrowest).fill(Infinity, Math.max(0, costs.length - narrowest));
    const chosen = [];
    for (let turn = Math.min(MOST_CUTS, 1 + Math.floor((3 * wide(piece)) / Math.max(height, 1))); turn > 0; turn--) {
      const best = costs.indexOf(Math.min(...costs));
      if (!Number.isFinite(costs[best])) break;
      chosen.push([piece.left + best, costs[best]]);
      costs.fill(Infinity, Math.max(0, best - narrowest), best + narrowest + 1);
    }
    return chosen;
  }

  function spansOf(line, height) {
    const found = [];
    for (let first = 0; first < line.length; first++) {
      for (let after = first + 1; after <= line.length; after++) {
        const cost = costOf(line.slice(first, after), height);
        if (cost !== null || after === first + 1) found.push([first, after, cost ?? 0]);
        else if (after - first > MOST_SLICES) break;
      }
    }
    return found;
  }

  function costOf(slices, height) {
    const [first, last] = [slices[0], slices[slices.length - 1]];
    const width = Math.max(...slices.map((slice) => slice.right)) - first.left;
    const joints = slices.slice(1).map((slice, place) => [slices[place], slice]).filter(([one, other]) => one.piece !== other.piece);
    if (joints.length >= MOST_JOINED || (width > WIDEST * height && slices.length > 1)) {
      const isWhole = !joints.length && first.left === first.piece.left && last.right === first.piece.right;
      if (!isWhole) return null;
    }
    let cost = first.cost + WIDTH_COST * Math.max(0, width / Math.max(height, high(first.piece)) - 1.1);
    for (const [one, other] of joints) {
      const apart = Math.max(0, other.left - one.right) / height;
      if (apart > NEAREST) return null;
      cost += JOIN_COST + GAP_COST * apart;
    }
    return cost;
  }

  class Cutter {
    constructor(shades, numbers) {
      Object.assign(this, { shades, numbers });
    }

    extent(slices) {
      const rows = slices.map((slice) => this.rows(slice));
      return [
        slices[0].left, Math.min(...rows.map(([top]) => top)),
        Math.max(...slices.map((slice) => slice.right)), Math.max(...rows.map(([, bottom]) => bottom)),
      ];
    }

    rows({ piece, left, right }) {
      if (left === piece.left && right === piece.right) return [piece.top, piece.bottom];
      let [top, bottom] = [null, 0];
      for (let y = piece.top; y < piece.bottom; y++) {
        for (let x = left; x < right; x++) {
          if (!piece.parts.includes(this.numbers.values[y * this.numbers.width + x])) continue;
          [top, bottom] = [top ?? y, y + 1];
          break;
        }
      }
      return top === null ? [piece.top, piece.bottom] : [top, bottom];
    }

    ink(slices) {
      const [left, top, right, bottom] = this.extent(slices);
      const margin = 1 + rounded(MARGIN * Math.max(right - left, bottom - top));
      const { width, height } = this.shades;
      const window = [
        Math.max(0, left - margin), Math.max(0, top - margin),
        Math.min(width, right + margin), Math.min(height, bottom + margin),
      ];
      const [numbers, shades] = [crop(this.numbers, ...window), crop(this.shades, ...window)];
      const kept = map(numbers, (number, place) => {
        const x = window[0] + (place % numbers.width);
        return Number(number > 0 && slices.some((slice) =>
          x >= slice.left && x < slice.right && slice.piece.parts.includes(number)));
      }, Uint8Array);
      const near = maximum(kept, 2 * margin + 1).values;
      const cutOut = map(shades, (value, place) =>
        (near[place] && (kept.values[place] || numbers.values[place] === 0) ? value : 0));
      return range(cutOut.values)[1] > 0.1 ? cutOut : map(kept, Number);
    }
  }

  // ---- votes: a digit is still the same one when it leans a little --------------------------------------------------

  const LEANINGS = [-0.18, 0.18];

  function leaned(image, [height, width], slope) {
    const moved = new Uint8Array(image.length);
    for (let row = 0; row < height; row++) {
      const shift = slope * (row - (height - 1) / 2);
      const whole = Math.floor(shift);
      const part = shift - whole;
      const at = (x) => (x >= 0 && x < width ? image[row * width + x] : 0);
      for (let x = 0; x < width; x++) {
        moved[row * width + x] = rounded((1 - part) * at(x - whole) + part * at(x - whole - 1));
      }
    }
    return moved;
  }

  // ---- decision: which way of reading a picture is the likeliest ----------------------------------------------------

  const SURE = 0.5, MOST_TOUCHING = 4, LEAST = 1e-6, LEAST_PROBABILITY = 1e-7;

  function calibrated(probabilities, temperature) {
    const powers = Array.from(probabilities, (value) => Math.max(value, LEAST_PROBABILITY) ** (1 / temperature));
    const total = sum(powers);
    return powers.map((power) => power / total);
  }

  function decide(layout, answers) {
    return layout.lines.flatMap((slices, number) => {
      const own = [...layout.spans.keys()].filter((place) => layout.spans[place].line === number);
      const chosen = bestPath(slices, own, layout.spans, answers);
      const key = (place) => layout.spans[place].parts.join();
      return [chosen.map((place) => {
        const span = layout.spans[place];
        const touching = chosen.filter((other) => key(other) === key(place)).length;
        const isFair = span.looksLikeOne && touching <= MOST_TOUCHING;
        const isSure = layout.isWhole || (isFair && Math.max(...answers[place]) >= SURE);
        return { probabilities: answers[place], box: span.box, seen: span.image, isSure };
      })];
    });
  }

  function bestPath(slices, own, spans, answers) {
    const reached = Array.from({ length: slices + 1 }, () => [-Infinity, []]);
    reached[0] = [0, []];
    for (const place of [...own].sort((one, other) => spans[one].first - spans[other].first)) {
      const span = spans[place];
      const [before, path] = reached[span.first];
      const score = before + Math.log(Math.max(...answers[place], LEAST)) - span.cost;
      if (score > reached[span.after][0]) reached[span.after] = [score, [...path, place]];
    }
    return reached[slices][1];
  }

  // Reads a picture: lines of digits, each with probabilities, box, seen and isSure.
  function read(shown, { shape, temperature, probabilities }) {
    const layout = layOut(shown, shape);
    const answers = layout.spans.map(({ image }) => {
      const views = layout.isWhole ? [image] : [image, ...LEANINGS.map((slope) => leaned(image, shape, slope))];
      const votes = views.map((view) => calibrated(probabilities(view), temperature));
      return votes[0].map((_, label) => sum(votes.map((vote) => vote[label])) / votes.length);
    });
    return decide(layout, answers);
  }

  return { read, layOut, asMnist };
})();

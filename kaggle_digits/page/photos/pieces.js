// From connected parts of ink to pieces of digits: what belongs together is joined, and specks are dropped.
//
// A piece has left, top, right and bottom in pixels, its connected parts, its area, and its own number from 1.
"use strict";

const pieces = (() => {
  const { map, crop, label, measured } = filters;
  const { sum, range, indexOfHighest } = numbers;
  const {
    MOST_PIECES, SMALL, NEAR, SPECK, ABOVE, TALLER, TOUCHING, FLAT, FLAT_SIDE, LARGE, BESIDE, LOW, HANGING, LONGER, LINE,
    LOWER, SUNK, SLASH, THIN, FRAMED,
  } = constants.pieces;

  const wide = (piece) => piece.right - piece.left;
  const high = (piece) => piece.bottom - piece.top;
  const sideOf = (piece) => Math.max(wide(piece), high(piece));

  // The pieces that may be digits, and whose ink a pixel is: 0 is paper, and -1 a speck.
  function find({ parts, boxes }) {
    let parted = partsOf(boxes);
    const framed = parted.map((part) => [part, framedIn(parts, part, parted)]).filter(([, highest]) => highest);
    if (framed.length) {
      parts = map(parts, (number) => number, Int32Array);
      let count = boxes.length;
      for (const [frame, highest] of framed) count = takeAway(parts, frame, highest, count);
      parted = partsOf(measured(parts, count));
    }
    const found = join(parted).map((piece, place) => ({ ...piece, number: place + 1 }));
    const owners = new Map([[0, 0]]);
    for (const piece of found) for (const part of piece.parts) owners.set(part, piece.number);
    return [found, map(parts, (part) => owners.get(part) ?? -1, Int32Array)];
  }

  const partsOf = (boxes) => boxes.flatMap((box, number) => (box ? [{ ...box, parts: [number], isSmall: false }] : []));

  const inkOf = (parts, { left, top, right, bottom, parts: [number] }) =>
    map(crop(parts, left, top, right, bottom), (part) => Number(part === number), Uint8Array);

  // Whether a part has its ink in two opposite corners, as that of a per cent sign.
  function isSlash(parts, one) {
    const { values, width, height } = inkOf(parts, one);
    const [half, middle] = [height >> 1, width >> 1];
    if (!half || !middle) return false;
    let beside = 0;
    values.forEach((value, place) => {
      const [x, y] = [place % width, Math.floor(place / width)];
      if ((y < half && x < middle) || (y >= height - half && x >= width - middle)) beside += value;
    });
    return beside < SLASH * one.area;
  }

  // How high what stands in a frame is, or on a line; 0 where a part is neither.
  function framedIn(parts, one, others) {
    const inside = others.filter((other) => surrounds(one, other));
    if (inside.length && !isSlash(parts, one)) return Math.max(...inside.map(high));
    return frames.isUnderlined(inkOf(parts, one)) ? high(one) : 0;
  }

  // Takes a frame out of the parts, and makes new ones of the digits that touched it, numbered from `count`.
  function takeAway(parts, frame, highest, count) {
    const ink = inkOf(parts, frame);
    const rest = label(frames.without(ink));
    const numbered = rest.boxes.map((box) => (box && sideOf(box) >= FRAMED * highest ? count++ : 0));
    ink.values.forEach((value, place) => {
      const [x, y] = [frame.left + (place % ink.width), frame.top + Math.floor(place / ink.width)];
      if (value) parts.values[y * parts.width + x] = numbered[rest.numbers.values[place]];
    });
    return count;
  }

  function join(parts) {
    if (!parts.length) return [];
    const ordered = [...parts].sort((one, other) => sideOf(other) * other.area - sideOf(one) * one.area);
    const inked = ordered.filter((part) => part.area >= SPECK * ordered[0].area);
    const reference = referenceOf(inked);
    const large = inked.filter((part) => mayStandAlone(part, reference));
    if (large.length > MOST_PIECES) return [];
    const heights = large.map(high).sort((one, other) => one - other);
    const long = large.length ? LONGER * heights[heights.length >> 1] : 0;
    const kept = inked.filter((part) => wide(part) <= long || !large.some((other) => underlines(part, other)));
    const main = kept.filter((part) => mayStandAlone(part, reference));
    for (const part of kept.slice(0, 4 * MOST_PIECES)) {
      if (!mayStandAlone(part, reference)) attach(main, part, reference);
    }
    return stacked(main, reference);
  }

  const mayStandAlone = (part, reference) =>
    sideOf(part) >= SMALL * reference && !(high(part) < FLAT_SIDE * reference && wide(part) > FLAT * high(part));

  function referenceOf(parts) {
    const [, most] = range(parts.map((part) => part.area));
    const sides = parts.filter((part) => part.area >= LARGE * most).map(sideOf).sort((one, other) => one - other);
    return sides[sides.length >> 1];
  }

  // Whether a part is a thin line around another one, which is large enough to be what matters.
  function surrounds(one, other) {
    const isAround = one.left < other.left && one.top < other.top && one.right > other.right && one.bottom > other.bottom;
    return isAround && one.area < THIN * wide(one) * high(one) && high(other) >= FRAMED * high(one);
  }

  // Whether a part is a line under another one and its neighbours.
  function underlines(one, other) {
    const isLine = wide(one) > LINE * high(one) && wide(one) > LONGER * high(other) && high(one) < LOWER * high(other);
    const isUnder = (one.top + one.bottom) / 2 > other.bottom - SUNK * high(other);
    return isLine && isUnder && overOf(one, other) >= ABOVE * wide(other) && gap(one, other) <= high(other);
  }

  // Gives a fragment to the near piece that it lies over or under the most, or lets it stand alone, as a sign does.
  function attach(main, part, reference) {
    const near = [...main.keys()].filter((place) => gap(main[place], part) <= NEAR * reference);
    if (near.length) {
      const place = near[indexOfHighest(near.map((each) => overOf(main[each], part)))];
      const piece = main[place];
      const isUnderline = part.top >= piece.bottom && wide(part) > FLAT * high(part);
      if (overOf(piece, part) >= ABOVE * wide(part) && !isUnderline) {
        main[place] = merged(piece, part);
        return;
      }
    }
    main.push({ ...part, isSmall: true });
  }

  function stacked(found, reference) {
    const byBox = (one, other) =>
      one.left - other.left || one.top - other.top || one.right - other.right || one.bottom - other.bottom;
    const left = [...found].sort(byBox);
    for (let place = 0; place < left.length;) {
      const over = left.findIndex((piece, at) => at > place && belong(left[place], piece, reference));
      if (over < 0) place++;
      else left[place] = merged(left[place], left.splice(over, 1)[0]);
    }
    return left;
  }

  function belong(one, other, reference) {
    const height = Math.max(one.bottom, other.bottom) - Math.min(one.top, other.top);
    const apart = Math.max(one.top, other.top) - Math.min(one.bottom, other.bottom);
    const nearest = height <= TALLER * Math.max(high(one), high(other)) ? NEAR : TOUCHING;
    return apart <= nearest * reference && overOf(one, other) >= ABOVE * Math.min(wide(one), wide(other));
  }

  // The columns that two boxes have in common; less than none where they are apart.
  const overOf = (one, other) => Math.min(one.right, other.right) - Math.max(one.left, other.left);

  function gap(one, other) {
    const across = Math.max(one.left, other.left) - Math.min(one.right, other.right);
    const down = Math.max(one.top, other.top) - Math.min(one.bottom, other.bottom);
    return Math.hypot(Math.max(across, 0), Math.max(down, 0));
  }

  const merged = (one, other) => ({
    left: Math.min(one.left, other.left), top: Math.min(one.top, other.top),
    right: Math.max(one.right, other.right), bottom: Math.max(one.bottom, other.bottom),
    parts: [...one.parts, ...other.parts], area: one.area + other.area, isSmall: one.isSmall && other.isSmall,
  });

  // All pieces as one, where those that may be digits lie over one another; null where they do not.
  function glyph(found) {
    const large = found.filter((piece) => !piece.isSmall);
    const isOver = (piece) => overOf(large[0], piece) >= ABOVE * Math.min(wide(large[0]), wide(piece));
    return large.length && large.every(isOver) ? { ...found.reduce(merged), number: 1 } : null;
  }

  function lines(found) {
    const lined = [];
    for (const piece of [...found].sort((one, other) => one.isSmall - other.isSmall || middle(one) - middle(other))) {
      const shares = lined.map((line) => beside(nearest(line, piece), piece));
      const best = indexOfHighest(shares);
      if (shares.length && shares[best] >= BESIDE) lined[best].push(piece);
      else lined.push([piece]);
    }
    const height = (line) => sum(line.map((piece) => piece.top + piece.bottom)) / line.length;
    const ordered = lined.sort((one, other) => height(one) - height(other));
    return ordered.map((line) => line.sort((one, other) => middle(one) - middle(other)));
  }

  const middle = (piece) => piece.left + piece.right;

  // The piece of a line by which another one is known to be of it.
  function nearest(line, piece) {
    const large = line.filter((each) => !each.isSmall && high(each) >= LOW * high(piece));
    const apart = (each) => Math.abs(middle(each) - middle(piece));
    return (large.length ? large : line).reduce((best, each) => (apart(each) < apart(best) ? each : best));
  }

  function beside(one, other) {
    const over = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
    return (over + HANGING * high(one) * other.isSmall) / Math.min(high(one), high(other));
  }

  return { find, glyph, lines, wide, high };
})();

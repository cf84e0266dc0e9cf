// The sheet of paper that lies on a desk: found, straightened and cut out.
"use strict";

const sheet = (() => {
  const { picture, map, crop, padded, minimum, maximum, gaussian, scaled, label, border, moved } = filters;
  const { histogram, range, median, sum, rounded } = numbers;
  const {
    THUMB, SMOOTHED, BINS, APART, EDGE, DARKEST, EDGED, LARGER, LIGHTER, SURELY, RIM, SMALLEST, LARGEST, NARROWEST, FILLED, OUTER, FINGER,
    ROUNDED, KEPT, COVERED, TURN, LEAST_TURN, BLOCK, WHOLE, INSET, INNER,
  } = constants.sheet;

  // The sheet's picture, and the matrix that takes a place in it to where it was; null where there is none.
  function find(shown) {
    const scale = Math.min(1, THUMB / Math.max(shown.width, shown.height));
    const thumb = gaussian(scaled(paper.greysOf(shown), scale, "box", true), SMOOTHED);
    const [low, high] = range(thumb.values);
    if (high - low < APART) return null;
    const found = [brightest(thumb, low, high), enclosed(thumb)].flatMap((shape) => sheetOf(thumb, shape) ?? []);
    if (!found.length) return null;
    const [one, other] = [found[0], found[found.length - 1]];
    // What is brightest may be the lit part of a sheet.
    const { filled, rectangle } = sum(other.filled.values) > LARGER * sum(one.filled.values) ? other : one;
    const [own, around] = atTheEdge(thumb, filled);
    const isClear = own >= SURELY * around;
    return { ...cutOut(shown, filled, rectangle, shown.width / thumb.width), isClear };
  }

  // The shape and the rectangle that it nearly is; null where it is no sheet.
  function sheetOf(thumb, shape) {
    if (!isLikeASheet(thumb, shape)) return null;
    let [filled, rectangle] = [shape, rectangleOf(shape)];
    if (rectangle === null) {
      // A finger or what else reaches onto the sheet is narrower than it.
      const open = opened(shape, Math.floor(FINGER * Math.max(shape.width, shape.height)) | 1);
      filled = map(maximum(open, ROUNDED), (value, place) => value & shape.values[place], Uint8Array);
      const isKept = sum(filled.values) >= KEPT * sum(shape.values) && isLikeASheet(thumb, filled);
      rectangle = isKept ? rectangleOf(filled) : null;
    }
    return rectangle && { filled, rectangle };
  }

  // The largest shape that is brighter than Otsu's threshold.
  function brightest(thumb, low, high) {
    const place = mask.parting(histogram(thumb.values, low, high, BINS), low, high);
    const least = low + ((place + 1) * (high - low)) / BINS;
    return withoutHoles(largest(map(thumb, (value) => Number(value > least), Uint8Array)));
  }

  // The largest shape that edges enclose: where shadows fall, no one threshold parts a sheet from the desk.
  function enclosed(thumb) {
    const darkest = minimum(thumb, 3).values;
    const edges = map(maximum(thumb, 3), (value, place) => Number(value > EDGE * Math.max(darkest[place], DARKEST)), Uint8Array);
    return minimum(largest(withoutHoles(edges)), EDGED);
  }

  function largest(shapes) {
    const { numbers, boxes } = label(shapes, false);
    const areas = boxes.map((box) => box?.area ?? 0);
    const most = areas.indexOf(Math.max(...areas));
    return map(shapes, (value, place) => Number(value && numbers.values[place] === most), Uint8Array);
  }

  function withoutHoles(part) {
    const around = label(padded(map(part, (value) => 1 - value, Uint8Array), 1, 1), false).numbers;
    return map(crop(around, 1, 1, around.width - 1, around.height - 1), (number) => Number(number !== 1), Uint8Array);
  }

  function opened(part, size) {
    const wide = padded(part, size);
    const open = maximum(minimum(wide, size), size);
    return crop(open, size, size, size + part.width, size + part.height);
  }

  function isLikeASheet(thumb, shape) {
    const [area, around] = [sum(shape.values), border(shape)];
    const share = area / shape.values.length;
    if (share < SMALLEST || share > LARGEST || sum(around) / around.length > OUTER) return false;
    const [own, beside] = atTheEdge(thumb, shape);
    const least = LIGHTER * beside;
    const light = thumb.values.filter((grey, place) => shape.values[place] && grey > least).length;
    return own >= least && light >= (1 - COVERED) * area;
  }

  // How light a shape is along its edge, and what lies around it.
  function atTheEdge(thumb, shape) {
    const { values } = shape;
    const [inner, outer] = [minimum, maximum].map((extreme) => extreme(shape, RIM).values);
    const greys = (isThere) => thumb.values.filter((_, place) => isThere(place));
    const own = median(greys((place) => values[place] && !inner[place]));
    return [own, Math.max(median(greys((place) => outer[place] && !values[place])), DARKEST)];
  }

  // The least rectangle around it: the degrees by which it is turned, and its sides in the turned picture.
  function rectangleOf(filled) {
    const points = [];
    filled.values.forEach((value, place) => {
      if (value) points.push([(place % filled.width) + 0.5, Math.floor(place / filled.width) + 0.5]);
    });
    let best = null;
    for (let degrees = -45; points.length && degrees < 45; degrees += TURN) {
      const [cosine, sine] = [Math.cos, Math.sin].map((of) => of((degrees * Math.PI) / 180));
      const [left, right] = range(points.map(([x, y]) => x * cosine + y * sine));
      const [top, bottom] = range(points.map(([x, y]) => y * cosine - x * sine));
      const sides = [left - 0.5, top - 0.5, right + 0.5, bottom + 0.5];
      const area = (sides[2] - sides[0]) * (sides[3] - sides[1]);
      if (best === null || area < best.area) best = { area, degrees, sides };
    }
    if (best === null || points.length < FILLED * best.area) return null;
    const [left, top, right, bottom] = best.sides;
    if (Math.min(right - left, bottom - top) < NARROWEST * Math.max(filled.width, filled.height)) return null;
    return { degrees: Math.abs(best.degrees) >= LEAST_TURN ? best.degrees : 0, sides: best.sides };
  }

  // The sheet out of the picture, which is so many times larger than the thumb; what shows of the desk is papered.
  function cutOut(shown, filled, { degrees, sides }, times) {
    const [cosine, sine] = [Math.cos, Math.sin].map((of) => of((degrees * Math.PI) / 180));
    const [left, top, right, bottom] = sides.map((side, place) => side + (place < 2 ? INSET : -INSET));
    const [width, height] = [right - left, bottom - top].map((side) => Math.max(1, rounded(side * times)));
    const matrix = [
      [cosine, -sine, (cosine * left - sine * top) * times], [sine, cosine, (sine * left + cosine * top) * times],
    ];
    const onThumb = matrix.map((row) => row.map((value) => value / times));
    const onSheet = moved(minimum(filled, INNER), onThumb, width, height, false).values;
    const side = rounded(BLOCK * times);
    const channels = Object.fromEntries(["red", "green", "blue"].map((name) =>
      [name, papered(moved(shown[name], matrix, width, height, true), onSheet, side)]));
    return { shown: { width, height, ...channels }, matrix };
  }

  // A sheet that goes on where it ends: block by block, from the paper beside it, so that no edge is to be seen.
  function papered(channel, onSheet, side) {
    const [across, down] = [channel.width, channel.height].map((size) => Math.ceil(size / side));
    const blockOf = (place) => Math.floor(place / channel.width / side) * across + Math.floor((place % channel.width) / side);
    const [sums, counts] = [new Float64Array(across * down), new Float64Array(across * down)];
    channel.values.forEach((value, place) => {
      if (!onSheet[place]) return;
      sums[blockOf(place)] += value;
      counts[blockOf(place)]++;
    });
    let papers = Array.from(sums, (total, block) => (counts[block] >= WHOLE * side * side ? total / counts[block] : null));
    if (papers.every((grey) => grey === null)) return channel;
    while (papers.includes(null)) {
      papers = papers.map((grey, block) => {
        if (grey !== null) return grey;
        const known = [-1, 0, 1].flatMap((down) => [-1, 0, 1].map((right) => {
          const x = (block % across) + right;
          return x >= 0 && x < across ? papers[block + down * across + right] ?? null : null;
        })).filter((other) => other !== null);
        return known.length ? sum(known) / known.length : null;
      });
    }
    return map(channel, (value, place) => (onSheet[place] ? value : rounded(papers[blockOf(place)])), Uint8Array);
  }

  return { find };
})();

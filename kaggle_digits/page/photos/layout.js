// What a picture may say: every way in which its pieces could be digits, each as an image that a model can judge.
//
// A picture as given is {width, height, red, green, blue}.
"use strict";

const layout = (() => {
  const { map, crop, maximum, border, scaled, moved } = filters;
  const { clip, rounded, median, range, sum, sorted, percentile } = numbers;
  const {
    LEAST_SIDE, FAR, NEAR, HIGH_ENOUGH, SHOWN, MARGIN, NOTHING_COST, CLEAN_BORDER, STEEPEST, TALL, LOW_COST, LOWEST,
  } = constants.layout;

  // What may be read in a picture once it is turned to the left by so many quarters.
  function layOut(shown, shape, quarters = 0) {
    if (!quarters) return laidOut(written(shown), shown, shape);
    const { width, height } = shown;
    const back = [
      [[0, -1, width], [1, 0, 0]], [[-1, 0, width], [0, -1, height]], [[0, 1, 0], [-1, 0, height]],
    ][quarters - 1];
    const [across, down] = quarters === 2 ? [width, height] : [height, width];
    const [red, green, blue] = channelsOf(shown).map((channel) => moved(channel, back, across, down, false));
    const writing = written({ width: across, height: down, red, green, blue });
    return laidOut({ ...writing, matrix: product(back, writing.matrix) }, shown, shape);
  }

  function written(shown) {
    const found = sheet.find(shown);
    let writing = closer(found ? found.shown : shown);
    if (found && writing.lines.length) writing = { ...writing, matrix: product(found.matrix, writing.matrix) };
    // What is bright, solid and empty may be chalk as well.
    else if (found) writing = closer(shown);
    return writing;
  }

  // What is written, looked at more closely where it is small.
  function closer(shown) {
    const writing = seen(shown, FAR);
    const isFar = writing.height < HIGH_ENOUGH && Math.max(shown.width, shown.height) > FAR;
    return isFar ? seen(shown, NEAR) : writing;
  }

  // One matrix after another.
  const product = (one, [[a, b, c], [d, e, f]]) =>
    one.map(([x, y, z]) => [x * a + y * d, x * b + y * e, x * c + y * f + z]);

  // Whether a picture is one of MNIST's already.
  function isReady(shown, [height, width]) {
    if (shown.width !== width || shown.height !== height) return false;
    const channels = channelsOf(shown);
    const [low, high] = range(channels.flatMap(({ values }) => [...values]));
    const around = channels.flatMap(border);
    const typical = median(around);
    const clean = around.filter((value) => value === typical).length;
    return low < high && (typical === 0 || typical === 255) && clean >= CLEAN_BORDER * around.length;
  }

  // A picture that is ready, as it is: ink is light, on whatever paper it was.
  function whole(shown) {
    const greys = paper.greysOf(shown);
    const isInked = median(border(greys)) > 127.5;
    const image = map(greys, (value) => (isInked ? 255 - value : value), Uint8Array).values;
    const span = { line: 0, first: 0, after: 1, cost: 0, box: [0, 0, shown.width, shown.height], piece: 1, size: [1, 1], image };
    return { lines: [1], spans: [span], isWhole: true };
  }

  // The ink of a picture in lines, looked at with so many pixels.
  function seen(shown, longest) {
    const small = resizedTo(shown, longest);
    let drawn = strokes.find(small);
    let matrix = [[shown.width / small.width, 0, 0], [0, shown.height / small.height, 0]];
    let [found, owners] = pieces.find(drawn);
    const degrees = tilt.angle(found);
    if (degrees) {
      const [level, turn] = tilt.turned(drawn, degrees);
      [drawn, matrix] = [level, product(matrix, turn)];
      [found, owners] = pieces.find(drawn);
    }
    const height = segmentation.typicalHeight(found);
    const lines = pieces.lines(found).map((line) => segmentation.sliced(line, height, owners));
    return { drawn, owners, height, lines, matrix };
  }

  function laidOut({ drawn, owners, height, lines, matrix }, shown, shape) {
    const cutter = new Cutter(strokes.shades(drawn), owners, matrix, shown);
    const stroke = strokes.widthOf(drawn);
    const spanOf = (line, number, measure, { first, after, cost }) => {
      const slices = line.slice(first, after);
      const [extent, ink] = [cutter.extent(slices), cutter.ink(slices)];
      const image = standard.asMnist(ink, shape, stroke);
      const low = LOW_COST * Math.max(0, LOWEST - (extent[3] - extent[1]) / height);
      const paid = image.values.some(Boolean) ? cost + low : NOTHING_COST;
      const size = measure.size(extent);
      const view = marks.inLine(image, Math.max(...size), measure.offset(extent));
      const [box, piece] = [cutter.box(extent), slices[0].piece.number];
      return { line: number, first, after, cost: paid, box, piece, markCost: cost, size, image: image.values, ink, view };
    };
    const spans = lines.flatMap((line, number) => {
      const measure = ruler(line, height);
      return segmentation.candidates(line, height).map((each) => spanOf(line, number, measure, each));
    });
    return { lines: lines.map((line) => line.length), spans, isWhole: false };
  }

  // Measures an extent by a line's digits: its width and height, and how far its middle is below the line's.
  function ruler(line, height) {
    const large = [...new Set(line.map(({ piece }) => piece))].filter((piece) => !piece.isSmall);
    const sized = (high) => ([left, top, right, bottom]) => [(right - left) / high, (bottom - top) / high];
    if (!large.length) return { size: sized(height), offset: () => 0 };
    const across = large.map(({ left, right }) => (left + right) / 2);
    const middles = large.map(({ top, bottom }) => (top + bottom) / 2);
    const high = percentile(sorted(large.map(({ top, bottom }) => bottom - top)), TALL);
    const [centre, middle] = [across, middles].map((places) => sum(places) / places.length);
    const spread = across.map((x) => x - centre);
    const steep = sum(spread.map((x, at) => x * middles[at])) / Math.max(1, sum(spread.map((x) => x * x)));
    const slope = clip(steep, -STEEPEST, STEEPEST);
    const offset = ([left, top, right, bottom]) =>
      ((top + bottom) / 2 - middle - slope * ((left + right) / 2 - centre)) / high;
    return { size: sized(high), offset };
  }

  const channelsOf = ({ red, green, blue }) => [red, green, blue];

  function resizedTo(shown, longest) {
    const side = Math.max(shown.width, shown.height);
    if (side >= LEAST_SIDE && side <= longest) return shown;
    const times = side > longest ? longest / side : Math.ceil(LEAST_SIDE / side);
    const how = times < 1 ? "box" : "bicubic";
    const [red, green, blue] = channelsOf(shown).map((channel) => scaled(channel, times, how, true));
    return { width: red.width, height: red.height, red, green, blue };
  }

  // Cuts the ink of some slices out of a picture, and tells where it is in the picture as given.
  class Cutter {
    constructor(shades, owners, matrix, { width, height }) {
      Object.assign(this, { shades, owners, matrix, given: [width, height] });
    }

    // The box around an extent in the picture as given.
    box([left, top, right, bottom]) {
      const corners = [[left, top], [right, top], [left, bottom], [right, bottom]];
      const [[x0, x1], [y0, y1]] = this.matrix.map(([a, b, c]) => range(corners.map(([x, y]) => a * x + b * y + c)));
      const [width, height] = this.given;
      // A thousandth of a pixel more than a whole number is a rounding error.
      return [
        Math.max(0, Math.floor(x0 + 1e-3)), Math.max(0, Math.floor(y0 + 1e-3)),
        Math.min(width, Math.ceil(x1 - 1e-3)), Math.min(height, Math.ceil(y1 - 1e-3)),
      ];
    }

    ink(slices) {
      const [left, top, right, bottom] = this.extent(slices);
      const margin = 1 + rounded(MARGIN * Math.max(right - left, bottom - top));
      const { width, height } = this.shades;
      const begin = Math.max(0, left - margin);
      const upper = Math.max(0, top - margin);
      const window = [begin, upper, Math.min(width, right + margin), Math.min(height, bottom + margin)];
      const [owners, shades] = [crop(this.owners, ...window), crop(this.shades, ...window)];
      const kept = map(owners, (owner, place) => {
        const x = begin + (place % owners.width);
        return Number(slices.some((each) => x >= each.left && x < each.right && each.piece.number === owner));
      }, Uint8Array);
      const near = maximum(kept, 2 * margin + 1).values;
      const isShown = (place) => near[place] && (kept.values[place] || owners.values[place] === 0);
      const cutOut = map(shades, (value, place) => (isShown(place) ? value : 0));
      return range(cutOut.values)[1] > SHOWN ? cutOut : map(kept, Number);
    }

    extent(slices) {
      const rows = slices.map((each) => this.rows(each));
      return [
        slices[0].left, Math.min(...rows.map(([top]) => top)),
        Math.max(...slices.map((each) => each.right)), Math.max(...rows.map(([, bottom]) => bottom)),
      ];
    }

    // The first row with ink, and the one after the last.
    rows({ piece, left, right }) {
      if (left === piece.left && right === piece.right) return [piece.top, piece.bottom];
      const { values, width } = this.owners;
      const hasInk = (y) => values.subarray(y * width + left, y * width + right).includes(piece.number);
      let [top, bottom] = [piece.top, piece.bottom];
      while (top < bottom && !hasInk(top)) top++;
      if (top === bottom) return [piece.top, piece.bottom];
      while (!hasInk(bottom - 1)) bottom--;
      return [top, bottom];
    }
  }

  return { layOut, isReady, whole };
})();

// What a picture may say: every way in which its pieces could be digits, each as an image that a model can judge.
//
// A picture as given is {width, height, red, green, blue}.
"use strict";

const layout = (() => {
  const { map, border, padded, scaled } = filters;
  const { median, range, sum } = numbers;
  const {
    LEAST_SIDE, TINY, FAR, NEAR, HIGH_ENOUGH, NOTHING_COST, STROKE, BESIDE, FEW, CLEAN_BORDER, LONE, SEVERAL, LOW_COST, LOWEST,
  } = constants.layout;

  // What may be read in a picture once its ink is turned to the left by so many quarters.
  const layOut = (shown, shape, quarters = 0) => laidOut(written(shown, quarters), shown, shape);

  function written(shown, quarters) {
    if (Math.max(shown.width, shown.height) <= TINY) return tiny(shown, quarters);
    const found = sheet.find(shown);
    if (!found) return closer(shown, quarters);
    const cut = closer(found.shown, quarters);
    const writing = { ...cut, matrix: product(found.matrix, cut.matrix) };
    if (cut.lines.length && found.isClear) return writing;
    const whole = closer(shown, quarters);
    // What is bright, solid, empty and narrow is chalk; where there is writing beside it, it is light on a page.
    const isChalk = !cut.lines.length && narrow(found.shown) <= STROKE;
    const outside = countOutside(whole, found);
    return isChalk || (outside > 0 && outside <= FEW) ? whole : writing;
  }

  // How many pieces of a picture that may be digits lie outside of a sheet.
  function countOutside({ lines, matrix }, { shown: { width, height }, matrix: [[a, b, c], [d, e, f]] }) {
    const found = new Map(lines.flat().map(({ piece }) => [piece.number, piece]));
    const margin = BESIDE * Math.min(width, height);
    const isOutside = ({ left, top, right, bottom }) => {
      const [x, y] = matrix.map(([u, v, w]) => (u * (left + right)) / 2 + (v * (top + bottom)) / 2 + w);
      const [across, down] = [((x - c) * e - (y - f) * b) / (a * e - b * d), ((y - f) * a - (x - c) * d) / (a * e - b * d)];
      return across < -margin || down < -margin || across > width + margin || down > height + margin;
    };
    return [...found.values()].filter((piece) => !piece.isSmall && isOutside(piece)).length;
  }

  const narrow = ({ width, height }) => Math.min(width, height) / Math.max(width, height);

  // What is written in so few pixels that it may fill them all: seen with paper around it.
  function tiny(shown, quarters) {
    const margin = Math.floor(Math.max(shown.width, shown.height) / 2);
    const [red, green, blue] = channelsOf(shown).map((channel) =>
      padded(channel, margin, Math.floor(median(channel.values))));
    const writing = seen({ width: red.width, height: red.height, red, green, blue }, FAR, quarters, true);
    return { ...writing, matrix: writing.matrix.map(([a, b, c]) => [a, b, c - margin]) };
  }

  // What is written, looked at more closely where it is small.
  function closer(shown, quarters) {
    const writing = seen(shown, FAR, quarters);
    const isFar = writing.height < HIGH_ENOUGH && Math.max(shown.width, shown.height) > FAR;
    return isFar ? seen(shown, NEAR, quarters) : writing;
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
  function seen(shown, longest, quarters, isTiny = false) {
    const small = resizedTo(shown, longest);
    let drawn = strokes.find(small);
    let matrix = [[shown.width / small.width, 0, 0], [0, shown.height / small.height, 0]];
    if (quarters) {
      const [upright, turn] = tilt.quartered(drawn, quarters);
      [drawn, matrix] = [upright, product(matrix, turn)];
    }
    let [found, owners] = pieces.find(drawn);
    const degrees = tilt.angle(found);
    if (degrees) {
      const [level, turn] = tilt.turned(drawn, degrees);
      [drawn, matrix] = [level, product(matrix, turn)];
      [found, owners] = pieces.find(drawn);
    }
    const glyph = isTiny ? pieces.glyph(found) : null;
    if (glyph) {
      // Thin strokes break in so few pixels.
      const lines = [[{ piece: glyph, left: glyph.left, right: glyph.right, cost: 0 }]];
      const one = map(owners, (owner) => Math.min(owner, 1), Int32Array);
      return { drawn, owners: one, height: pieces.high(glyph), lines, matrix, isGlyph: true };
    }
    const height = segmentation.typicalHeight(found);
    const lines = pieces.lines(found).map((line) => segmentation.sliced(line, height, owners));
    return { drawn, owners, height, lines, matrix, isGlyph: false };
  }

  function laidOut({ drawn, owners, height, lines, matrix, isGlyph }, shown, shape) {
    const knife = new cutter.Cutter(strokes.shades(drawn), owners, matrix, shown);
    const stroke = strokes.widthOf(drawn);
    const spanOf = (line, number, measure, { first, after, cost }) => {
      const slices = line.slice(first, after);
      const extent = knife.extent(slices);
      const image = standard.asMnist(knife.ink(slices), shape, stroke);
      const low = LOW_COST * Math.max(0, LOWEST - (extent[3] - extent[1]) / height);
      const paid = image.values.some(Boolean) ? cost + low : NOTHING_COST;
      const size = measure.size(extent);
      const view = marks.inLine(image, Math.max(...size), measure.offset(extent));
      const [box, piece] = [knife.box(extent), slices[0].piece.number];
      const markCost = cost + (slices.some((slice) => slice.piece.number !== piece) ? SEVERAL : 0);
      return { line: number, first, after, cost: paid, box, piece, markCost, size, image: image.values, view };
    };
    const spans = lines.flatMap((line, number) => {
      const measure = ruler.of(line, height);
      return segmentation.candidates(line, height).map((each) => spanOf(line, number, measure, each));
    });
    return { lines: lines.map((line) => line.length), spans, isWhole: false, isGlyph };
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

  // Which spans are all that there is in the picture, and one piece.
  function areLone({ spans, lines }) {
    const areOne = new Set(spans.map(({ piece }) => piece)).size === 1;
    return spans.map(({ first, after }) => areOne && after - first === sum(lines));
  }

  // Which digit every span is, by its place in the line, and, last, that it is none.
  function kindsOf(laid) {
    const lone = areLone(laid);
    return laid.spans.map(({ view }, place) => {
      if (!view) return null;
      const kind = marks.probabilities(view);
      kind[constants.marks.MARK] *= laid.isGlyph ? 0 : lone[place] ? LONE : 1;
      return kind.map((value) => value / sum(kind));
    });
  }

  return { areLone, kindsOf, layOut, isReady, whole };
})();

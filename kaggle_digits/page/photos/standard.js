// The form of MNIST's digits: 20 pixels of ink at the longest, balanced in the middle of 28.
"use strict";

const standard = (() => {
  const { blank, map, padded, distance, scaled } = filters;
  const { clip, rounded, range } = numbers;
  const { SIDE, INK_SIDE, FINE, THINNEST, THICKEST, EDGE, INKED, THERE, NOTHING } = constants.standard;

  // The image of one digit's ink; `stroke` is the width of the pen's strokes in its pixels.
  function asMnist(ink, shape, stroke) {
    const [, darkest] = range(ink.values);
    if (!(darkest >= NOTHING)) return blank({ width: shape[1], height: shape[0] }, Uint8Array);
    const box = Math.max(1, rounded((INK_SIDE * Math.min(...shape)) / SIDE));
    const digit = tight(map(ink, (value) => value / darkest));
    const width = (stroke * box) / Math.max(digit.width, digit.height);
    return pasted(stretched(reduced(tight(withFairStrokes(digit, box, width)), box)), shape);
  }

  // A digit no wider than that, in its own height.
  function narrowed(image, widest) {
    const digit = filters.tightened(image, Boolean);
    if (digit === null) return image;
    const width = Math.min(digit.width, Math.max(1, rounded(widest * digit.height)));
    return pasted(stretched(filters.resized(digit, width, digit.height, "box", true)), [image.height, image.width]);
  }

  const tight = (ink) => filters.tightened(ink, (value) => value >= Math.fround(EDGE));

  function withFairStrokes(ink, box, width) {
    const wanted = clip(width, THINNEST, THICKEST);
    if (wanted === width) return ink;
    const fine = reduced(ink, FINE * box);
    const least = Math.fround(INKED * range(fine.values)[1]);
    const grown = ((wanted - width) / 2) * FINE;
    const inked = padded(map(fine, (value) => Number(value >= least), Uint8Array), Math.floor(Math.abs(grown)) + 2);
    const outside = distance(map(inked, (value) => 1 - value, Uint8Array)).values;
    const drawn = map(distance(inked), (value, place) => clip(value - outside[place] + grown + 0.5));
    return range(drawn.values)[1] >= THERE ? drawn : ink;
  }

  function reduced(ink, longest) {
    const times = Math.ceil(longest / Math.max(ink.width, ink.height));
    const large = times > 1 ? repeated(ink, times) : ink;
    return scaled(large, longest / Math.max(large.width, large.height), "box");
  }

  function repeated({ values, width, height }, times) {
    const large = blank({ width: width * times, height: height * times });
    return map(large, (_, place) =>
      values[Math.floor(place / large.width / times) * width + Math.floor((place % large.width) / times)]);
  }

  function stretched(ink) {
    const times = Math.fround(255 / range(ink.values)[1]);
    return map(ink, (value) => rounded(Math.fround(Math.max(0, value) * times)), Uint8Array);
  }

  // On paper, so that the barycentre, with pixel centres at a half, lies in the pixel after the middle.
  function pasted(digit, [height, width]) {
    const image = blank({ width, height }, Uint8Array);
    const place = (centre, side, own) => clip(Math.floor(Math.floor(side / 2) + 1 - centre), 0, side - own);
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

  return { asMnist, narrowed };
})();

// Cuts what may be one digit out of a picture.
"use strict";

const cutter = (() => {
  const { map, crop, maximum } = filters;
  const { rounded, range } = numbers;
  const { SHOWN, MARGIN } = constants.cutter;

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

  return { Cutter };
})();

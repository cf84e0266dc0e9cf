// Every way in which the pieces of a line could be digits: wide ones are cut, and near ones joined.
//
// A slice is a piece, or what lies between two cuts through it, from column `left` to before `right`.
"use strict";

const segmentation = (() => {
  const { median, rounded } = numbers;
  const { wide, high } = pieces;
  const {
    WIDE, WIDEST, NARROWEST, MOST_CUTS, CUTS, MOST_SLICES, MOST_JOINED, STRUCK, STEEPEST, OUT, FLAT, MIDDLE, WHOLE, NEAREST, CUT_COST, THICKEST, RUN_COST,
    JOIN_COST, GAP_COST, WIDTH_COST, WIDE_ENOUGH,
  } = constants.segmentation;

  function typicalHeight(found) {
    const large = found.filter((piece) => !piece.isSmall);
    const heights = (large.length ? large : found).map(high).sort((one, other) => one - other);
    return heights.length ? heights[heights.length >> 1] : 1;
  }

  const sliced = (line, height, owners) => line.flatMap((piece) => cut(piece, height, owners));

  // Every run of slices that may be one digit; every slice is one by itself, so that a line can always be read.
  function candidates(line, height) {
    const found = [];
    for (let first = 0; first < line.length; first++) {
      for (let after = first + 1; after <= Math.min(line.length, first + MOST_SLICES); after++) {
        const cost = costOf(line.slice(first, after), height);
        if (cost !== null || after === first + 1) found.push({ first, after, cost: cost ?? 0 });
      }
    }
    return found;
  }

  function cut(piece, height, owners) {
    if (wide(piece) < WIDE * height || owners.height < 2 || isStruck(piece, owners)) {
      return [{ piece, left: piece.left, right: piece.right, cost: 0 }];
    }
    const chosen = cuts(piece, height, owners).sort((one, other) => one[0] - other[0]);
    const lefts = [[piece.left, 0], ...chosen];
    const rights = [...chosen.map(([column]) => column), piece.right];
    return lefts.map(([left, cost], place) => ({ piece, left, right: rights[place], cost }));
  }

  // Whether a straight stroke runs through the middle of several digits, from one end to the other.
  function isStruck(piece, owners) {
    const [width, height] = [wide(piece), high(piece)];
    if (width < STRUCK * height) return false;
    const end = Math.max(1, Math.floor(OUT * height));
    const sides = Array.from({ length: width }, (_, x) => x).filter((x) => x < end || x >= width - end);
    const [first, last] = [Math.floor(MIDDLE * height), Math.floor((1 - MIDDLE) * height)];
    const isLine = sides.every((x) => {
      const inked = Array.from({ length: height }, (_, y) => y)
        .filter((y) => owners.values[(piece.top + y) * owners.width + piece.left + x] === piece.number);
      return inked.length <= FLAT * height && inked.every((y) => y >= first && y <= last);
    });
    if (!isLine) return false;
    for (let turn = 0; turn < 31; turn++) {
      const slope = -STEEPEST + turn * ((2 * STEEPEST) / 30);
      const shifts = Array.from({ length: width }, (_, x) => rounded(slope * (x - width / 2)));
      for (let row = first; row <= last; row++) {
        const inked = shifts.filter((shift, x) => {
          const y = piece.top + Math.min(height - 1, Math.max(0, row + shift));
          return owners.values[y * owners.width + piece.left + x] === piece.number;
        });
        if (inked.length >= WHOLE * width) return true;
      }
    }
    return false;
  }

  // Columns where little ink is cut through, and what each costs.
  function cuts(piece, height, owners) {
    const columns = Array.from({ length: wide(piece) }, (_, x) => column(piece, piece.left + x, owners));
    const typical = Math.max(1, median(columns.map(([count]) => count).filter(Boolean)) / 2);
    const costs = columns.map(([count, runs]) =>
      CUT_COST * Math.min(count / typical, THICKEST) + RUN_COST * Math.max(runs - 1, 0));
    const narrowest = Math.max(1, Math.floor(NARROWEST * height));
    costs.fill(Infinity, 0, narrowest).fill(Infinity, costs.length - narrowest);
    const chosen = [];
    for (let turn = Math.min(MOST_CUTS, 1 + Math.floor((CUTS * wide(piece)) / Math.max(height, 1))); turn > 0; turn--) {
      const best = costs.indexOf(Math.min(...costs));
      if (!Number.isFinite(costs[best])) break;
      chosen.push([piece.left + best, costs[best]]);
      costs.fill(Infinity, Math.max(0, best - narrowest), best + narrowest + 1);
    }
    return chosen;
  }

  // How many pixels of a piece a column has, and in how many runs.
  function column(piece, x, owners) {
    let [count, runs, before] = [0, 0, false];
    for (let y = piece.top; y < piece.bottom; y++) {
      const inside = owners.values[y * owners.width + x] === piece.number;
      [count, runs] = [count + Number(inside), runs + Number(inside && !before)];
      before = inside;
    }
    return [count, runs];
  }

  // What taking slices for one digit costs; null where it is out of the question.
  function costOf(slices, height) {
    const [first, last] = [slices[0], slices[slices.length - 1]];
    const width = Math.max(...slices.map((each) => each.right)) - first.left;
    const neighbours = slices.slice(1).map((slice, place) => [slices[place], slice]);
    const joints = neighbours.filter(([one, other]) => one.piece !== other.piece);
    if (joints.length >= MOST_JOINED || (width > WIDEST * height && slices.length > 1)) {
      const isWhole = !joints.length && first.left === first.piece.left && last.right === first.piece.right;
      if (!isWhole) return null;
    }
    let cost = first.cost + WIDTH_COST * Math.max(0, width / Math.max(height, high(first.piece)) - WIDE_ENOUGH);
    for (const [one, other] of joints) {
      const apart = (other.left - one.right) / height;
      if (apart > NEAREST) return null;
      cost += Math.max(0, JOIN_COST + GAP_COST * apart);
    }
    return cost;
  }

  return { typicalHeight, sliced, candidates };
})();

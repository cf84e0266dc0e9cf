// At what angle the lines of a picture run, and its strokes turned so that they run level.
"use strict";

const tilt = (() => {
  const { moved, measured } = filters;
  const { rounded } = numbers;
  const { MOST, STEP, LEAST, FEWEST, BAND, WORTH } = constants.tilt;

  // The degrees by which the lines fall to the right; 0 where they hardly do, or cannot be seen.
  function angle(found) {
    const large = found.filter((piece) => !piece.isSmall);
    if (large.length < FEWEST) return 0;
    const angles = Array.from({ length: rounded((2 * MOST) / STEP) + 1 }, (_, at) => at * STEP - MOST);
    const taken = angles.map((degrees) => rowsTaken(large, degrees));
    const best = taken.indexOf(Math.min(...taken));
    const isWorthIt = Math.abs(angles[best]) >= LEAST && taken[best] <= WORTH * taken[angles.length >> 1];
    return isWorthIt ? angles[best] : 0;
  }

  // How many rows the pieces take once turned back by that angle.
  function rowsTaken(found, degrees) {
    const turn = (degrees * Math.PI) / 180;
    const bands = found.map(({ left, top, right, bottom }) => {
      const middle = ((top + bottom) / 2) * Math.cos(turn) - ((left + right) / 2) * Math.sin(turn);
      const half = (BAND / 2) * (bottom - top);
      return [middle - half, middle + half];
    }).sort((one, other) => one[0] - other[0]);
    let [rows, reached] = [0, -Infinity];
    for (const [start, end] of bands) {
      rows += Math.max(0, end - Math.max(start, reached));
      reached = Math.max(reached, end);
    }
    return rows;
  }

  // The strokes with such lines level, and the matrix that takes a place in them to where it was.
  function turned(drawn, degrees) {
    const { width, height } = drawn.parts;
    const [cosine, sine] = [Math.cos, Math.sin].map((of) => of((degrees * Math.PI) / 180));
    const across = Math.ceil(width * cosine + height * Math.abs(sine));
    const down = Math.ceil(height * cosine + width * Math.abs(sine));
    const matrix = [
      [cosine, -sine, width / 2 - (cosine * across) / 2 + (sine * down) / 2],
      [sine, cosine, height / 2 - (sine * across) / 2 - (cosine * down) / 2],
    ];
    return redrawn(drawn, matrix, across, down);
  }

  // The same after quarter turns to the left, 1 to 3.
  function quartered(drawn, quarters) {
    const { width, height } = drawn.parts;
    const matrix = [
      [[0, -1, width], [1, 0, 0]], [[-1, 0, width], [0, -1, height]], [[0, 1, 0], [-1, 0, height]],
    ][quarters - 1];
    return redrawn(drawn, matrix, ...(quarters === 2 ? [width, height] : [height, width]));
  }

  function redrawn(drawn, matrix, across, down) {
    const amount = moved(drawn.amount, matrix, across, down, true);
    const parts = moved(drawn.parts, matrix, across, down, false);
    return [{ ...drawn, amount, parts, boxes: measured(parts, drawn.boxes.length) }, matrix];
  }

  return { angle, turned, quartered };
})();

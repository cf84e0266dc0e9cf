// What the photo treatment asks of SciPy, NumPy and Pillow, for pictures of one channel.
//
// A picture is {values, width, height}, row by row; a mask holds 0 and 1.
"use strict";

const filters = (() => {
  const picture = (values, width, height) => ({ values, width, height });

  const blank = ({ width, height }, Kind = Float32Array) => picture(new Kind(width * height), width, height);

  function map({ values, width, height }, change, Kind = Float32Array) {
    const changed = new Kind(values.length);
    for (let place = 0; place < values.length; place++) changed[place] = change(values[place], place);
    return picture(changed, width, height);
  }

  function crop({ values, width }, left, top, right, bottom) {
    const part = picture(new values.constructor((right - left) * (bottom - top)), right - left, bottom - top);
    for (let y = top; y < bottom; y++) {
      part.values.set(values.subarray(y * width + left, y * width + right), (y - top) * part.width);
    }
    return part;
  }

  function padded({ values, width, height }, margin, fill = 0) {
    const wider = blank({ width: width + 2 * margin, height: height + 2 * margin }, values.constructor);
    wider.values.fill(fill);
    for (let y = 0; y < height; y++) {
      wider.values.set(values.subarray(y * width, (y + 1) * width), (y + margin) * wider.width + margin);
    }
    return wider;
  }

  // With a margin in which the outermost pixels go on.
  function edged(shown, margin) {
    const { values, width, height } = shown;
    const within = (place, size) => Math.min(size - 1, Math.max(0, place - margin));
    const wider = blank({ width: width + 2 * margin, height: height + 2 * margin });
    return map(wider, (_, place) =>
      values[within(Math.floor(place / wider.width), height) * width + within(place % wider.width, width)]);
  }

  function transposed({ values, width, height }) {
    const turned = picture(new values.constructor(values.length), height, width);
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) turned.values[x * height + y] = values[y * width + x];
    return turned;
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

  // A function of one line's values, on every row, then on every column of what comes of it.
  const separable = (shown, rowwise) => transposed(rowwise(transposed(rowwise(shown))));

  // scipy.ndimage.gaussian_filter: mirrored at the edges, cut off after `reach` standard deviations.
  function gaussian(shown, sigma, reach = 4) {
    const radius = Math.floor(reach * sigma + 0.5);
    const kernel = Array.from({ length: 2 * radius + 1 }, (_, at) => Math.exp(-((at - radius) ** 2) / (2 * sigma ** 2)));
    const total = kernel.reduce((sum, weight) => sum + weight, 0);
    return separable(shown, ({ values, width, height }) => {
      const smooth = blank({ width, height });
      const line = new Float64Array(width + 2 * radius);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < line.length; x++) line[x] = values[y * width + mirrored(x - radius, width)];
        for (let x = 0; x < width; x++) {
          let sum = 0;
          for (let at = 0; at < kernel.length; at++) sum += line[x + at] * kernel[at];
          smooth.values[y * width + x] = sum / total;
        }
      }
      return smooth;
    });
  }

  function mirrored(place, size) {
    const turned = ((place % (2 * size)) + 2 * size) % (2 * size);
    return turned < size ? turned : 2 * size - 1 - turned;
  }

  // The highest value within a window of each row, or the lowest where `sign` is -1. Edges are repeated. A queue keeps
  // the places that may still become the best, best first, so that a window's size costs nothing.
  function extreme({ values, width, height }, size, sign) {
    const found = picture(new values.constructor(values.length), width, height);
    const queue = new Int32Array(width);
    const before = size >> 1, after = size - before - 1;
    for (let y = 0; y < height; y++) {
      const row = y * width;
      let head = 0, tail = 0, next = 0;
      for (let x = 0; x < width; x++) {
        for (; next <= x + after && next < width; next++) {
          while (tail > head && sign * values[row + queue[tail - 1]] <= sign * values[row + next]) tail--;
          queue[tail++] = next;
        }
        while (queue[head] < x - before) head++;
        found.values[row + x] = values[row + queue[head]];
      }
    }
    return found;
  }

  const maximumAcross = (shown, size) => extreme(shown, size, 1);
  const maximumDown = (shown, size) => transposed(maximumAcross(transposed(shown), size));
  const maximum = (shown, size) => separable(shown, (rows) => extreme(rows, size, 1));
  const minimum = (shown, size) => separable(shown, (rows) => extreme(rows, size, -1));
  const closing = (shown, size) => minimum(maximum(shown, size), size);

  // The mean over a window of each row, with zeros beyond the edges.
  function meanAcross({ values, width, height }, size) {
    const mean = blank({ width, height });
    const before = size >> 1;
    for (let y = 0; y < height; y++) {
      let sum = 0;
      for (let x = -size; x < width; x++) {
        const [enters, leaves] = [x - before + size - 1, x - before - 1];
        if (enters >= 0 && enters < width) sum += values[y * width + enters];
        if (leaves >= 0 && leaves < width) sum -= values[y * width + leaves];
        if (x >= 0) mean.values[y * width + x] = sum / size;
      }
    }
    return mean;
  }

  // Connected parts, numbered from 1 in reading order of their first pixels; corners connect where asked.
  function label({ values, width, height }, corners = true) {
    const numbers = picture(new Int32Array(values.length), width, height);
    const boxes = [null];
    const stack = [];
    for (let start = 0; start < values.length; start++) {
      if (!values[start] || numbers.values[start]) continue;
      const box = { left: width, top: height, right: 0, bottom: 0, area: 0 };
      numbers.values[start] = boxes.length;
      stack.push(start);
      while (stack.length) {
        const place = stack.pop();
        const [x, y] = [place % width, Math.floor(place / width)];
        box.area++;
        [box.left, box.right] = [Math.min(box.left, x), Math.max(box.right, x + 1)];
        [box.top, box.bottom] = [Math.min(box.top, y), Math.max(box.bottom, y + 1)];
        for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
          for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
            const next = ny * width + nx;
            if (!values[next] || numbers.values[next] || (!corners && nx !== x && ny !== y)) continue;
            numbers.values[next] = boxes.length;
            stack.push(next);
          }
        }
      }
      boxes.push(box);
    }
    return { numbers, boxes };
  }

  // The distance of every pixel of a mask to the nearest one outside.
  // Source: P. Felzenszwalb, D. Huttenlocher, Distance Transforms of Sampled Functions, 2012.
  function distance(mask) {
    const far = 1e12;
    const squared = map(mask, (inside) => (inside ? far : 0), Float64Array);
    const parabolas = ({ values, width, height }) => {
      const found = blank({ width, height }, Float64Array);
      const [roots, borders] = [new Int32Array(width), new Float64Array(width + 1)];
      for (let y = 0; y < height; y++) {
        const row = values.subarray(y * width, (y + 1) * width);
        let last = 0;
        roots[0] = 0;
        [borders[0], borders[1]] = [-Infinity, Infinity];
        const meet = (x, root) => (row[x] + x * x - row[root] - root * root) / (2 * (x - root));
        for (let x = 1; x < width; x++) {
          while (meet(x, roots[last]) <= borders[last]) last--;
          borders[last + 1] = meet(x, roots[last]);
          roots[++last] = x;
          borders[last + 1] = Infinity;
        }
        for (let x = 0, at = 0; x < width; x++) {
          while (borders[at + 1] < x) at++;
          found.values[y * width + x] = (x - roots[at]) ** 2 + row[roots[at]];
        }
      }
      return found;
    };
    return map(separable(squared, parabolas), Math.sqrt);
  }

  const RESAMPLING = {
    box: [0.5, (x) => (x > -0.5 && x <= 0.5 ? 1 : 0)],
    bilinear: [1, (x) => Math.max(0, 1 - Math.abs(x))],
    bicubic: [2, (x) => {
      const far = Math.abs(x);
      if (far < 1) return (1.5 * far - 2.5) * far * far + 1;
      return far < 2 ? ((-0.5 * far + 2.5) * far - 4) * far + 2 : 0;
    }],
  };

  // Pillow's resize: when a picture shrinks, the filter grows with it.
  function resized(shown, width, height, how, isBytes = false) {
    const across = (rows, size) => resizedAcross(rows, size, how, isBytes);
    return transposed(across(transposed(across(shown, width)), height));
  }

  function resizedAcross({ values, width, height }, size, how, isBytes) {
    const [support, weigh] = RESAMPLING[how];
    const result = blank({ width: size, height });
    const scale = width / size;
    const stretch = Math.max(scale, 1);
    for (let x = 0; x < size; x++) {
      const centre = (x + 0.5) * scale;
      const first = Math.max(0, Math.floor(centre - support * stretch + 0.5));
      const after = Math.min(width, Math.floor(centre + support * stretch + 0.5));
      const weights = [];
      for (let at = first; at < after; at++) weights.push(weigh((at - centre + 0.5) / stretch));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      for (let y = 0; y < height; y++) {
        let sum = 0;
        for (let at = first; at < after; at++) sum += values[y * width + at] * weights[at - first];
        sum /= total;
        result.values[y * size + x] = isBytes ? Math.min(255, Math.max(0, Math.floor(sum + 0.5))) : sum;
      }
    }
    return result;
  }

  // With sides so many times as long.
  function scaled(shown, times, how, isBytes) {
    const [width, height] = [shown.width, shown.height].map((side) => Math.max(1, numbers.rounded(side * times)));
    return resized(shown, width, height, how, isBytes);
  }

  // Pillow's affine transform: a picture so large, whose places the matrix takes to those of the one shown.
  function moved({ values, width, height }, [[a, b, c], [d, e, f]], across, down, isSmooth) {
    const result = picture(new values.constructor(across * down), across, down);
    // For the nearest pixel it counts in parts of one, of which there are 65,536.
    const part = (value) => (isSmooth || (b === 0 && d === 0) ? value : Math.floor(value * 65536 + 0.5) / 65536);
    const [[right, under, first], [fall, step, start]] = [
      [a, b, c + (a + b) / 2], [d, e, f + (d + e) / 2],
    ].map((row) => row.map(part));
    for (let y = 0; y < down; y++) {
      for (let x = 0; x < across; x++) {
        const [u, v] = [first + right * x + under * y, start + fall * x + step * y];
        if (u < 0 || v < 0 || u >= width || v >= height) continue;
        const place = y * across + x;
        if (!isSmooth) {
          result.values[place] = values[Math.floor(v) * width + Math.floor(u)];
          continue;
        }
        const [left, top] = [Math.floor(u - 0.5), Math.floor(v - 0.5)];
        const [far, low] = [u - 0.5 - left, v - 0.5 - top];
        const at = (column, row) => values[Math.min(height - 1, Math.max(0, row)) * width
          + Math.min(width - 1, Math.max(0, column))];
        const upper = at(left, top) * (1 - far) + at(left + 1, top) * far;
        result.values[place] = upper * (1 - low) + (at(left, top + 1) * (1 - far) + at(left + 1, top + 1) * far) * low;
      }
    }
    return result;
  }

  // The box and area of every number below `count`; null where it is nowhere.
  function measured({ values, width }, count) {
    const boxes = new Array(count).fill(null);
    values.forEach((number, place) => {
      if (!number) return;
      const [x, y] = [place % width, Math.floor(place / width)];
      const box = boxes[number] ?? { left: x, top: y, right: 0, bottom: 0, area: 0 };
      boxes[number] = {
        left: Math.min(box.left, x), top: Math.min(box.top, y),
        right: Math.max(box.right, x + 1), bottom: Math.max(box.bottom, y + 1), area: box.area + 1,
      };
    });
    return boxes;
  }

  // Rows and columns of the outermost pixels, as numpy.concatenate lines them up.
  function border({ values, width, height }) {
    const found = [];
    for (let x = 0; x < width; x++) found.push(values[x], values[(height - 1) * width + x]);
    for (let y = 0; y < height; y++) found.push(values[y * width], values[y * width + width - 1]);
    return found;
  }

  return {
    picture, blank, map, crop, padded, edged, tightened, transposed, gaussian, maximum, minimum, maximumAcross, maximumDown,
    closing, meanAcross, label, distance, resized, scaled, moved, measured, border,
  };
})();

// From a picture to the ink on it: which side is ink, and what is left once the light on the paper is taken away.
"use strict";

const paper = (() => {
  const { map, gaussian, closing, maximum, minimum, crop, edged, resized, border } = filters;
  const { sorted, percentile, median, histogram, range, indexOfHighest } = numbers;
  const {
    THUMB, SMALLER, GREYS, BORDER_WORTH, CHALK, WINDOWS, EVEN, MOSTLY, STRONG, DARKEST, STILL_DARK, SURVIVING,
    DARKEST_PAPER, CLEARER, SIGMAS_FROM_5_TO_30, COLOURED, SAMPLED, DARKER, LIGHTER, CONTRAST, TURNS,
    LEAST_WEIGHED, RIDGE, STEP, STEEP, PARTS, GRAIN, SOFTENED,
  } = constants.paper;

  function ink(shown) {
    const greys = clearest(shown);
    const isDark = isDarkInk(thumb(greys, SMALLER));
    const dark = isDark ? greys : map(greys, (value) => 255 - value);
    const [light, window] = paperOf(thumb(dark, THUMB), isDark);
    const soft = resized(gaussian(light, SOFTENED), dark.width, dark.height, "bilinear");
    const amount = share(sharpened(soft, light, dark, window), dark, isDark);
    const step = Math.max(1, Math.floor(Math.sqrt(amount.values.length / SAMPLED)));
    const some = [];
    for (let y = 0; y < amount.height; y += step) {
      for (let x = 0; x < amount.width; x += step) some.push(amount.values[y * amount.width + x]);
    }
    const ordered = sorted(some);
    const [low, level] = [percentile(ordered, DARKER), percentile(ordered, LIGHTER)];
    return { amount: map(amount, (value) => value - level), greys: dark, noise: (level - low) / SIGMAS_FROM_5_TO_30 };
  }

  // As Pillow's.
  function greysOf({ red, green, blue }) {
    const changed = (r, at) => (r * 19595 + green.values[at] * 38470 + blue.values[at] * 7471 + 32768) >> 16;
    return map(red, changed, Uint8Array);
  }

  function clearest(shown) {
    const greys = greysOf(shown);
    const channels = [shown.red, shown.green, shown.blue];
    const thumbs = channels.map((channel) => thumb(channel, SMALLER));
    const isColoured = thumbs[0].values.some((_, place) => {
      const [low, high] = range(thumbs.map(({ values }) => values[place]));
      return high - low >= COLOURED;
    });
    if (!isColoured) return greys;
    const contrasts = thumbs.map(contrast);
    const best = indexOfHighest(contrasts);
    return contrasts[best] > CLEARER * contrast(thumb(greys, SMALLER)) ? channels[best] : greys;
  }

  function share(light, dark, isDark) {
    return map(dark, (value, place) => {
      const most = isDark ? Math.max(light.values[place], DARKEST_PAPER * 255) : 255;
      return (light.values[place] - value) / most;
    });
  }

  function contrast(small) {
    return percentile(sorted(unlit(small).values.map(Math.abs)), CONTRAST);
  }

  function thumb(shown, longest) {
    const scale = Math.min(1, longest / Math.max(shown.width, shown.height));
    return filters.scaled(shown, scale, "box", true);
  }

  // What differs from the light.
  function unlit(small) {
    const light = smoothLight(small);
    return map(small, (value, place) => value - light[place], Float64Array);
  }

  function smoothLight(small) {
    const greys = small.values;
    const terms = termsOf(small);
    const fitted = new Float64Array(greys.length), weights = new Float64Array(greys.length).fill(1);
    for (let turn = 0; turn < TURNS; turn++) {
      const matrix = Array.from({ length: 6 }, () => new Array(7).fill(0));
      matrix.forEach((row, at) => { row[at] = RIDGE; });
      terms.forEach((term, place) => {
        for (let at = 0; at < 6; at++) {
          const weighted = weights[place] * term[at];
          for (let to = 0; to < 6; to++) matrix[at][to] += weighted * term[to];
          matrix[at][6] += weighted * greys[place];
        }
      });
      const factors = solved(matrix);
      terms.forEach((term, place) => {
        fitted[place] = dot(term, factors);
        weights[place] = 1 / Math.max(Math.abs(fitted[place] - greys[place]), LEAST_WEIGHED);
      });
    }
    return fitted;
  }

  // The terms of a polynomial of second degree at every pixel.
  function termsOf({ width, height }) {
    const along = (at, count) => (count > 1 ? -1 + (2 * at) / (count - 1) : -1);
    return Array.from({ length: width * height }, (_, place) => {
      const [x, y] = [along(place % width, width), along(Math.floor(place / width), height)];
      return [1, x, y, x * x, x * y, y * y];
    });
  }

  function dot(one, other) {
    let sum = 0;
    for (let at = 0; at < one.length; at++) sum += one[at] * other[at];
    return sum;
  }

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
    const outermost = border(small);
    const middle = median(outermost);
    const isEven = outermost.filter((value) => Math.abs(value - middle) <= EVEN).length >= MOSTLY * outermost.length;
    const residual = isEven ? small : unlit(small);
    const [low, high] = range(residual.values);
    const around = border(residual);
    const [everywhere, there] = [residual.values, around].map((part) => histogram(part, low - 1, high + 1, GREYS));
    const place = indexOfHighest(everywhere.map((count, at) =>
      ((1 - BORDER_WORTH) * count) / residual.values.length + (BORDER_WORTH * there[at]) / around.length));
    const grey = low - 1 + ((place + 0.5) * (high - low + 2)) / GREYS;
    return grey - low >= CHALK * (high - grey);
  }

  function paperOf(small, isDark) {
    const smoothed = gaussian(small, GRAIN);
    const widest = closed(smoothed, WINDOWS[WINDOWS.length - 1]);
    const dark = share(widest, smoothed, isDark).values;
    const darkest = sorted(dark).at(-Math.min(DARKEST, dark.length));
    const strong = [...dark.keys()].filter((place) => dark[place] > STRONG * darkest);
    if (darkest <= 0 || !strong.length) return [widest, WINDOWS[WINDOWS.length - 1]];
    for (const window of WINDOWS.slice(0, -1)) {
      const narrower = closed(smoothed, window);
      const seen = share(narrower, smoothed, isDark).values;
      const kept = strong.filter((place) => seen[place] > STILL_DARK * dark[place]);
      if (kept.length / strong.length >= SURVIVING) return [narrower, window];
    }
    return [widest, WINDOWS[WINDOWS.length - 1]];
  }

  // Looks at all pixels where light ends as sharply as a shadow may.
  function sharpened(soft, light, dark, window) {
    const [brightest, darkest] = [maximum(light, STEP).values, minimum(light, STEP).values];
    const isEdge = map(light, (_, place) =>
      Number(brightest[place] - darkest[place] > STEEP * Math.max(brightest[place], 1)));
    if (!isEdge.values.includes(1)) return soft;
    const part = resized(isEdge, dark.width, dark.height, "bilinear").values;
    const sharp = closed(gaussian(dark, GRAIN), window).values;
    return map(soft, (value, place) => value + part[place] * (sharp[place] - value));
  }

  // A closing. Beyond the picture's edges it goes on as it ends there: a shadow's corner may be narrower than the window.
  function closed(small, part) {
    const window = Math.max(3, Math.floor(part * Math.max(small.width, small.height)) | 1);
    const spare = window >> 1;
    const fine = map(small, (value) => Math.round(PARTS * value) / PARTS);
    return crop(closing(edged(fine, spare), window), spare, spare, spare + small.width, spare + small.height);
  }

  return { ink, greysOf };
})();

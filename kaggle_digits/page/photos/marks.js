// Which digit ink is, or that it is some other mark: a small network tells, whose weights come with the package.
"use strict";

const marks = (() => {
  const { picture, tightened, resized } = filters;
  const { clip, rounded, sum } = numbers;
  const { VIEW, LINE, SMALLEST, LARGEST, MARK, COMMON } = constants.marks;
  let layers = null;

  // What the network sees of some ink: as large as it is in its line, and where it stands there.
  function inLine(image, size, offset) {
    const view = picture(new Uint8Array(VIEW * VIEW), VIEW, VIEW);
    const tight = tightened(image, Boolean);
    if (tight === null) return view;
    const scale = clip(LINE * size, SMALLEST, LARGEST) / Math.max(tight.width, tight.height);
    const [width, height] = [tight.width, tight.height].map((side) => Math.min(VIEW, Math.max(1, rounded(side * scale))));
    const small = resized(tight, width, height, scale < 1 ? "box" : "bilinear", true);
    const top = clip(rounded(VIEW / 2 + LINE * offset - height / 2), 0, VIEW - height);
    const left = Math.floor((VIEW - width) / 2);
    for (let y = 0; y < height; y++) {
      view.values.set(small.values.subarray(y * width, (y + 1) * width), (top + y) * VIEW + left);
    }
    return view;
  }

  // Which digit a view shows, and, last, that it is none.
  function probabilities(view) {
    layers ??= constants.weights.map(unpacked);
    let tensor = { values: Float32Array.from(view.values, (value) => value / 255), side: VIEW };
    for (const layer of layers.slice(0, -2)) tensor = convolved(tensor, layer);
    const [hidden, last] = layers.slice(-2);
    const inner = dense(tensor.values, hidden).map((value) => Math.max(0, value));
    const logits = dense(inner, last);
    logits[MARK] -= COMMON;
    const powers = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
    return powers.map((power) => power / sum(powers));
  }

  function unpacked({ shape, stride, kernel, scales, bias }) {
    const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
    const [integers, by] = [new Int8Array(bytes(kernel)), new Float32Array(bytes(scales))];
    const weights = Float32Array.from(integers, (value, place) => value * by[place % by.length]);
    return { shape, stride, weights, bias: new Float32Array(bytes(bias)) };
  }

  // A convolution of every pixel or every second one, padded so that those at the border count; above zero.
  function convolved({ values, side }, { shape: [size, , channels, outputs], stride, weights, bias }) {
    const after = Math.ceil(side / stride);
    const before = Math.floor((stride * (after - 1) + size - side) / 2);
    const found = new Float32Array(after * after * outputs);
    const sums = new Float64Array(outputs);
    for (let y = 0; y < after; y++) {
      for (let x = 0; x < after; x++) {
        sums.set(bias);
        for (let row = 0; row < size; row++) {
          const down = stride * y + row - before;
          if (down < 0 || down >= side) continue;
          for (let column = 0; column < size; column++) {
            const across = stride * x + column - before;
            if (across < 0 || across >= side) continue;
            for (let channel = 0; channel < channels; channel++) {
              const value = values[(down * side + across) * channels + channel];
              if (!value) continue;
              const from = ((row * size + column) * channels + channel) * outputs;
              for (let output = 0; output < outputs; output++) sums[output] += value * weights[from + output];
            }
          }
        }
        for (let output = 0; output < outputs; output++) {
          found[(y * after + x) * outputs + output] = Math.max(0, sums[output]);
        }
      }
    }
    return { values: found, side: after };
  }

  function dense(values, { shape: [, outputs], weights, bias }) {
    const sums = Float64Array.from(bias);
    values.forEach((value, place) => {
      if (value) for (let output = 0; output < outputs; output++) sums[output] += value * weights[place * outputs + output];
    });
    return sums;
  }

  return { inLine, probabilities };
})();

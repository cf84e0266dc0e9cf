// What Keras's layers compute, for one image at a time: each operation takes a step of the network and its inputs,
// and gives the step's values. An input is {values, shape}, a Float32Array and its sides without the batch, channels
// last; `step.shape` are the sides of what comes out.
"use strict";

const operations = (() => {
  const size = (shape) => shape.reduce((all, side) => all * side, 1);
  const strides = (shape) => shape.map((_, axis) => size(shape.slice(axis + 1)));

  function dense({ kernel, bias, shape }, [{ values }]) {
    const [inputs, units] = kernel.shape;
    const sums = begun(size(shape), bias);
    for (let place = 0; place < values.length; place++) {
      const to = Math.floor(place / inputs) * units;
      accumulate(sums, to, values[place], kernel.values, (place % inputs) * units, units);
    }
    return sums;
  }

  // Each group of channels has its own filters: all channels together, or each alone where a convolution is depthwise.
  function convolve({ kernel, bias, strides: [down, across], dilation, before: [above, left], groups, shape }, [image]) {
    const [rows, columns, depth, filters] = kernel.shape;
    const [height, width, channels] = image.shape;
    const sums = begun(size(shape), bias);
    const own = filters / groups;
    for (let place = 0; place < image.values.length; place++) {
      const value = image.values[place];
      if (value === 0) continue;  // paper, and what ReLU has silenced: most of it
      const channel = place % channels;
      const x = Math.floor(place / channels) % width;
      const y = Math.floor(place / (channels * width));
      const first = Math.floor(channel / depth) * own;
      for (let row = 0; row < rows; row++) {
        const to = (y + above - row * dilation[0]) / down;
        if (to < 0 || to >= shape[0] || to % 1) continue;
        for (let column = 0; column < columns; column++) {
          const at = (x + left - column * dilation[1]) / across;
          if (at < 0 || at >= shape[1] || at % 1) continue;
          const from = ((row * columns + column) * depth + (channel % depth)) * filters + first;
          accumulate(sums, (to * shape[1] + at) * filters + first, value, kernel.values, from, own);
        }
      }
    }
    return sums;
  }

  function begun(count, bias) {
    const sums = new Float32Array(count);
    if (bias) for (let place = 0; place < count; place += bias.values.length) sums.set(bias.values, place);
    return sums;
  }

  function accumulate(sums, start, value, kernel, from, count) {
    if (value === 0) return;
    for (let place = 0; place < count; place++) sums[start + place] += value * kernel[from + place];
  }

  function pool({ how, size: [tall, wide], strides: [down, across], before: [above, left], shape }, [image]) {
    const [height, width, channels] = image.shape;
    const found = new Float32Array(size(shape));
    for (let place = 0; place < found.length; place++) {
      const channel = place % channels;
      const x = (Math.floor(place / channels) % shape[1]) * across - left;
      const y = Math.floor(place / (channels * shape[1])) * down - above;
      let [highest, sum, count] = [-Infinity, 0, 0];
      for (let row = Math.max(0, y); row < Math.min(height, y + tall); row++) {
        for (let column = Math.max(0, x); column < Math.min(width, x + wide); column++) {
          const value = image.values[(row * width + column) * channels + channel];
          if (value > highest) highest = value;
          sum += value;
          count++;
        }
      }
      found[place] = how === "max" ? highest : sum / count;
    }
    return found;
  }

  // Over whole axes: what is left keeps its order.
  function reduce({ how, axes, shape }, [image]) {
    const found = new Float32Array(size(shape)).fill(how === "max" ? -Infinity : 0);
    const kept = image.shape.map((side, axis) => (axes.includes(axis) ? 1 : side));
    const steps = strides(kept).map((step, axis) => (axes.includes(axis) ? 0 : step));
    const places = along(image.shape, steps);
    image.values.forEach((value, at) => {
      found[places[at]] = how === "max" ? Math.max(found[places[at]], value) : found[places[at]] + value;
    });
    return how === "mean" ? found.map((sum) => (sum * found.length) / image.values.length) : found;
  }

  // For every place of a shape, the place to which other strides lead.
  function along(shape, steps) {
    const places = new Int32Array(size(shape));
    const own = strides(shape);
    for (let place = 0; place < places.length; place++) {
      for (let axis = 0; axis < shape.length; axis++) {
        places[place] += (Math.floor(place / own[axis]) % shape[axis]) * steps[axis];
      }
    }
    return places;
  }

  function affine({ factors, offsets }, [{ values }]) {
    const [times, plus] = [factors.values, offsets.values];
    return values.map((value, place) => value * times[place % times.length] + plus[place % plus.length]);
  }

  // Mean 0 and variance 1: over the channels of each place, or over all places of each group of channels.
  function normalize({ groups, epsilon }, [{ values, shape }]) {
    const channels = shape[shape.length - 1];
    const group = groups
      ? (place) => Math.floor(((place % channels) * groups) / channels)
      : (place) => Math.floor(place / channels);
    const count = groups ? groups : values.length / channels;
    const [sums, squares] = [new Float64Array(count), new Float64Array(count)];
    const each = values.length / count;
    values.forEach((value, place) => { sums[group(place)] += value / each; });
    values.forEach((value, place) => { squares[group(place)] += (value - sums[group(place)]) ** 2 / each; });
    return values.map((value, place) => (value - sums[group(place)]) / Math.sqrt(squares[group(place)] + epsilon));
  }

  const COMBINED = {
    add: (one, other) => one + other,
    subtract: (one, other) => one - other,
    multiply: (one, other) => one * other,
    divide: (one, other) => one / other,
    maximum: Math.max,
    minimum: Math.min,
    mean: (one, other) => one + other,
  };

  // Sides of 1 are repeated.
  function combine({ how, shape }, inputs) {
    const spread = inputs.map((input) => {
      if (input.values.length === size(shape)) return input.values;
      const steps = strides(input.shape).map((step, axis) => (input.shape[axis] === 1 ? 0 : step));
      return Float32Array.from(along(shape, steps), (place) => input.values[place]);
    });
    const [first, ...others] = spread;
    const combined = Float32Array.from(first);
    for (const other of others) {
      for (let place = 0; place < combined.length; place++) combined[place] = COMBINED[how](combined[place], other[place]);
    }
    return how === "mean" ? combined.map((sum) => sum / inputs.length) : combined;
  }

  function concatenate({ axis, shape }, inputs) {
    const joined = new Float32Array(size(shape));
    const row = size(shape.slice(axis));
    let start = 0;
    for (const { values, shape: own } of inputs) {
      const part = size(own.slice(axis));
      for (let at = 0; at * part < values.length; at++) {
        joined.set(values.subarray(at * part, (at + 1) * part), at * row + start);
      }
      start += part;
    }
    return joined;
  }

  // With so many rows and columns of zeros before the first one; fewer than none cut some off.
  function pad({ before: [above, left], shape }, [{ values, shape: [height, width, channels] }]) {
    const padded = new Float32Array(size(shape));
    for (let y = Math.max(0, -above); y < Math.min(height, shape[0] - above); y++) {
      for (let x = Math.max(0, -left); x < Math.min(width, shape[1] - left); x++) {
        const from = (y * width + x) * channels;
        padded.set(values.subarray(from, from + channels), ((y + above) * shape[1] + x + left) * channels);
      }
    }
    return padded;
  }

  function permute({ axes, shape }, [{ values, shape: own }]) {
    const steps = axes.map((axis) => strides(own)[axis]);
    return Float32Array.from(along(shape, steps), (place) => values[place]);
  }

  // With pixel centres at a half, as Keras's Resizing.
  function resize({ how, shape }, [{ values, shape: [height, width, channels] }]) {
    const [down, across] = shape;
    const near = (to, sides, had) => {
      if (how === "nearest") return [Math.floor(((to + 0.5) * had) / sides), 0, 0];
      const middle = Math.min(Math.max(((to + 0.5) * had) / sides - 0.5, 0), had - 1);
      const first = Math.floor(middle);
      return [first, Math.min(first + 1, had - 1), middle - first];
    };
    const resized = new Float32Array(size(shape));
    for (let y = 0; y < down; y++) {
      const [top, bottom, low] = near(y, down, height);
      for (let x = 0; x < across; x++) {
        const [left, right, far] = near(x, across, width);
        for (let channel = 0; channel < channels; channel++) {
          const at = (row, column) => values[(row * width + column) * channels + channel];
          const upper = at(top, left) * (1 - far) + at(top, right) * far;
          const lower = at(bottom, left) * (1 - far) + at(bottom, right) * far;
          resized[(y * across + x) * channels + channel] = upper * (1 - low) + lower * low;
        }
      }
    }
    return resized;
  }

  const activation = (step, [{ values, shape }]) =>
    (step.name === "softmax" ? softmax(values, shape[shape.length - 1]) : values.map(ACTIVATIONS[step.name](step)));

  function softmax(values, classes) {
    const shares = new Float32Array(values.length);
    for (let start = 0; start < values.length; start += classes) {
      const row = values.subarray(start, start + classes);
      const highest = Math.max(...row);
      const powers = row.map((value) => Math.exp(value - highest));
      const total = powers.reduce((sum, power) => sum + power, 0);
      shares.set(powers.map((power) => power / total), start);
    }
    return shares;
  }

  const sigmoid = (value) => 1 / (1 + Math.exp(-value));
  const softplus = (value) => Math.max(value, 0) + Math.log1p(Math.exp(-Math.abs(value)));
  const hardSigmoid = (value) => Math.min(1, Math.max(0, value / 6 + 0.5));

  // The error function to 1.5e-7. Source: M. Abramowitz, I. Stegun, Handbook of Mathematical Functions, 7.1.26.
  function erf(value) {
    const near = 1 / (1 + 0.3275911 * Math.abs(value));
    const factors = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592];
    const sum = factors.reduce((total, factor) => (total + factor) * near, 0);
    return Math.sign(value) * (1 - sum * Math.exp(-value * value));
  }

  const ACTIVATIONS = {
    relu: ({ negative_slope: slope, max_value: most, threshold }) => (value) =>
      (value < threshold ? slope * (value - threshold) : Math.min(value, most ?? Infinity)),
    relu6: () => (value) => Math.min(6, Math.max(0, value)),
    leaky_relu: ({ negative_slope: slope }) => (value) => (value < 0 ? slope * value : value),
    elu: ({ alpha }) => (value) => (value < 0 ? alpha * Math.expm1(value) : value),
    selu: () => (value) => 1.0507009873554805 * (value < 0 ? 1.6732632423543772 * Math.expm1(value) : value),
    gelu: ({ approximate }) => (approximate
      ? (value) => (value / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (value + 0.044715 * value ** 3)))
      : (value) => (value / 2) * (1 + erf(value / Math.SQRT2))),
    silu: () => (value) => value * sigmoid(value),
    sigmoid: () => sigmoid,
    hard_sigmoid: () => hardSigmoid,
    hard_silu: () => (value) => value * hardSigmoid(value),
    tanh: () => Math.tanh,
    softplus: () => softplus,
    softsign: () => (value) => value / (1 + Math.abs(value)),
    exponential: () => Math.exp,
    mish: () => (value) => value * Math.tanh(softplus(value)),
  };

  return {
    constant: ({ array }) => array.values,
    reshape: (_, [{ values }]) => values,
    dense, convolve, pool, reduce, affine, normalize, combine, concatenate, pad, permute, resize, activation,
  };
})();

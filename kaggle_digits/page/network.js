// A trained network, layer by layer: what Keras computes, for one image at a time.
//
// A tensor is a Float32Array and its shape without the batch, channels last, as in Keras.
"use strict";

const network = (() => {
  const ACTIVATIONS = {
    linear: (values) => values,
    relu: (values) => values.map((value) => Math.max(value, 0)),
    sigmoid: (values) => values.map((value) => 1 / (1 + Math.exp(-value))),
    softmax: (values) => {
      const highest = Math.max(...values);
      const powers = values.map((value) => Math.exp(value - highest));
      const total = powers.reduce((sum, power) => sum + power, 0);
      return powers.map((power) => power / total);
    },
  };

  // Weights come as small integers, with one scale for each output.
  function dense(layer, weights) {
    const { kernel, scales, bias } = weights.next(layer.kernel);
    const units = layer.kernel[1];
    return ({ values }) => {
      const sums = new Float32Array(units);
      values.forEach((value, input) => accumulate(sums, 0, value, kernel, input * units, units));
      return { values: finished(sums, scales, bias, layer.activation), shape: [units] };
    };
  }

  function conv(layer, weights) {
    const { kernel, scales, bias } = weights.next(layer.kernel);
    const [rows, columns, channels, filters] = layer.kernel;
    const [above, before] = layer.padding === "same" ? [(rows - 1) >> 1, (columns - 1) >> 1] : [0, 0];
    return ({ values, shape: [height, width] }) => {
      const [down, across] = layer.padding === "same" ? [height, width] : [height - rows + 1, width - columns + 1];
      const sums = new Float32Array(down * across * filters);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          for (let channel = 0; channel < channels; channel++) {
            const value = values[(y * width + x) * channels + channel];
            if (value === 0) continue;  // paper, and what ReLU has silenced: most of it
            for (let row = 0; row < rows; row++) {
              const to = y - row + above;
              if (to < 0 || to >= down) continue;
              for (let column = 0; column < columns; column++) {
                const at = x - column + before;
                if (at < 0 || at >= across) continue;
                const from = ((row * columns + column) * channels + channel) * filters;
                accumulate(sums, (to * across + at) * filters, value, kernel, from, filters);
              }
            }
          }
        }
      }
      return { values: finished(sums, scales, bias, layer.activation), shape: [down, across, filters] };
    };
  }

  function accumulate(sums, start, value, kernel, from, count) {
    if (value === 0) return;
    for (let place = 0; place < count; place++) sums[start + place] += value * kernel[from + place];
  }

  function finished(sums, scales, bias, activation) {
    const outputs = scales.length;
    for (let place = 0; place < sums.length; place++) {
      sums[place] = sums[place] * scales[place % outputs] + bias[place % outputs];
    }
    return ACTIVATIONS[activation](sums);
  }

  // Batch normalisation, when nothing is learned any more.
  function affine(layer, weights) {
    const [factors, offsets] = [weights.floats(layer.channels), weights.floats(layer.channels)];
    return ({ values, shape }) => ({
      values: values.map((value, place) => value * factors[place % layer.channels] + offsets[place % layer.channels]),
      shape,
    });
  }

  function pool({ size: [tall, wide] }) {
    return ({ values, shape: [height, width, channels] }) => {
      const [down, across] = [Math.floor(height / tall), Math.floor(width / wide)];
      const highest = new Float32Array(down * across * channels).fill(-Infinity);
      for (let y = 0; y < down * tall; y++) {
        for (let x = 0; x < across * wide; x++) {
          const to = (Math.floor(y / tall) * across + Math.floor(x / wide)) * channels;
          for (let channel = 0; channel < channels; channel++) {
            const value = values[(y * width + x) * channels + channel];
            if (value > highest[to + channel]) highest[to + channel] = value;
          }
        }
      }
      return { values: highest, shape: [down, across, channels] };
    };
  }

  const maximum = () => (tensor) => {
    const [height, width, channels] = tensor.shape;
    const { values } = pool({ size: [height, width] })(tensor);
    return { values, shape: [channels] };
  };

  function permute({ axes }) {
    return ({ values, shape }) => {
      const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((all, side) => all * side, 1));
      const moved = { values: new Float32Array(values.length), shape: axes.map((axis) => shape[axis]) };
      moved.values.forEach((_, place) => {
        let [rest, from] = [place, 0];
        for (let axis = axes.length - 1; axis >= 0; axis--) {
          from += (rest % moved.shape[axis]) * strides[axes[axis]];
          rest = Math.floor(rest / moved.shape[axis]);
        }
        moved.values[place] = values[from];
      });
      return moved;
    };
  }

  // Bilinear, with pixel centres at a half, as Keras's Resizing.
  function resize({ shape: [down, across] }) {
    const near = (to, sides, had) => {
      const middle = Math.min(Math.max(((to + 0.5) * had) / sides - 0.5, 0), had - 1);
      const first = Math.floor(middle);
      return [first, Math.min(first + 1, had - 1), middle - first];
    };
    return ({ values, shape: [height, width, channels] }) => {
      const resized = new Float32Array(down * across * channels);
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
      return { values: resized, shape: [down, across, channels] };
    };
  }

  const KINDS = {
    scale: ({ by }) => ({ values, shape }) => ({ values: values.map((value) => value * by), shape }),
    reshape: ({ shape }) => ({ values }) => ({ values, shape }),
    permute, resize, conv, pool, maximum, affine, dense,
  };

  class Weights {
    constructor(bytes) {
      this.bytes = bytes;
      this.place = 0;
    }

    take(count) {
      this.place += count;
      return this.bytes.slice(this.place - count, this.place);
    }

    floats(count) {
      return new Float32Array(this.take(4 * count).buffer);
    }

    next(shape) {
      const outputs = shape[shape.length - 1];
      const kernel = Float32Array.from(new Int8Array(this.take(shape.reduce((all, side) => all * side, 1)).buffer));
      return { kernel, scales: this.floats(outputs), bias: this.floats(outputs) };
    }
  }

  async function inflated(base64) {
    const packed = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  // A function from pixels, 0 is paper and 255 is ink, row by row, to a probability for each label.
  async function open(model) {
    const weights = new Weights(await inflated(model.weights));
    const layers = model.layers.map((layer) => KINDS[layer.kind](layer, weights));
    return (pixels) => {
      let tensor = { values: Float32Array.from(pixels), shape: model.imageShape };
      for (const layer of layers) tensor = layer(tensor);
      const [one] = tensor.values;
      return tensor.values.length > 1 ? tensor.values : Float32Array.of(1 - one, one);
    };
  }

  return { open };
})();

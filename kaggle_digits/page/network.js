// A trained network, computed step by step, each from the steps that it names.
"use strict";

const network = (() => {
  // A function from pixels, 0 is paper and 255 is ink, row by row, to a probability for each label.
  async function open(model) {
    const arrays = unpacked(await inflated(model.weights), model.arrays);
    const steps = model.steps.slice(1).map((step) => ({ ...step, ...named(step, arrays) }));
    return (pixels) => {
      const tensors = [{ values: Float32Array.from(pixels), shape: model.steps[0].shape }];
      for (const step of steps) {
        const inputs = step.inputs.map((place) => tensors[place]);
        tensors.push({ values: operations[step.operation](step, inputs), shape: step.shape });
      }
      const { values } = tensors[tensors.length - 1];
      return values.length > 1 ? values : Float32Array.of(1 - values[0], values[0]);
    };
  }

  const ARRAYS = ["kernel", "bias", "factors", "offsets", "array"];

  // A step's arrays in place of their numbers.
  const named = (step, arrays) =>
    Object.fromEntries(ARRAYS.filter((name) => name in step).map((name) => [name, arrays[step[name]] ?? null]));

  // Kernels come as small integers, with one scale for each output; everything else as it is.
  function unpacked(bytes, arrays) {
    let place = 0;
    const take = (count) => bytes.slice(place, (place += count)).buffer;
    const floats = (count) => new Float32Array(take(4 * count));
    return arrays.map(({ kind, shape }) => {
      const count = shape.reduce((all, side) => all * side, 1);
      if (kind === "float32") return { values: floats(count), shape };
      const integers = new Int8Array(take(count));
      const scales = floats(shape[shape.length - 1]);
      return { values: Float32Array.from(integers, (value, at) => value * scales[at % scales.length]), shape };
    });
  }

  async function inflated(base64) {
    const packed = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  return { open };
})();

// Answers from the network in this file: photo treatment and all, without a server.
"use strict";

const reader = (() => {
  const model = JSON.parse(document.getElementById("model").textContent);
  const opened = network.open(model);

  function channels({ data, width, height }) {
    const channel = (first) => filters.picture(Uint8Array.from({ length: width * height }, (_, at) => data[4 * at + first]), width, height);
    return { width, height, red: channel(0), green: channel(1), blue: channel(2) };
  }

  // Lets the page breathe whenever it was busy for longer than a frame.
  function breather() {
    let since = performance.now();
    return async () => {
      if (performance.now() - since < 16) return;
      await new Promise((done) => setTimeout(done));
      since = performance.now();
    };
  }

  return {
    about: Promise.resolve(model.about),

    async read(canvas) {
      const { width, height } = canvas;
      const pixels = canvas.getContext("2d", { willReadFrequently: true }).getImageData(0, 0, width, height);
      const asked = { shape: model.imageShape, temperature: model.temperature, probabilities: await opened };
      return answered(await photos.read(channels(pixels), asked, breather()));
    },
  };

  // The form of the server's answers.
  function answered(lines) {
    const digits = lines.flat().map(({ probabilities, box, seen, isSure }) => {
      const likeliest = probabilities.indexOf(Math.max(...probabilities));
      return {
        label: isSure ? String(likeliest) : null, probability: probabilities[likeliest], probabilities, box,
        seen: Array.from(seen),
      };
    });
    const text = (unknown) => lines.map((line) => line.map(({ probabilities, isSure }) =>
      (isSure ? String(probabilities.indexOf(Math.max(...probabilities))) : unknown)).join("")).join(" ");
    const isSure = digits.length > 0 && digits.every(({ label }) => label !== null);
    return { label: isSure ? text() : null, answer: inWords(digits, isSure, text("?")), digits };
  }

  function inWords(digits, isSure, text) {
    if (isSure) return text;
    if (!digits.length) return "no digit found";
    if (digits.length > 1) return `unsure: ${text}`;
    const [first, second] = [...digits[0].probabilities.keys()]
      .sort((one, other) => digits[0].probabilities[other] - digits[0].probabilities[one]);
    return `unsure: ${first} or ${second}`;
  }
})();

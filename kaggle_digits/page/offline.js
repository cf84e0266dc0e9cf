// Answers from the network in this file: photo treatment and all, without a server.
"use strict";

const reader = (() => {
  const model = JSON.parse(document.getElementById("model").textContent);
  const ask = working() ?? reading.open(model);

  // Asks a worker that runs this page's own scripts; null where a browser has none for files.
  function working() {
    try {
      const scripts = new Blob([document.getElementById("engine").textContent], { type: "text/javascript" });
      const worker = new Worker(URL.createObjectURL(scripts));
      worker.postMessage({ model });
      return (pixels) => new Promise((done, fail) => {
        worker.onmessage = ({ data }) => (data.error ? fail(new Error(data.error)) : done(data.answer));
        worker.onerror = (event) => fail(new Error(event.message));
        worker.postMessage({ pixels });
      });
    } catch {
      return null;
    }
  }

  return {
    about: Promise.resolve(model.about),
    read(canvas) {
      const context = canvas.getContext("2d", { willReadFrequently: true });
      return ask(context.getImageData(0, 0, canvas.width, canvas.height));
    },
  };
})();

// What an exported page's own network says of some rows: node check.js PAGE.html ROWS, where ROWS holds their pixels
// as bytes, one row after the other; float32 probabilities go to standard output.
"use strict";

const { readFileSync } = require("node:fs");

const [page, rows] = [readFileSync(process.argv[2], "utf8"), readFileSync(process.argv[3])];
const model = JSON.parse(page.match(/<script type="application\/json" id="model">(.*?)<\/script>/s)[1]);
const script = page.match(/<script id="engine">(.*?)<\/script>/s)[1];

(async () => {
  const probabilities = await new Function(`${script}; return network;`)().open(model);
  const size = model.imageShape[0] * model.imageShape[1];
  for (let start = 0; start < rows.length; start += size) {
    const answer = Float32Array.from(probabilities(rows.subarray(start, start + size)));
    process.stdout.write(new Uint8Array(answer.buffer));
  }
})();

// What the page says of digits and marks: node answers.js ENGINE CASES, where ENGINE holds the page's scripts and CASES is a
// JSON file of what was decided, and by how many degrees it was turned. One JSON array of answers.
"use strict";

const { readFileSync } = require("node:fs");

const [engine, cases] = process.argv.slice(2).map((path) => readFileSync(path, "utf8"));
const { reading } = new Function(`${engine}; return { reading };`)();
console.log(JSON.stringify(JSON.parse(cases).map(({ turned, ...decided }) => reading.answered(decided, turned))));

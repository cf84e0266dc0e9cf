// What the page's photo treatment makes of pictures: node lay_out.js ENGINE PICTURE..., where ENGINE holds the page's
// scripts and a PICTURE is a JSON file with width, height, rgb (base64) and quarters, by which it is turned before it is
// read. One line of JSON for each.
"use strict";

const { readFileSync } = require("node:fs");

const [engine, ...pictures] = process.argv.slice(2);
const script = readFileSync(engine, "utf8");
const rooms = "filters, layout, decision, votes";
const { filters, layout, decision, votes } = new Function(`${script}; return { ${rooms} };`)();

// An answer to every span that the package's test gives, too: label 1, or another one, with changing conviction.
const answered = (label) => (_, place) => {
  const probability = 0.35 + 0.649 * (((place * 37) % 11) / 10);
  return Array.from({ length: 10 }, (__, at) => (at === label ? probability : (1 - probability) / 9));
};

for (const path of pictures) {
  const { width, height, rgb, quarters } = JSON.parse(readFileSync(path, "utf8"));
  const bytes = Buffer.from(rgb, "base64");
  const channel = (first) =>
    filters.picture(Uint8Array.from({ length: width * height }, (_, at) => bytes[3 * at + first]), width, height);
  const picture = { width, height, red: channel(0), green: channel(1), blue: channel(2) };
  const laid = layout.isReady(picture, [28, 28]) ? layout.whole(picture) : layout.layOut(picture, [28, 28], quarters);
  const kinds = layout.kindsOf(laid);
  const spans = laid.spans.map(({ image, view, ...span }, place) => ({
    ...span,
    image: Buffer.from(image).toString("base64"),
    leaning: Buffer.concat(votes.leaning(image, [28, 28])).toString("base64"),
    kinds: kinds[place] && [...kinds[place]],
  }));
  const read = [1, 4].map((label) => {
    const { lines, marks: left } = decision.decide(laid, laid.spans.map(answered(label)));
    const told = lines.map((line) => line.map(({ box, isSure, standsApart }) => [box, isSure, standsApart]));
    return [told, left.map(({ box, after }) => [box, after])];
  });
  console.log(JSON.stringify({ ...laid, spans, read }));
}

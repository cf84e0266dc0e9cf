// What the page's photo treatment makes of pictures: node lay_out.js FOLDER PICTURE..., where FOLDER holds the page's
// scripts and a PICTURE is a JSON file with width, height and rgb (base64). One line of JSON for each.
"use strict";

const { readFileSync } = require("node:fs");

const [folder, ...pictures] = process.argv.slice(2);
const scripts = ["filters.js", "photos.js"].map((name) => readFileSync(`${folder}/${name}`, "utf8"));
const { filters, photos } = new Function(`${scripts.join("\n")}; return { filters, photos };`)();

for (const path of pictures) {
  const { width, height, rgb } = JSON.parse(readFileSync(path, "utf8"));
  const bytes = Buffer.from(rgb, "base64");
  const channel = (first) =>
    filters.picture(Uint8Array.from({ length: width * height }, (_, at) => bytes[3 * at + first]), width, height);
  const layout = photos.layOut({ width, height, red: channel(0), green: channel(1), blue: channel(2) }, [28, 28]);
  for (const span of layout.spans) span.image = Buffer.from(span.image).toString("base64");
  console.log(JSON.stringify(layout));
}

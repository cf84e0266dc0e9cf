// Answers from the server that has sent this page; one that is busy is asked again.
"use strict";

const reader = {
  about: fetch("api/model").then((answer) => answer.json()),

  async read(canvas, isPhoto) {
    const [type, quality] = isPhoto ? ["image/jpeg", 0.95] : ["image/png"];
    const blob = await new Promise((done) => canvas.toBlob(done, type, quality));
    const form = new FormData();
    form.append("image", blob, isPhoto ? "image.jpg" : "drawing.png");
    const ask = () => fetch("api/image?seen=true", { method: "POST", body: form });
    let answer = await ask();
    for (let wait = 250; [429, 503].includes(answer.status) && wait <= 2000; wait *= 2) {
      await new Promise((done) => setTimeout(done, wait));
      answer = await ask();
    }
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.detail);
    return said;
  },

  async keep(digit, label) {
    const body = JSON.stringify({ label: Number(label), rows: [digit.seen] });
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch("api/corrections", { method: "POST", headers, body });
    if (!answer.ok) throw new Error((await answer.json()).detail);
  },
};

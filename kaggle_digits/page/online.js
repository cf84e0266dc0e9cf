// Answers from the server that has sent this page.
"use strict";

const reader = {
  about: fetch("api/model").then((answer) => answer.json()),

  async read(canvas, isPhoto) {
    const [type, quality] = isPhoto ? ["image/jpeg", 0.95] : ["image/png"];
    const blob = await new Promise((done) => canvas.toBlob(done, type, quality));
    const form = new FormData();
    form.append("image", blob, isPhoto ? "image.jpg" : "drawing.png");
    const answer = await fetch("api/image?seen=true", { method: "POST", body: form });
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.detail);
    return said;
  },
};

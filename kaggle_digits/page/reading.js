// From the pixels of a canvas to an answer of the server's form; in a worker, so that the page stays quick.
"use strict";

const reading = (() => {
  const LEAST_PROBABILITY = 1e-7;
  const { FEWEST_TURNED, CLEAR_TURNED, UPRIGHT } = constants.decision;
  const TURNED = { 0: "", 90: "turned to the right", 180: "turned upside down", 270: "turned to the left" };

  // A function from ImageData to an answer.
  function open(model) {
    const opened = network.open(model);
    return async ({ data, width, height }) => {
      const channel = (first) =>
        filters.picture(Uint8Array.from({ length: width * height }, (_, at) => data[4 * at + first]), width, height);
      const picture = { width, height, red: channel(0), green: channel(1), blue: channel(2) };
      const asked = { shape: model.imageShape, temperature: model.temperature, probabilities: await opened };
      return settled(picture, asked);
    };
  }

  // What a picture says; one that is not clear as it is, after a quarter turn or two, if it is clear then.
  function settled(picture, asked) {
    if (layout.isReady(picture, asked.shape)) return answered(read(layout.whole(picture), asked));
    const upright = answered(read(layout.layOut(picture, asked.shape), asked));
    const isClear = ({ label, probability }) => label !== null && probability >= CLEAR_TURNED;
    const stands = !upright.left_out.length && upright.probability >= UPRIGHT;
    if (stands || isClear(upright) || upright.digits.length + upright.left_out.length < FEWEST_TURNED) return upright;
    const turned = [1, 2, 3].map((quarters) =>
      answered(read(layout.layOut(picture, asked.shape, quarters), asked), 360 - 90 * quarters));
    return turned
      .filter((one) => isClear(one) && !one.left_out.length && one.digits.length >= FEWEST_TURNED)
      .reduce((best, other) => (best && best.probability >= other.probability ? best : other), null) ?? upright;
  }

  function read(laid, { shape, temperature, probabilities }) {
    const ask = (image) => calibrated(probabilities(image), temperature);
    // What is alone in a picture may have been stretched to fill it.
    const isVoted = !laid.isWhole && layout.areLone(laid).some(Boolean);
    const answers = laid.spans.map(({ image }) =>
      (isVoted ? votes.counted(votes.leaning(image, shape).map(ask)) : ask(image)));
    return decision.decide(laid, answers);
  }

  function calibrated(probabilities, temperature) {
    const powers = Array.from(probabilities, (value) => Math.max(value, LEAST_PROBABILITY) ** (1 / temperature));
    const total = numbers.sum(powers);
    return powers.map((power) => power / total);
  }

  const likeliest = (probabilities) => probabilities.indexOf(Math.max(...probabilities));

  function answered({ lines, marks }, turned = 0) {
    const digits = lines.flat().map(({ probabilities, box, image, isSure }) => {
      const label = likeliest(probabilities);
      const shown = isSure ? String(label) : null;
      return { label: shown, probability: probabilities[label], probabilities, box, seen: Array.from(image) };
    });
    const said = ({ probabilities, isSure }) => (isSure ? likeliest(probabilities) : "?");
    const written = ({ standsApart, ...digit }) => (standsApart ? " " : "") + said(digit);
    const text = lines.map((line) => line.map(written).join("")).join(" ");
    const together = lines.flat().reduce((all, { probabilities, share }) => all * Math.max(...probabilities) * (share || 1), 1);
    const areSure = digits.length > 0 && digits.every(({ label }) => label !== null);
    const areBelieved = digits.length === 1 || together >= decision.together(digits.length);
    const isSure = areSure && areBelieved && !marks.some(({ mayBeDigit }) => mayBeDigit);
    const remark = marks.length ? `left out: ${marks.length} ${marks.length > 1 ? "marks" : "mark"}` : TURNED[turned];
    const answer = (isSure ? text : doubt(lines.flat(), text)) + (remark && ` (${remark})`);
    const probability = digits.length ? together : null;
    const unsure = digits.length > 0 && !isSure;
    return { label: isSure ? text : null, answer, probability, digits, unsure, left_out: marks, turned };
  }

  function doubt(digits, text) {
    if (!digits.length) return "no digit found";
    if (digits.length > 1) return `unsure: ${text}`;
    const [{ probabilities, share, isSure }] = digits;
    if (isSure) return "unsure: what was left out may be a digit";
    if (share < Math.max(...probabilities)) return "unsure: unlike any digit";
    const [first, second] = [...probabilities.keys()].sort((one, other) => probabilities[other] - probabilities[one]);
    return `unsure: ${first} or ${second}`;
  }

  return { open };
})();

if (typeof WorkerGlobalScope !== "undefined") {
  let read;
  onmessage = async ({ data: { model, pixels } }) => {
    if (model) {
      read = reading.open(model);
      return;
    }
    try {
      postMessage({ answer: await read(pixels) });
    } catch (error) {
      postMessage({ error: error.message });
    }
  };
}

// From the pixels of a canvas to an answer of the server's form; in a worker, so that the page stays quick.
"use strict";

const reading = (() => {
  const LEAST_PROBABILITY = 1e-7;
  const MOST_PLACES = 3, MOST_DOUBTS = 2;  // in words
  const { FEWEST_TURNED, CLEAR_TURNED, UPRIGHT, SURE } = constants.decision;
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
    // Strokes that are never to be believed may lie as they should for all that: their labels count.
    const likely = upright.digits.reduce((all, digit) => all * (certainty(digit) || digit.probability), 1);
    const stands = !upright.left_out.length && likely >= UPRIGHT;
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

  const certainty = ({ probability, is_digit: share }) => probability * share;
  const together = (digits) => digits.reduce((all, digit) => all * certainty(digit), 1);
  const mayBeNone = ({ probability, is_digit: share }) => share < probability;
  const unique = (words) => [...new Set(words)];

  // What is told of what was decided: digits, in lines, and the marks that were left out.
  function answered({ lines, marks }, turned = 0) {
    const shown = lines.map((line) => line.map(({ probabilities, box, image, isSure, share, standsApart }) => {
      const guess = likeliest(probabilities), probability = probabilities[guess];
      const label = isSure && probability * share >= SURE ? String(guess) : null;
      const seen = Array.from(image);
      return { label, guess: String(guess), probability, probabilities, is_digit: share, box, seen, standsApart };
    }));
    const text = (letter) =>
      shown.map((line) => line.map((digit) => (digit.standsApart ? " " : "") + letter(digit)).join("")).join(" ");
    const digits = shown.flat();
    const left = marks.map(({ box, after, mayBeDigit }) => ({ box, after, may_be_digit: mayBeDigit }));
    const mayMissOne = left.some((mark) => mark.may_be_digit);
    const areBelieved = digits.length === 1 || together(digits) >= decision.together(digits.length);
    const isSure = digits.length > 0 && !mayMissOne && areBelieved && digits.every(({ label }) => label !== null);
    const guess = digits.length ? text((digit) => digit.guess) : null;
    const doubt = isSure || !digits.length ? null : doubtOf(digits, mayMissOne);
    const unsure = digits.length > 1 ? text(({ label }) => label ?? "?") : doubt;
    const remarks = [digits.length > 1 && doubt, left.length ? leftOut(left, digits) : TURNED[turned]].filter(Boolean);
    const said = isSure ? guess : digits.length ? `unsure: ${unsure}` : "no digit found";
    return {
      label: isSure ? guess : null,
      answer: said + (remarks.length ? ` (${remarks.join("; ")})` : ""),
      probability: digits.length && !mayMissOne ? together(digits) : null,
      digits,
      unsure: digits.length > 0 && !isSure,
      guess,
      doubt,
      left_out: left,
      turned,
    };
  }

  function doubtOf(digits, mayMissOne) {
    const unsure = digits.filter(({ label }) => label === null);
    const doubts = unique(unsure.map((digit) => (mayBeNone(digit) ? "unlike any digit" : rivals(digit))));
    if (doubts.length > MOST_DOUBTS) return `${unsure.length} of ${digits.length} digits unclear`;
    if (doubts.length) return doubts.join(", ");
    return mayMissOne ? "a mark may be a digit" : weakness(digits);
  }

  // Why digits that are sure one by one are not so together: one of them, or two, without which they were.
  function weakness(digits) {
    const weakest = [...digits.keys()].sort((one, other) => certainty(digits[one]) - certainty(digits[other]));
    for (const count of [1, 2]) {
      const weak = weakest.slice(0, count).sort((one, other) => one - other);
      if (together(weakest.slice(count).map((place) => digits[place])) < decision.together(digits.length)) continue;
      if (weak.every((place) => mayBeNone(digits[place]))) {
        return `${numbered(weak.map((place) => place + 1))} may be no ${count === 1 ? "digit" : "digits"}`;
      }
      if (count === 1) return rivals(digits[weak[0]]);
    }
    return "several close readings";
  }

  function rivals({ probabilities }) {
    const [first, second] = [...probabilities.keys()].sort((one, other) => probabilities[other] - probabilities[one]);
    return `${first} or ${second}`;
  }

  function leftOut(marks, digits) {
    const count = `left out: ${marks.length} ${marks.length > 1 ? "marks" : "mark"}`;
    const places = unique(marks.map(({ after }) => after)).sort((one, other) => one - other);
    if (!digits.length || places.length > MOST_PLACES) return count;
    const others = places.filter(Boolean);
    const where = [places[0] === 0 && "before the first digit", others.length && `after ${numbered(others)}`];
    return `${count}, ${where.filter(Boolean).join(" and ")}`;
  }

  // Some digits by their places, in words.
  function numbered(numbers) {
    const others = numbers.slice(0, -1).join(", "), last = numbers.at(-1);
    return others ? `digits ${others} and ${last}` : `digit ${last}`;
  }

  return { open, answered };
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

// A digit is still the same one when it is narrower and leans a little; what is no digit becomes another one.
"use strict";

const votes = (() => {
  const { sum, rounded } = numbers;
  const { LEANINGS, WIDEST, WEIGHTS } = constants.votes;

  // An image as it is, and narrow and leaning to either side.
  function leaning(image, shape) {
    const narrow = standard.narrowed(filters.picture(image, shape[1], shape[0]), WIDEST).values;
    return [image, ...LEANINGS.map((slope) => leaned(narrow, shape, slope))];
  }

  // The mean of the votes.
  const counted = (answers) =>
    answers[0].map((_, label) => sum(answers.map((answer, vote) => WEIGHTS[vote] * answer[label])) / sum(WEIGHTS));

  function leaned(image, [height, width], slope) {
    const moved = new Uint8Array(image.length);
    for (let row = 0; row < height; row++) {
      const shift = slope * (row - (height - 1) / 2);
      const whole = Math.floor(shift);
      const part = shift - whole;
      const at = (x) => (x >= 0 && x < width ? image[row * width + x] : 0);
      for (let x = 0; x < width; x++) {
        moved[row * width + x] = rounded((1 - part) * at(x - whole) + part * at(x - whole - 1));
      }
    }
    return moved;
  }

  return { leaning, counted };
})();

// A digit is still the same one when it leans a little; what is no digit becomes another one.
"use strict";

const votes = (() => {
  const { sum, rounded } = numbers;
  const { LEANINGS } = constants.votes;

  // An image as it is, and leaning to either side.
  const leaning = (image, shape) => [image, ...LEANINGS.map((slope) => leaned(image, shape, slope))];

  // The mean of the votes.
  const counted = (answers) =>
    answers[0].map((_, label) => sum(answers.map((answer) => answer[label])) / answers.length);

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

// The drawing area: strokes by finger, pen, mouse or keyboard, on paper or over an image; every step can be undone.
//
// Strokes are kept as lines, in shares of the area's width, so that they survive a new size and a change of colours.
"use strict";

const ASPECT = 3 / 4;
const READ_SIDE = 360;  // pixels of the longer side in which a drawing is read
const LONGEST = 1024;  // pixels of the longer side in which an image is read; a digit of a twentieth still has fifty
const LEAST_CONTRAST = 32;  // greys; see-through pictures with less on white paper lie on black

class Pad {
  // `changed` is told of every change, with whether a stroke is still being drawn.
  constructor(canvas, changed) {
    this.canvas = canvas;
    this.changed = changed;
    this.thickness = 0.034;  // of the area's width
    this.states = [{ strokes: [], image: null }];
    this.drawing = new Map();  // strokes that are being drawn, by pointer
    this.pen = null;  // where the keyboard's pen is, and its stroke while it is down
    this.frames = [];
    this.listen();
    new ResizeObserver(() => this.paint()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint());
  }

  get state() { return this.states[this.states.length - 1]; }
  get strokes() { return [...this.state.strokes, ...this.drawing.values(), ...(this.pen?.stroke ? [this.pen.stroke] : [])]; }
  get isBlank() { return !this.state.image && !this.strokes.length; }
  get canUndo() { return this.states.length > 1 || Boolean(this.pen?.stroke); }

  undo() {
    if (this.pen?.stroke) this.pen.stroke = null;
    else if (this.states.length > 1) this.states.pop();
    this.tell();
  }

  clear() {
    this.pen = this.pen && { ...this.pen, stroke: null };
    if (!this.isBlank) this.states.push({ strokes: [], image: null });
    this.tell();
  }

  // Anything that a canvas can draw: an image takes the place of what is there.
  show(image) {
    this.pen = this.pen && { ...this.pen, stroke: null };
    this.states.push({ strokes: [], image: onPaper(image) });
    this.tell();
  }

  add(stroke) {
    this.states.push({ strokes: [...this.state.strokes, stroke], image: this.state.image });
  }

  begin(point) {
    return Object.assign([point], { thickness: this.thickness });
  }

  tell(isDrawing = false) {
    if (!isDrawing) this.frames = [];
    this.paint();
    this.changed(isDrawing);
  }

  // A canvas with what is to be read, black on white where it is drawn.
  picture() {
    const { image } = this.state;
    if (image && !this.strokes.length) return image;
    const canvas = image ? sized(image.width, image.height) : sized(READ_SIDE, READ_SIDE * ASPECT);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    if (image) context.drawImage(image, 0, 0);
    const { scale, left, top } = this.placed(1);
    context.translate(-left / scale, -top / scale);
    this.draw(context, 1 / scale, image?.ink ?? "#000");
    return canvas;
  }

  // Where the picture lies on an area of some width: the size of its pixels, and its corner.
  placed(width) {
    const { image } = this.state;
    if (!image) return { scale: width / READ_SIDE, left: 0, top: 0 };
    const scale = Math.min(width / image.width, (width * ASPECT) / image.height);
    return { scale, left: (width - image.width * scale) / 2, top: (width * ASPECT - image.height * scale) / 2 };
  }

  // Frames around what was found, each with a box in pixels of the picture; dashed ones around what was left out.
  mark(digits, leftOut, watched) {
    const frames = (found, isDashed, colour) =>
      found.map((each) => ({ box: each.box, isDashed, isWatched: each === watched, colour: colour(each) }));
    this.frames = [
      ...frames(leftOut, true, (mark) => (mark === watched ? "--accent" : "--mark")),
      ...frames(digits, false, ({ label }) => (label === null ? "--warn" : "--accent")),
    ];
    this.paint();
  }

  listen() {
    const { canvas } = this;
    const at = (event) => {
      const area = canvas.getBoundingClientRect();
      return [(event.clientX - area.left) / area.width, (event.clientY - area.top) / area.width];
    };
    canvas.addEventListener("pointerdown", (event) => {
      const palm = event.pointerType === "touch" && [...this.drawing.values()].some((stroke) => stroke.pen);
      if (event.button !== 0 || palm) return;
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      this.pen = null;
      const stroke = this.begin(at(event));
      stroke.pen = event.pointerType === "pen";
      this.drawing.set(event.pointerId, stroke);
      this.tell(true);
    });
    canvas.addEventListener("pointermove", (event) => {
      const stroke = this.drawing.get(event.pointerId);
      if (!stroke) return;
      const steps = event.getCoalescedEvents?.() ?? [];
      stroke.push(...(steps.length ? steps : [event]).map(at));
      this.tell(true);
    });
    const end = (event) => {
      const stroke = this.drawing.get(event.pointerId);
      if (!stroke) return;
      this.drawing.delete(event.pointerId);
      this.add(stroke);
      this.tell();
    };
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);
    canvas.addEventListener("keydown", (event) => this.press(event));
    canvas.addEventListener("blur", () => this.lift());
  }

  press(event) {
    const step = event.shiftKey ? 0.1 : 0.025;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in moves) this.movePen(moves[event.key]);
    else if (event.key === " ") this.pen?.stroke ? this.lift() : this.lower();
    else if (event.key === "Delete" || event.key === "Backspace") this.clear();
    else return;
    event.preventDefault();
  }

  movePen([across, down]) {
    this.pen ??= { x: 0.5, y: ASPECT / 2, stroke: null };
    this.pen.x = Math.min(1, Math.max(0, this.pen.x + across));
    this.pen.y = Math.min(ASPECT, Math.max(0, this.pen.y + down));
    this.pen.stroke?.push([this.pen.x, this.pen.y]);
    if (this.pen.stroke) this.tell(true);
    else this.paint();
  }

  lower() {
    this.pen ??= { x: 0.5, y: ASPECT / 2, stroke: null };
    this.pen.stroke = this.begin([this.pen.x, this.pen.y]);
    this.tell(true);
  }

  lift() {
    if (!this.pen?.stroke) return;
    this.add(this.pen.stroke);
    this.pen.stroke = null;
    this.tell();
  }

  paint() {
    const { canvas } = this;
    const width = canvas.clientWidth, height = canvas.clientHeight, ratio = devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    }
    const context = canvas.getContext("2d");
    const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const { image } = this.state;
    const { scale, left, top } = this.placed(width);
    context.save();
    if (image) {
      context.imageSmoothingEnabled = scale < 4;
      context.drawImage(image, left, top, image.width * scale, image.height * scale);
      context.beginPath();  // what lies beside an image is not read
      context.rect(left, top, image.width * scale, image.height * scale);
      context.clip();
    }
    this.draw(context, width, image?.ink ?? colour("--ink"));
    context.restore();
    for (const { box: [x, y, right, bottom], isDashed, isWatched, colour: own } of this.frames) {
      const [across, down] = [(right - x) * scale, (bottom - y) * scale];
      const size = Math.min(1, Math.max(0.3, Math.max(across, down) / 30));  // small digits have thin frames
      context.beginPath();
      context.roundRect(left + x * scale - 4 * size, top + y * scale - 4 * size, across + 8 * size, down + 8 * size, 6 * size);
      context.setLineDash(isDashed ? [4 * size, 4 * size] : []);
      const thickness = isWatched ? 2.5 : 1.5;
      // A rim of paper keeps the frame visible on any photo.
      for (const [name, width] of [...(isDashed ? [] : [["--paper", thickness + 2]]), [own, thickness]]) {
        Object.assign(context, { strokeStyle: colour(name), lineWidth: width * size });
        context.stroke();
      }
    }
    context.setLineDash([]);
    if (this.pen) this.paintPen(context, width, colour("--accent"));
  }

  paintPen(context, width, colour) {
    context.beginPath();
    context.arc(this.pen.x * width, this.pen.y * width, (this.thickness * width) / 2 + 3, 0, 2 * Math.PI);
    context.lineWidth = 2;
    context.strokeStyle = context.fillStyle = colour;
    if (this.pen.stroke) context.fill();
    else context.stroke();
  }

  draw(context, width, colour) {
    Object.assign(context, { strokeStyle: colour, lineCap: "round", lineJoin: "round" });
    for (const stroke of this.strokes) {
      context.lineWidth = stroke.thickness * width;
      const points = stroke.map(([x, y]) => [x * width, y * width]);
      context.beginPath();
      context.moveTo(...points[0]);
      context.lineTo(...points[0]);
      // A curve through the middles of the pointer's steps looks drawn, not sampled.
      for (let place = 1; place < points.length; place++) {
        const [[x, y], [nextX, nextY]] = [points[place - 1], points[place]];
        context.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
      }
      context.lineTo(...points[points.length - 1]);
      context.stroke();
    }
  }
}

function sized(width, height) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.max(1, Math.round(width)), Math.max(1, Math.round(height))];
  return canvas;
}

// An image in its own proportions and no larger than it is read; what is see-through lies on paper. `ink` is a colour
// that stands out on it.
function onPaper(image) {
  const scale = Math.min(1, LONGEST / Math.max(image.width, image.height));
  const canvas = sized(image.width * scale, image.height * scale);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  for (const paper of ["#fff", "#000"]) {
    context.fillStyle = paper;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let [low, high, sum] = [255, 0, 0];
    for (let place = 0; place < data.length; place += 4) {
      const grey = (data[place] + data[place + 1] + data[place + 2]) / 3;
      [low, high, sum] = [Math.min(low, grey), Math.max(high, grey), sum + grey];
    }
    canvas.ink = sum / (data.length / 4) < 128 ? "#fff" : "#000";
    if (high - low >= LEAST_CONTRAST) break;
  }
  return canvas;
}

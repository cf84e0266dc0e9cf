// The page: what is drawn or shown is read at once, and the answer is told to eyes and ears.
"use strict";

(() => {
  const find = (name) => document.getElementById(name);
  const QUIET = 700;  // milliseconds without a change, after which a screen reader is told the answer
  const LATE = 400;  // milliseconds after which an answer that still stands is seen to be an earlier drawing's
  const RIM = 4;  // pixels around a button, for its outline
  const READING = "Reading ...";
  const section = document.querySelector(".answer");
  let busy = false, again = false, chosen = null, answer = null, spoken = null, shown = null;
  let image = null, sheet = 0;  // the image on the pad; and how often all that lay there has gone
  let notice = "";  // what is said where there is no answer

  const pad = new Pad(find("pad"), () => {
    find("undo").disabled = !pad.canUndo;
    find("clear").disabled = pad.isBlank;
    find("hint").classList.toggle("gone", !pad.isBlank || Boolean(pad.pen));
    if (pad.isBlank) turnOver("");
    else if (pad.state.image !== image) turnOver(READING);
    image = pad.state.image;
    ask();
  });

  // Something else lies on the pad, or soon will: the answer that is shown is not of it, nor is one on its way.
  function turnOver(words) {
    sheet++;
    section.removeAttribute("data-late");
    tell(words);
  }

  // One question at a time; what changes meanwhile is asked about afterwards.
  async function ask() {
    if (busy) { again = true; return; }
    setBusy(true);
    do {
      again = false;
      const late = setTimeout(growOld, LATE);
      const asked = sheet;
      try {
        const said = pad.isBlank ? null : await reader.read(pad.picture(), Boolean(pad.state.image));
        if (said && asked === sheet) show(said);
      } catch (error) {
        if (asked === sheet) fail(error);
      }
      clearTimeout(late);
      await new Promise(requestAnimationFrame);
    } while (again);
    section.removeAttribute("data-late");
    setBusy(false);
  }

  function growOld() {
    if (answer) section.setAttribute("data-late", "");
    else if (!pad.isBlank) tell(READING);
  }

  // Until it is over, what is shown is the answer to an earlier question.
  function setBusy(isBusy) {
    busy = isBusy;
    section.setAttribute("aria-busy", String(isBusy));
  }

  // Words where there is no answer.
  function tell(words) {
    notice = words;
    show(null);
  }

  function show(said) {
    answer = said;
    const digits = said?.digits ?? [];
    const marks = said?.left_out ?? [];
    const all = keeps ? inReadingOrder(digits, marks) : digits;
    const touch = said?.adapted_to ? `, adapted to ${said.adapted_to} corrections of yours` : "";
    const remark = (said?.label ? said.answer.slice(said.label.length) : "") + touch;  // left out, turned
    find("label").toggleAttribute("data-empty", !said || said.label === null);
    find("label").toggleAttribute("data-long", said?.label?.length > 8);
    find("label").textContent = said ? (said.label ?? said.answer) : notice || "Nothing written yet";
    find("copy").hidden = !said?.label;
    find("sure").textContent = said?.label ? `${percent(said.probability)} sure${remark}` : "";
    find("label").classList.toggle("unsure", Boolean(said?.unsure));
    // While a number is being written, its last digit is the one to watch.
    const watched = all.includes(chosen) ? chosen : digits[digits.length - 1] ?? all[0];
    showDigits(all, watched);
    showDetail(watched);
    const areFramed = digits.length > 1 || marks.length || pad.state.image;
    pad.mark(areFramed ? digits : [], marks, all.length > 1 ? watched : null);
    speakSoon(said);
  }

  // What was left out may be a digit for all that; so it is shown where it can be corrected.
  function inReadingOrder(digits, marks) {
    const before = (place) => marks.filter(({ after }) => after === place);
    return [...digits.flatMap((digit, place) => [...before(place), digit]), ...before(digits.length)];
  }

  function showDigits(all, watched) {
    const list = find("digits");
    list.hidden = all.length < 2;
    const had = list.contains(document.activeElement);
    list.replaceChildren(...(list.hidden ? [] : all.map((each) => chip(each, each === watched))));
    const pressed = list.querySelector("[aria-pressed=true]");
    if (had) pressed?.focus();
    // Of a whole page of digits, only the list scrolls to it.
    if (!pressed) return;
    const [top, bottom] = [pressed.offsetTop - RIM, pressed.offsetTop + pressed.offsetHeight + RIM];
    list.scrollTop = Math.max(bottom - list.clientHeight, Math.min(list.scrollTop, top));
  }

  function chip(each, isWatched) {
    const button = document.createElement("button");
    const picture = document.createElement("canvas");
    paintSeen(picture, each);
    button.type = "button";
    button.append(picture, isMark(each) ? "–" : each.label ?? `${each.guess}?`);
    button.classList.toggle("mark", isMark(each));
    button.classList.toggle("unsure", each.label === null);
    button.setAttribute("aria-pressed", String(isWatched));
    button.setAttribute("aria-label", isMark(each) ? where(each) : spell(each));
    button.addEventListener("click", () => { chosen = each; show(answer); });
    return button;
  }

  const isMark = ({ probabilities }) => !probabilities;
  const where = ({ after }) => `Left out, ${after ? `after digit ${after}` : "before the first digit"}`;

  function showDetail(digit) {
    shown = digit;
    find("wrong").hidden = !digit || !keeps;
    find("kept").textContent = "";
    const shares = digit?.probabilities ?? [];
    find("is").textContent = digit && isMark(digit) ? "A digit? It is a " : "Wrong? It is a ";
    const highest = Math.max(...shares);
    const certain = digit?.is_digit ?? 1;
    find("bars").style.setProperty("--digit", certain);
    [...find("bars").children].forEach((row, label) => {
      const share = shares[label] ?? 0;
      row.classList.toggle("likeliest", share > 0 && share === highest);
      row.querySelector("i").style.setProperty("--share", share);
      row.lastChild.textContent = shares.length ? percent(share * certain) : "";
    });
    paintSeen(find("seen"), digit);
    find("seen").setAttribute("aria-label", `What the network sees: ${shares.length ? `a digit like ${digit.guess}` : digit ? "no digit" : "nothing yet"}`);
  }

  function paintSeen(canvas, digit) {
    const [height, width] = shape;
    [canvas.width, canvas.height] = [width, height];
    if (!digit) return;
    const image = new ImageData(width, height);
    digit.seen.forEach((value, at) => image.data.set([value, value, value, 255], 4 * at));
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  const spell = (digit) =>
    `Digit ${answer.digits.indexOf(digit) + 1}: ${digit.label ?? `perhaps ${digit.guess}`}, ${percent(digit.probability * digit.is_digit)}`;

  function percent(share) {
    return share >= 0.9995 ? "> 99.9 %" : `${(100 * share).toFixed(1)} %`;
  }

  function speakSoon(said) {
    clearTimeout(spoken);
    spoken = setTimeout(() => { find("status").textContent = sentence(said); }, QUIET);
  }

  function sentence(said) {
    if (!said) return notice || "The drawing area is empty.";
    return said.label === null ? `${said.answer}.` : `${[...said.label].join(" ")}. ${find("sure").textContent}.`;
  }

  function fail(error) {
    tell(error instanceof TypeError ? "The server does not answer." : error.message);
  }

  // Browsers keep their clipboard from pages of a plain http address, but not from what is selected there.
  async function copy(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    addEventListener("copy", (event) => {
      event.clipboardData.setData("text/plain", text);
      event.preventDefault();
    }, { once: true });
    getSelection().selectAllChildren(find("label"));
    document.execCommand("copy");
    getSelection().removeAllRanges();
  }

  async function open(file) {
    turnOver(READING);
    try {
      pad.show(await createImageBitmap(file));
    } catch {
      pad.clear();
      fail(new Error(`${file.name || "That"} is no image that can be read. PNG, JPEG, WebP, GIF and BMP can.`));
    }
  }

  const firstImage = (items) => [...(items ?? [])].find((file) => file.type.startsWith("image/")) ?? items?.[0];

  find("undo").addEventListener("click", () => pad.undo());
  find("clear").addEventListener("click", () => pad.clear());
  find("thickness").addEventListener("input", ({ target }) => { pad.thickness = Number(target.value); });
  find("copy").addEventListener("click", async ({ target }) => {
    await copy(answer.label);
    target.textContent = "Copied";
    setTimeout(() => { target.textContent = "Copy"; }, 1500);
  });
  find("right").addEventListener("input", async ({ target }) => {
    const [label, digit] = [target.value, shown];
    target.value = "";
    if (!/^[0-9]$/.test(label)) return;
    try {
      await reader.keep(digit, label);
      find("kept").textContent = `Kept as ${label}.`;
    } catch (error) {
      find("kept").textContent = error.message;
    }
  });
  find("enlarge").addEventListener("click", ({ currentTarget }) => {
    currentTarget.setAttribute("aria-pressed", String(currentTarget.getAttribute("aria-pressed") === "false"));
  });
  for (const [button, input] of [["choose", "file"], ["shoot", "camera"]]) {
    find(button).addEventListener("click", () => find(input).click());
    find(input).addEventListener("change", ({ target }) => {
      if (target.files[0]) open(target.files[0]);
      target.value = "";
    });
  }
  addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z") {
      event.preventDefault();
      pad.undo();
    }
  });
  addEventListener("paste", (event) => {
    const file = firstImage(event.clipboardData?.files);
    if (file) open(file);
  });
  const paper = document.querySelector(".paper");
  addEventListener("dragover", (event) => { event.preventDefault(); paper.classList.add("over"); });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) paper.classList.remove("over"); });
  addEventListener("drop", (event) => {
    event.preventDefault();
    paper.classList.remove("over");
    const file = firstImage(event.dataTransfer?.files);
    if (file) open(file);
  });

  let shape = [28, 28], keeps = false;
  function row(_, label) {
    const item = document.createElement("li");
    item.innerHTML = `<span>${label}</span><span class="bar" aria-hidden="true"><i></i></span><span></span>`;
    return item;
  }
  reader.about.then((about) => {
    [shape, keeps] = [about.image_shape, Boolean(about.corrections)];
    const accuracy = about.validation_accuracy;
    find("about").textContent = about.recipe + (accuracy ? `, ${(100 * accuracy).toFixed(1)} % of unseen digits right` : "");
    find("bars").replaceChildren(...Array.from({ length: about.classes }, row));
    show(null);
    document.body.dataset.ready = "";
  }, fail);
})();

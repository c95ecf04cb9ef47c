/**
 * The memory ledger to try out: which layer lies on which of two cards, and how many pictures go
 * through at once. Counts as docs/hooks/sitebuild/data/memory.py does: three numbers for each parameter
 * (value, gradient, momentum), two for each output and picture (output, gradient), one for each
 * point of a picture. A floor: what a program needs besides is not counted.
 *
 * @typedef {"both" | "first" | "second"} Where
 *
 * @typedef {object} Part a layer that learns, with what follows it up to the next
 * @property {string} layer @property {number} params
 * @property {number} maps numbers passed on for one picture
 * @property {Where} cards where it lay in 2012
 *
 * @typedef {object} Ledger
 * @property {number} card memory of a card in GB @property {number} batch
 * @property {number} bytes for one number @property {number} picture numbers in one picture
 * @property {Part[]} parts
 */

const GIGA = 1e9;
const BATCHES = [16, 32, 64, 128, 192, 256, 384, 512];
/** @type {Record<Where, [number, number]>} */
const SHARES = { both: [0.5, 0.5], first: [1, 0], second: [0, 1] };
/** @type {Record<Where, string>} */
const WORDS = { both: "half on each", first: "first card", second: "second card" };

/** Memory of both cards in GB.
 * @param {Ledger} ledger @param {Where[]} places one for each part @param {number} batch
 * @returns {[number, number]} */
export function memory({ parts, bytes, picture }, places, batch) {
  /** @type {[number, number]} */
  const sums = [0, 0];
  parts.forEach(({ params, maps }, i) => {
    SHARES[places[i]].forEach((share, card) => {
      sums[card] += (share * (3 * params + 2 * maps * batch) * bytes) / GIGA;
      // The pictures themselves go to every card that holds some of the first layer.
      if (i === 0 && share > 0) sums[card] += (picture * batch * bytes) / GIGA;
    });
  });
  return sums;
}

/** Make an element.
 * @param {string} name @param {Record<string, string>} attributes @param {(Node | string)[]} inside
 * @returns {HTMLElement} */
function make(name, attributes, ...inside) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...inside);
  return element;
}

/** Fill the box. @param {HTMLElement} room */
function start(room) {
  const ledger = /** @type {Ledger} */ (JSON.parse(room.dataset.ledger ?? ""));
  const asIn2012 = ledger.parts.map(({ cards }) => cards);
  /** @type {Where[]} */ let places = [...asIn2012];
  let batch = ledger.batch;

  const selects = ledger.parts.map((part, i) => {
    const options = Object.entries(WORDS).map(([value, words]) => make("option", { value }, words));
    const select = /** @type {HTMLSelectElement} */ (make("select", {}, ...options));
    select.addEventListener("change", () => {
      places[i] = /** @type {Where} */ (select.value);
      show();
    });
    return select;
  });
  const slider = /** @type {HTMLInputElement} */ (
    make("input", { type: "range", min: "0", max: String(BATCHES.length - 1), step: "1" })
  );
  slider.addEventListener("input", () => {
    batch = BATCHES[Number(slider.value)];
    show();
  });
  const count = make("b", {});
  const said = make("p", { class: "slicer__said", role: "status" });
  const bars = ["First card", "Second card"].map((name) => {
    const fill = make("span", { class: "slicer__fill" });
    const words = make("span", {});
    const bar = make("div", { class: "slicer__bar", "aria-hidden": "true" }, fill);
    return { fill, words, box: make("div", {}, make("b", {}, name), " ", words, bar) };
  });

  /** @param {string} words @param {() => Where[]} next */
  const preset = (words, next) => {
    const button = make("button", { type: "button" }, words);
    button.addEventListener("click", () => {
      places = next();
      batch = ledger.batch;
      show();
    });
    return button;
  };

  function show() {
    const sums = memory(ledger, places, batch);
    slider.value = String(BATCHES.indexOf(batch));
    slider.setAttribute("aria-valuetext", `${batch} pictures`);
    count.textContent = `${batch} pictures`;
    selects.forEach((select, i) => (select.value = places[i]));
    sums.forEach((sum, i) => {
      const full = sum > ledger.card;
      bars[i].words.textContent = `${sum.toFixed(2)} of ${ledger.card} GB${full ? ": too much" : ""}`;
      bars[i].fill.style.inlineSize = `${Math.min(100, (100 * sum) / ledger.card)}%`;
      bars[i].fill.classList.toggle("slicer__fill--full", full);
    });
    const over = sums.flatMap((sum, i) => (sum > ledger.card ? [["first", "second"][i]] : []));
    said.textContent =
      over.length === 0
        ? "By this count, which is a floor, it fits."
        : `It does not fit: the ${over.join(" and the ")} card is full.`;
  }

  const fields = ledger.parts.map(({ layer }, i) => make("label", {}, layer, selects[i]));
  room.replaceChildren(
    make(
      "p",
      { class: "slicer__presets" },
      preset("As in 2012", () => [...asIn2012]),
      preset("All on the first card", () => ledger.parts.map(() => "first")),
    ),
    make("label", { class: "slicer__batch" }, "Pictures at once: ", count, slider),
    make("div", { class: "slicer__bars" }, ...bars.map(({ box }) => box)),
    said,
    make("fieldset", {}, make("legend", {}, "Where each layer lies"), ...fields),
  );
  show();
}

document.querySelectorAll("[data-ledger]").forEach((room) => {
  start(/** @type {HTMLElement} */ (room));
});

/** The controls of what is changed, hidden and looked at: from the view to them, and back. */

import { answer } from "./answer.js";
import { PLACES, unchanged } from "./changes.js";
import { store, remember } from "./store.js";
import { lookInside, markLayer } from "./layers.js";
import { byId, here } from "./page.js";
import { closeQuiz } from "./quiz.js";
import { SLIDERS } from "./state.js";

const SWITCHES = /** @type {("flip"|"grey")[]} */ (["flip", "grey"]);
const UNITS = { bright: "%", noise: "", blur: " px", jpeg: "%", closer: "%" };
const NAMES = /** @type {("bright"|"noise"|"blur"|"jpeg"|"closer")[]} */ (Object.keys(SLIDERS));

/** Set every control to what the view says. */
export function showView() {
  const { change, layer, silent, quiz } = store.view;
  for (const name of SWITCHES) byId(`live-${name}`).checked = change[name];
  for (const name of NAMES) {
    const [least, most, step] = SLIDERS[name];
    Object.assign(byId(`live-${name}`), { min: least, max: most, step, value: change[name] });
  }
  showValues();
  const [across, down] = change.hide.length === 2 ? change.hide : [PLACES / 2, PLACES / 2];
  byId("live-hide").checked = change.hide.length === 2;
  byId("live-hide-x").value = across;
  byId("live-hide-y").value = down;
  byId("live-places").hidden = change.hide.length !== 2;
  byId("live-silent").value = String(silent);
  byId("live-layer").value = layer;
  byId("live-quiz").checked = quiz;
  here.classList.toggle("live--quiz", quiz);
}

/** The sliders' values, beside their names; those who hear the page hear them from the sliders. */
function showValues() {
  for (const name of NAMES) {
    const slider = byId(`live-${name}`);
    slider.parentElement.querySelector("b").textContent = `${slider.value}${UNITS[name]}`;
  }
}

/** Read every control of the changes, and classify again. */
function changed() {
  const { change } = store.view;
  for (const name of SWITCHES) change[name] = byId(`live-${name}`).checked;
  for (const name of NAMES) change[name] = byId(`live-${name}`).valueAsNumber;
  change.hide = byId("live-hide").checked
    ? [byId("live-hide-x").valueAsNumber, byId("live-hide-y").valueAsNumber]
    : [];
  byId("live-places").hidden = change.hide.length !== 2;
  showValues();
  store.view.silent = Number(byId("live-silent").value);
  remember();
  answer(false);
}

/** Listen to every control. */
export function listen() {
  for (const name of [...SWITCHES, ...NAMES, "hide", "hide-x", "hide-y", "silent"]) {
    byId(`live-${name}`).addEventListener("input", changed);
  }
  byId("live-seen").addEventListener("click", (/** @type {MouseEvent} */ event) => {
    const box = byId("live-seen").getBoundingClientRect();
    byId("live-hide").checked = true;
    const place = (/** @type {number} */ part) => Math.min(PLACES - 1, Math.floor(part * PLACES));
    byId("live-hide-x").value = place((event.clientX - box.left) / box.width);
    byId("live-hide-y").value = place((event.clientY - box.top) / box.height);
    changed();
  });
  byId("live-reset").addEventListener("click", () => {
    store.view = { ...store.view, change: unchanged(), silent: 0 };
    showView();
    remember();
    answer(false);
  });
  byId("live-layer").addEventListener("change", () => {
    store.view.layer = byId("live-layer").value;
    markLayer();
    remember();
    lookInside();
  });
  byId("live-quiz").addEventListener("change", () => {
    store.view.quiz = byId("live-quiz").checked;
    showView();
    remember();
    closeQuiz();
    answer(store.view.quiz);
  });
}

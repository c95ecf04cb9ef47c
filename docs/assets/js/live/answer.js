/** The five best guesses, the changes that are made to the picture, and the map of what matters. */

import { unchanged } from "./changes.js";
import { store } from "./store.js";
import { lookInside, markLayer, showLayers, showName } from "./layers.js";
import { byId, made, paint, percent, say } from "./page.js";
import { hideOverlay, showFrame, showOverlay } from "./photo.js";
import { quiz } from "./quiz.js";
import { nameIt } from "./runner.js";
import { toMessage } from "./errors.js";

/** @typedef {import("./store.js").Guess} Guess */
/** @typedef {{seen: Uint8ClampedArray<ArrayBuffer>, size: number, top: {index: number, share: number}[], decode: number,
 *   first: number}} Answer times in ms */

const UNTOUCHED = JSON.stringify([unchanged(), 0]);
let busy = false;
let underWay = Promise.resolve();
/** @type {{fresh: boolean}|undefined} */
let next;
/** The first guess for the picture as it was given. @type {Guess|undefined} */
let untouched;

/** What the worker must know of the view. */
export const view = () => ({ change: store.view.change, silent: store.view.silent });

/** Name what is seen. One question at a time: of those that come meanwhile, the last counts.
 * @param {boolean} fresh whether the picture is a new one
 * @returns {Promise<void>} fulfilled once this is answered, or a later question is */
export function answer(fresh) {
  if (!store.picture || !(store.card || store.runner)) return Promise.resolve();
  if (busy) next = { fresh: fresh || (next?.fresh ?? false) };
  else underWay = ask(store.picture, fresh);
  return underWay;
}

/** @param {{words: string, blob: Blob}} picture @param {boolean} fresh */
async function ask(picture, fresh) {
  busy = true;
  byId("live-answer").setAttribute("aria-busy", "true");
  try {
    if (store.runner) await outside(picture);
    else await once(fresh);
  } finally {
    busy = false;
  }
  const again = next;
  next = undefined;
  if (again) await answer(again.fresh);
  else byId("live-answer").setAttribute("aria-busy", "false");
}

/** @param {boolean} fresh */
async function once(fresh) {
  const picture = /** @type {{words: string, blob: Blob}} */ (store.picture);
  if (fresh) untouched = undefined;
  /** @type {Answer} */
  let answered;
  const slow = setTimeout(() => say("looking", `Looking at: ${picture.words}`), 700);
  try {
    const blob = fresh ? picture.blob : undefined;
    answered = await store.worker.request("classify", { blob, ...view() });
  } catch (error) {
    const { kind, message } = toMessage(error);
    if (kind !== "ended") say(kind, `${picture.words}: ${message}`);
    byId("live-answer").hidden = true;
    byId("live-inside").hidden = true;
    return;
  } finally {
    clearTimeout(slow);
  }
  if (store.picture !== picture) return; // another was chosen meanwhile, or none
  store.best = answered.top[0].index;
  paint(byId("live-seen"), answered.seen, answered.size);
  byId("live-seen-words").textContent =
    `What the network sees: ${answered.size} × ${answered.size} pixels.`;
  if (fresh) tellTimes(answered);
  sections(true);
  hideOverlay();
  showFrame();
  const frame = import("./crop.js");
  const top = answered.top.map((guess) => ({
    ...guess,
    label: store.card?.labels[guess.index].name ?? "",
  }));
  if (store.view.quiz && (fresh || store.top.length === 0)) {
    store.top = []; // until the reader has guessed, nothing on the page tells it
    byId("live-share-row").hidden = true;
    quiz(top, () => {
      show(top, picture.words);
      document.dispatchEvent(new Event("live-answered"));
      lookInside();
    });
  } else show(top, picture.words);
  // In a separate task: scrolling forces a new layout.
  if (fresh) setTimeout(showStage);
  await showLayers(answered, openLayer);
  document.dispatchEvent(new Event("live-answered")); // for the parts that are loaded on request
  await lookInside();
  await frame.catch(() => {}); // without a connection the frame stays where it is
}

/** The picture and the answer in the window; where both do not fit, the picture's top. */
function showStage() {
  if (!byId("live-compare").hidden) {
    byId("live-compare").scrollIntoView({ block: "nearest" });
    return;
  }
  const fits = byId("live-answer").getBoundingClientRect().bottom - byId("live-whole-box").getBoundingClientRect().top < 0.8 * innerHeight;
  if (fits) byId("live-answer").scrollIntoView({ block: "nearest" });
  byId("live-whole-box").scrollIntoView({ block: fits ? "nearest" : "start" });
}

/** Show all maps of a layer. @param {string} layer */
function openLayer(layer) {
  const select = byId("live-layer");
  select.value = select.value === layer ? "" : layer;
  select.dispatchEvent(new Event("change"));
  markLayer();
}

/** Ask the program that serves this page. @param {{words: string, blob: Blob}} picture */
async function outside(picture) {
  const at = /** @type {import("./runner.js").Addresses} */ (store.manifest.runner);
  let named;
  try {
    named = await nameIt(at, picture.blob);
  } catch (error) {
    const { kind, message } = toMessage(error);
    say(kind, `${picture.words}: ${message}`);
    byId("live-answer").hidden = true;
    return;
  }
  if (store.picture !== picture || !store.runner) return;
  const { decode, queue, inference } = named.milliseconds;
  byId("live-times").textContent =
    `Reading the picture: ${decode.toFixed(0)} ms; waiting: ${queue.toFixed(0)} ms; the network: ` +
    `${inference.toFixed(1)} ms, on ${store.runner.words}.`;
  sections(false);
  const top = named.top.map(({ index, label, probability }) => ({ index, label, share: probability }));
  if (store.view.quiz) quiz(top, () => show(top, picture.words));
  else show(top, picture.words);
}

/** Show the answer, and what else there is. @param {boolean} inside whether the network is in
 * this browser */
function sections(inside) {
  byId("live-answer").hidden = false;
  for (const name of ["seen-box", "changes", "shift"]) byId(`live-${name}`).hidden = !inside;
  byId("live-inside").hidden = !inside || store.offers.looks.length === 0;
  byId("live-outside").hidden = inside;
  byId("live-by").textContent = `Named by ${maker()}.`;
  byId("live-silent-label").hidden = !store.offers.towers;
}

/** Which network answers, and who trained it on what. */
function maker() {
  const card = /** @type {import("./store.js").Card} */ (store.card);
  const { title, trained_by, trained_on } = store.runner?.model ?? { title: card.title, ...card.weights };
  return `${title}, trained by ${trained_by} on ${trained_on}`;
}

/** @param {Answer} answered */
function tellTimes({ decode, first }) {
  byId("live-times").textContent =
    `Reading and resizing the picture: ${decode.toFixed(0)} ms. The network: ${first.toFixed(1)} ms. ` +
    "Measured on this machine.";
}

/** @param {Guess} guess */
const words = ({ label, share }) => `${label}, ${percent(share)}`;

/** @param {Guess[]} top @param {string} title of the picture */
function show(top, title) {
  store.top = top;
  byId("live-share-row").hidden = false;
  byId("live-top").replaceChildren(...top.map(row));
  showName();
  const { change, silent } = store.view;
  const plain = JSON.stringify([change, silent]) === UNTOUCHED;
  if (plain) [untouched] = top;
  byId("live-before").textContent =
    plain || !untouched ? "" : `As it was given: ${words(untouched)}.`;
  say("answered", `${title}: ${words(top[0])}`);
}

/** @param {Guess} guess */
function row({ index, label, share }) {
  const node = document.createElement("li");
  const bar = made("span", "", "live-bar");
  bar.setAttribute("aria-hidden", "true");
  bar.style.setProperty("--share", String(share));
  node.append(made("span", label), made("span", `${(100 * share).toFixed(1)}%`), bar);
  node.dataset.class = String(index);
  return node;
}

/** Slide the grey patch over the whole picture. */
export async function occlude() {
  const [go, stop] = [byId("live-occlude"), byId("live-stop")];
  stop.hidden = false;
  if (document.activeElement === go) stop.focus();
  go.disabled = true;
  try {
    const ask = { ...view(), target: store.best };
    const { map, across, before, after, where } = await store.worker.request("occlude", ask, (done) => {
      say("hiding", `Hiding one part after another: ${Math.round(100 * done)}%`);
    });
    showOverlay(map, across);
    const words = `Hiding the ${where} costs it most: from ${(100 * before).toFixed(0)}% to ${(100 * after).toFixed(0)}%.`;
    byId("live-frame-words").textContent = "The brighter a place, the more it costs to hide it.";
    say("answered", words);
  } catch (error) {
    const { kind, message } = toMessage(error);
    if (kind !== "ended") say(kind, message);
  } finally {
    go.disabled = false;
    if (document.activeElement === stop) go.focus();
    stop.hidden = true;
  }
}

/** Loads a network, checks it, and reports what went wrong on the way. */

import { store } from "./store.js";
import { byId, here, json, megabytes, root, say } from "./page.js";
import { engineOf, whereTo } from "./runner.js";
import { toMessage } from "./errors.js";
import { isKept } from "./kept.js";
import { loadOrder } from "./worker-client.js";

/** @typedef {import("./engine.js").Kind} Kind */

const WHERE = {
  plain: "This page's own arithmetic",
  wasm: "WebAssembly on the processor, one thread",
  webgpu: "WebGPU on your graphics card",
};

/** The network that is chosen, and where it shall run. */
export const chosen = () => ({
  model: store.manifest.models[Number(byId("live-which").value) || 0],
  kind: /** @type {Kind} */ (byId("live-engine").value || "wasm"),
});

/** The bytes that travel for the network and the engine, where the host compresses. */
export const price = () => {
  const { model, kind } = chosen();
  return megabytes(model.travels + store.manifest.engine_code[kind].travels);
};

/** Whether the person may pay for each byte. */
export const priceMatters = () => {
  const { saveData, type } = /** @type {any} */ (navigator).connection ?? {};
  return Boolean(saveData) || type === "cellular";
};

/** Whether an earlier visit left the network in this browser. */
export const isReadyToHand = async () => {
  if (store.runner) return true;
  const { model } = chosen();
  return isKept({ model: new URL(model.file, root).href, sha256: model.sha256 });
};

/** The button, for those who want to load before they choose. */
export function offer() {
  byId("live-load").hidden = false;
  byId("live-load").textContent =
    byId("live-engine").value === "runner" ? "Use it" : "Load the network now";
  byId("live-price").textContent =
    byId("live-engine").value === "runner" ? "" : `Network and engine: ${price()} travel, once.`;
}

/** What the worker needs to know to load. @param {Kind} kind @param {number} threads
 * @param {import("./store.js").Card} card */
export function order(kind, threads, card) {
  const code = store.manifest.engine_code[kind];
  return loadOrder(root, chosen().model, card, code, kind, threads, !store.view.kiosk);
}

/** @returns {Promise<import("./store.js").Card>} */
async function cardOf() {
  try {
    const { own, card } = chosen().model;
    return own ?? (await json(card));
  } catch {
    throw { kind: "offline", message: "The network's card could not be fetched. Try again." };
  }
}

/** Let the program that serves this page answer. @returns {Promise<boolean>} */
async function connect() {
  try {
    const at = /** @type {import("./runner.js").Addresses} */ (store.manifest.runner);
    const found = await engineOf(at);
    if (byId("live-engine").value !== "runner") return false; // another was chosen meanwhile
    store.runner = found;
  } catch (error) {
    const { kind, message } = toMessage(error);
    say(kind, message);
    return false;
  }
  const { words, model } = store.runner;
  byId("live-load").hidden = true;
  byId("live-about").textContent = whereTo(location.hostname, words);
  byId("live-proof").textContent = `${model.title}, ${model.precision}, SHA-256 ${model.sha256}.`;
  byId("live-outside").textContent =
    `${words} gives this page its five guesses and nothing else. To change the picture, see which ` +
    "parts matter, look inside, choose “the processor” under Details and load it.";
  say("ready", `${words} is ready with ${model.title}. It was trained by ${model.trained_by} on ${model.trained_on}.`);
  return true;
}

/** Show how much of network and engine has arrived.
 * @returns {(share: number) => void} 0 to 1, of the bytes that travel */
function showProgress() {
  const box = byId("live-progress");
  const bar = /** @type {HTMLProgressElement} */ (box.querySelector("progress"));
  bar.value = 0;
  box.querySelector("span").textContent = "0%";
  box.hidden = false;
  return (share) => {
    bar.value = share;
    box.querySelector("span").textContent = `${Math.round(100 * share)}%`;
    if (share < 1) return;
    bar.removeAttribute("value");
    say("loading", "Starting the network …");
  };
}

const CANCELLED = { kind: "cancelled", message: "Cancelled." };
let stopped = false;

/** End a load under way, and its fetches, at once. */
export function cancel() {
  stopped = true;
  store.worker.terminate(CANCELLED);
}

/** Load, check against the reference, and report. @returns {Promise<boolean>} whether a network is ready */
export async function load() {
  store.runner = undefined;
  stopped = false;
  if (byId("live-engine").value === "runner") return connect();
  const { model } = chosen();
  let { kind } = chosen();
  const focused = document.activeElement === byId("live-load");
  byId("live-load").hidden = true;
  byId("live-cancel").hidden = false;
  byId("live-proof").textContent = "";
  say("loading", `Loading the network, ${price()}`);
  const progress = showProgress();
  if (focused) byId("live-cancel").focus();
  let fell = "";
  let result;
  let card;
  try {
    for (const file of here.dataset.worker?.split(" ") ?? []) fetch(new URL(file, root)).catch(() => {}); // all at once
    store.worker.begin(); // while the card comes
    card = await cardOf();
    if (stopped) throw CANCELLED;
    try {
      result = await store.worker.request("load", { ...order(kind, 1, card), plain: kind === "wasm" }, progress);
    } catch (error) {
      if (toMessage(error).kind !== "gpu") throw error;
      fell = `${toMessage(error).message} So it runs on the processor instead. `;
      say("loading", fell);
      kind = "wasm";
      byId("live-engine").value = kind;
      store.worker.terminate(); // the other engine's memory
      result = await store.worker.request("load", order(kind, 1, card), progress);
    }
  } catch (error) {
    const { kind: state, message } = toMessage(error);
    if (state !== "offline") store.worker.terminate(); // what has arrived stays in the worker
    store.card = undefined;
    say(state, message);
    const lost = document.activeElement === byId("live-cancel");
    offer();
    if (lost) byId("live-load").focus();
    return false;
  } finally {
    byId("live-cancel").hidden = true;
    byId("live-progress").hidden = true;
  }
  store.card = card;
  store.offers = result;
  tellProof(model, fell, result);
  if (result.coming) upgrade(model, card);
  const { weights, title } = card;
  say("ready", `${fell}${title} is ready. It was trained by ${weights.trained_by} on ${weights.trained_on}.`);
  byId("live-about").textContent = "Your picture never leaves this machine.";
  return true;
}

/** How the network was proved, and how long each part took. @param {import("./store.js").Model} model
 * @param {string} before words @param {any} result of the load */
function tellProof({ sha256 }, before, { distance, kind, cached, load, create, first }) {
  const proof =
    distance === null
      ? "No reference answer comes with this file, so it was not proved here."
      : `Proved here: the reference picture's answer differs from the Python runner's by ${distance.toExponential(1)} (relative).`;
  const engine = kind === "plain" ? "" : `ONNX Runtime Web ${store.manifest.engine}, `;
  byId("live-proof").textContent =
    `${before}${proof} SHA-256 ${sha256}. ${engine}${WHERE[/** @type {Kind} */ (kind)]}. ` +
    `${cached ? "From this browser's store" : "Fetched"} in ${load.toFixed(0)} ms, ` +
    `made ready in ${create.toFixed(0)} ms, first run ${first.toFixed(0)} ms.`;
}

/** The engine is on its way, while the page's own arithmetic answers.
 * @param {import("./store.js").Model} model @param {import("./store.js").Card} card */
async function upgrade(model, card) {
  const node = byId("live-proof");
  node.textContent += " The engine, some ten times faster, is still on its way.";
  try {
    const result = await store.worker.request("upgrade");
    if (store.card === card) tellProof(model, "", result);
  } catch (error) {
    const { kind, message } = toMessage(error);
    if (kind !== "ended") node.textContent += ` It did not start: ${message} The page goes on without it.`;
  }
}

/** From the button to a network that is ready and proved; what can go wrong on the way is told. */

import { desk } from "./desk.js";
import { byId, json, megabytes, root, say } from "./page.js";
import { engineOf, whereTo } from "./runner.js";
import { told } from "./trouble.js";

/** @typedef {import("./engine.js").Kind} Kind */

const WHERE = {
  wasm: "WebAssembly on the processor, one thread",
  webgpu: "WebGPU on your graphics card",
};

/** The network that is chosen, and where it shall run. */
export const chosen = () => ({
  model: desk.manifest.models[Number(byId("live-which").value) || 0],
  kind: /** @type {Kind} */ (byId("live-engine").value || "wasm"),
});

/** A real graphics card that this browser lends to pages, in words; empty where there is none.
 * Software that only pretends to be one is slower than the processor. */
export async function graphicsCard() {
  try {
    const adapter = await /** @type {any} */ (navigator).gpu?.requestAdapter();
    if (!adapter) return "";
    const { isFallbackAdapter, vendor, architecture, description } = adapter.info;
    const software = isFallbackAdapter ?? adapter.isFallbackAdapter;
    const allowed = /** @type {any} */ (globalThis).liveTest?.softwareGpu; // tests alone
    if (software && !allowed) return "";
    return description || [vendor, architecture].filter(Boolean).join(" ") || "unnamed";
  } catch {
    return "";
  }
}

/** The button, with its price. */
export function offer() {
  const { model, kind } = chosen();
  byId("live-load").hidden = false;
  if (byId("live-engine").value === "runner") {
    byId("live-load").textContent = "Use it";
    return;
  }
  const engine = desk.manifest.engine_bytes[kind];
  byId("live-load").textContent =
    `Load the network (${megabytes(model.bytes)}, and the engine, ${megabytes(engine)})`;
}

/** What the worker needs to know to load. @param {Kind} kind @param {number} threads
 * @param {import("./desk.js").Card} card */
export function order(kind, threads, card) {
  const { model } = chosen();
  return {
    model: new URL(model.file, root).href,
    bytes: model.bytes,
    sha256: model.sha256,
    keep: !desk.view.kiosk,
    engine: new URL("assets/live/engine/", root).href,
    kind,
    threads,
    card: { input: card.input, output: card.output },
    reference: model.reference && new URL(model.reference, root).href,
  };
}

/** @returns {Promise<import("./desk.js").Card>} */
async function cardOf() {
  try {
    return await json(chosen().model.card);
  } catch {
    throw { kind: "offline", message: "The network's card could not be fetched. Try again." };
  }
}

/** Let the program that serves this page answer. @returns {Promise<boolean>} */
async function connect() {
  try {
    const at = /** @type {import("./runner.js").Addresses} */ (desk.manifest.runner);
    desk.runner = await engineOf(at);
  } catch (error) {
    const { kind, message } = told(error);
    say(kind, message);
    return false;
  }
  const { words, model } = desk.runner;
  byId("live-load").hidden = true;
  byId("live-about").textContent = whereTo(location.hostname, words);
  byId("live-proof").textContent = `${model.title}, ${model.precision}, SHA-256 ${model.sha256}.`;
  byId("live-outside").textContent =
    `${words} gives this page its five guesses and nothing else. To change the picture, see which ` +
    "parts matter, look inside or time this machine, choose “the processor” in step 1 and load it.";
  say("ready", `${words} is ready with ${model.title}. It was trained by ${model.trained_by} on ${model.trained_on}.`);
  return true;
}

/** Show how much has come; after the network comes the engine, which does not say.
 * @param {number} bytes of the network @param {number} engine's bytes
 * @returns {(at: number) => void} */
function showProgress(bytes, engine) {
  const box = byId("live-progress");
  const bar = /** @type {HTMLProgressElement} */ (box.querySelector("progress"));
  bar.max = bytes;
  box.hidden = false;
  return (at) => {
    bar.value = at;
    box.querySelector("span").textContent = `${(at / 1e6).toFixed(1)} of ${megabytes(bytes)}`;
    if (at < bytes) return;
    bar.removeAttribute("value");
    box.querySelector("span").textContent = "";
    say("loading", `Starting the engine, ${megabytes(engine)}`);
  };
}

/** Load, prove and tell. @returns {Promise<boolean>} whether a network is ready */
export async function load() {
  desk.runner = undefined;
  if (byId("live-engine").value === "runner") return connect();
  const { model } = chosen();
  let { kind } = chosen();
  byId("live-load").hidden = true;
  byId("live-cancel").hidden = false;
  byId("live-cancel").focus();
  byId("live-proof").textContent = "";
  say("loading", `Loading ${megabytes(model.bytes)}`);
  const progress = showProgress(model.bytes, desk.manifest.engine_bytes[kind]);
  progress(0);
  let fell = "";
  let result;
  let card;
  try {
    card = await cardOf();
    try {
      result = await desk.worker.ask("load", order(kind, 1, card), progress);
    } catch (error) {
      if (told(error).kind !== "gpu") throw error;
      fell = `${told(error).message} So it runs on the processor instead. `;
      say("loading", fell);
      kind = "wasm";
      byId("live-engine").value = kind;
      desk.worker.end(); // the other engine's memory
      result = await desk.worker.ask("load", order(kind, 1, card), progress);
    }
  } catch (error) {
    const { kind: state, message } = told(error);
    desk.worker.end(); // a second try starts afresh
    desk.card = undefined;
    say(state, message);
    offer();
    byId("live-load").focus();
    return false;
  } finally {
    byId("live-cancel").hidden = true;
    byId("live-progress").hidden = true;
  }
  desk.card = card;
  desk.offers = result;
  const proof =
    result.distance === null
      ? "No reference answer comes with this file, so it was not proved here."
      : `Proved here: the reference picture's answer differs from the Python runner's by ${result.distance.toExponential(1)} (relative).`;
  byId("live-proof").textContent =
    `${fell}${proof} SHA-256 ${model.sha256}. ONNX Runtime Web ${desk.manifest.engine}, ${WHERE[kind]}. ` +
    `${result.cached ? "From this browser's store" : "Fetched"} in ${result.load.toFixed(0)} ms, ` +
    `made ready in ${result.create.toFixed(0)} ms, first run ${result.first.toFixed(0)} ms.`;
  const { weights, title } = card;
  say("ready", `${fell}${title} is ready. It was trained by ${weights.trained_by} on ${weights.trained_on}.`);
  byId("live-about").textContent = "Your picture never leaves this machine.";
  return true;
}

/**
 * The ladder: a picture goes up three rungs. The two lower ones run here from a small file; AlexNet
 * gives its recorded answer for a sample, and runs here once the reader loads it. Without this
 * script the page shows the recorded answers.
 */

import { toMessage } from "../live/errors.js";
import { unchanged } from "../live/changes.js";
import { loadOrder, WorkerClient } from "../live/worker-client.js";
import { squares, strokes, wordColour } from "./draw.js";

/** @typedef {{label: string, share: number, right?: boolean}} Guess */
/** @typedef {{index: number, share: number}} Found */
/** @typedef {{file: string, bytes: number, gaussians: number, card: string,
 *   samples: Record<string, {wnid: string|null, alexnet64: Guess[]}>}} Recorded */

const byId = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));
const here = /** @type {HTMLElement} */ (byId("ladder"));
const root = new URL(here.dataset.root || "./", location.href);
const record = /** @type {Recorded} */ (JSON.parse(byId("ladder-record").textContent));
const buttons = /** @type {HTMLButtonElement[]} */ ([...here.querySelectorAll("[data-sample]")]);
const address = (/** @type {string} */ name) => new URL(name, root).href;

const lower = new WorkerClient(new URL("worker.js", import.meta.url));
const upper = new WorkerClient();
let upperReady = false;
/** @type {any} the network's card */
let card;
/** @type {{blob: Blob, wnid: string|null}|undefined} */
let picture;
let turn = 0; // the newest picture's: answers to older ones are dropped

/** @param {string} words @param {"calm"|"working"|"trouble"|"answered"} [state] */
function say(words, state = "calm") {
  here.dataset.state = state;
  byId("ladder-status").textContent = words;
}

/** @param {string} rung @param {Guess[]} guesses */
function show(rung, guesses) {
  byId(`ladder-${rung}`).replaceChildren(
    ...guesses.map(({ label, share, right }) => {
      const row = document.createElement("li");
      if (right) row.className = "hit";
      for (const [kind, words] of [["label", label], ["share", `${(100 * share).toFixed(1)}%`], ["bar", ""]]) {
        const part = document.createElement("span");
        part.className = `guess__${kind}`;
        part.textContent = words;
        row.append(part);
      }
      const bar = /** @type {HTMLElement} */ (row.lastChild);
      bar.ariaHidden = "true";
      bar.append(document.createElement("span"));
      /** @type {HTMLElement} */ (bar.firstChild).style.width = `${100 * share}%`;
      return row;
    }),
  );
}

/** @param {Found[]} found @returns {Guess[]} */
const named = (found) =>
  found.map(({ index, share }) => {
    const { name, wnid } = card.labels[index];
    return { label: name, share, right: Boolean(wnid) && wnid === picture?.wnid };
  });

/** Put a canvas where the recorded picture was. @param {string} name @returns {HTMLCanvasElement} */
function canvas(name) {
  const old = byId(`ladder-see-${name}`);
  if (old instanceof HTMLCanvasElement) return old;
  const made = document.createElement("canvas");
  made.id = old.id;
  made.role = "img";
  made.ariaLabel = old.alt;
  old.replaceWith(made);
  return made;
}

/** @param {HTMLCanvasElement} to @param {Uint8ClampedArray<ArrayBuffer>} four @param {number} width
 * @param {number} height */
function paint(to, four, width, height) {
  to.width = width;
  to.height = height;
  to.getContext("2d")?.putImageData(new ImageData(four, width, height), 0, 0);
}

async function answer() {
  if (!picture) return;
  turn += 1;
  const own = turn;
  const { blob } = picture;
  say("The lower rungs are looking …", "working");
  try {
    card ??= await (await fetch(address(record.card))).json();
    const { file, bytes } = record;
    const rule = card.input;
    const found = await lower.request("name", { file: address(file), bytes, blob, rule });
    if (own !== turn) return;
    paint(canvas("picture"), found.picture, rule.size, rule.size);
    squares(canvas("pixels"), found.small);
    strokes(canvas("gradients"), found.cells);
    squares(canvas("words"), found.words.map((/** @type {number} */ word) => wordColour(word, record.gaussians)));
    show("pixels", named(found.pixels));
    show("fisher", named(found.fisher));
    const time = `The two lower rungs answered in ${found.milliseconds.toFixed(0)} ms.`;
    if (upperReady) await ask(own, blob);
    if (own === turn) say(upperReady ? `${time} AlexNet ran here too.` : time, "answered");
  } catch (error) {
    if (own === turn) say(toMessage(error).message, "trouble");
  }
}

/** Let AlexNet name the picture. @param {number} own @param {Blob} blob */
async function ask(own, blob) {
  const change = unchanged();
  const { top } = await upper.request("classify", { blob, change, silent: 0 });
  const { sheets } = await upper.request("layers", { layers: ["conv1"], change, silent: 0 });
  if (own !== turn) return;
  show("alexnet64", named(top));
  const [{ picture: maps, width, height }] = sheets;
  paint(canvas("maps"), maps, width, height);
  byId("ladder-maps").hidden = false;
  byId("ladder-recorded").hidden = true;
  byId("ladder-wanted").hidden = true;
}

/** @param {Blob} blob @param {string|null} wnid @param {string} [sample] its name */
async function take(blob, wnid, sample) {
  picture = { blob, wnid };
  for (const button of buttons) button.ariaPressed = String(button.dataset.name === sample);
  const recorded = sample ? record.samples[sample].alexnet64 : [];
  if (!upperReady) {
    show("alexnet64", recorded);
    byId("ladder-maps").hidden = true; // they were another picture's
    byId("ladder-recorded").hidden = !sample;
    byId("ladder-wanted").hidden = Boolean(sample);
  }
  await answer();
}

async function load() {
  const button = byId("ladder-load");
  button.disabled = true;
  try {
    say("Loading AlexNet …", "working");
    const { models, engine_code: code } = await (await fetch(address("assets/live/manifest.json"))).json();
    const model = models.find((/** @type {{card: string}} */ one) => one.card === record.card);
    if (!model || !code.wasm) throw new Error("This copy of the site was built without the engine that runs AlexNet.");
    card ??= await (await fetch(address(record.card))).json();
    const all = model.bytes + code.wasm.bytes;
    const order = loadOrder(root, model, card, code.wasm);
    await upper.request("load", order, (at) => say(`Loading AlexNet: ${Math.round((100 * at) / all)}%`, "working"));
    upperReady = true;
    byId("ladder-offer").hidden = true;
    if (picture) await answer();
    else say("AlexNet is ready. Choose a picture.");
  } catch (error) {
    upper.terminate();
    button.disabled = false;
    say(toMessage(error).message, "trouble");
  }
}

for (const button of buttons) {
  button.addEventListener("click", async () => {
    const name = button.dataset.name ?? "";
    try {
      const reply = await fetch(button.dataset.sample ?? "");
      if (!reply.ok) throw new Error(String(reply.status));
      await take(await reply.blob(), record.samples[name].wnid, name);
    } catch {
      say("The sample could not be fetched. Are you offline?", "trouble");
    }
  });
}
byId("ladder-file").addEventListener("change", () => {
  const [file] = byId("ladder-file").files ?? [];
  if (file) take(file, null);
});
byId("ladder-load").addEventListener("click", load);
addEventListener("pagehide", () => {
  lower.terminate();
  upper.terminate();
  if (!upperReady) return;
  upperReady = false; // where the browser keeps the page for Back, it is loaded again on request
  byId("ladder-offer").hidden = false;
  byId("ladder-load").disabled = false;
});

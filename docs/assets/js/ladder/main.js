/**
 * The ladder: a picture goes up three rungs. The two lower ones run here from a small file; AlexNet
 * gives its recorded answer for a sample, and runs here once the reader loads it. Without this
 * script the page shows the recorded answers.
 */

import { toMessage } from "../live/errors.js";
import { unchanged } from "../live/changes.js";
import { loadOrder, WorkerClient } from "../live/worker-client.js";
import { squares, strokes, towers } from "./draw.js";

/** @typedef {{label: string, share: number, right?: boolean}} Guess */
/** @typedef {{index: number, share: number}} Found */
/** @typedef {{file: string, bytes: number, colours: string[], card: string,
 *   samples: Record<string, {wnid: string|null, alexnet64: Guess[]}>}} Recorded */
/** @typedef {{blob: Blob, wnid: string|null, shows: string}} Picture */

const LOWER = ["pixels", "fisher"];
const ALL = [...LOWER, "alexnet64"];

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
/** @type {Picture|undefined} */
let picture;
let turn = 0; // the newest choice's: what older ones still fetch or work out is dropped

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

/** There is no answer: the lists say why. @param {string[]} rungs @param {string} why */
function none(rungs, why) {
  for (const rung of rungs) {
    const row = document.createElement("li");
    row.textContent = `No answer. ${why}`;
    byId(`ladder-${rung}`).replaceChildren(row);
  }
  say(why, "trouble");
}

/** Put a canvas where the recorded picture was. @param {string} name @param {string} [words] what it
 * shows, where that has changed @returns {HTMLCanvasElement} */
function canvas(name, words) {
  const old = byId(`ladder-see-${name}`);
  const made = old instanceof HTMLCanvasElement ? old : document.createElement("canvas");
  if (old !== made) {
    made.id = old.id;
    made.role = "img";
    made.ariaLabel = old.alt;
    old.replaceWith(made);
  }
  if (words) made.ariaLabel = words;
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
  const [own, given] = [turn, picture];
  const stale = () => own !== turn || given !== picture;
  const { blob, shows } = given;
  say("The lower rungs are looking …", "working");
  let time;
  try {
    card ??= await (await fetch(address(record.card))).json();
    const { file, bytes, colours } = record;
    const rule = card.input;
    const found = await lower.request("name", { file: address(file), bytes, blob, rule });
    if (stale()) return;
    paint(canvas("picture", shows), found.picture, rule.size, rule.size);
    squares(canvas("pixels"), found.small);
    strokes(canvas("gradients"), found.cells);
    squares(canvas("words"), found.words.map((/** @type {number} */ word) => colours[word]));
    show("pixels", named(found.pixels));
    show("fisher", named(found.fisher));
    time = `The two lower rungs answered in ${found.milliseconds.toFixed(0)} ms.`;
  } catch (error) {
    if (stale()) return;
    const { kind, message } = toMessage(error);
    for (const name of ["picture", "pixels", "gradients", "words"]) squares(canvas(name), []);
    canvas("picture", kind === "picture" ? "No picture" : shows);
    none(kind === "picture" || upperReady ? ALL : LOWER, message);
    if (kind === "picture") byId("ladder-wanted").hidden = byId("ladder-maps").hidden = true;
    return;
  }
  try {
    if (upperReady) await ask(blob, stale);
    if (!stale()) say(upperReady ? `${time} AlexNet ran here too.` : time, "answered");
  } catch (error) {
    if (!stale()) none(["alexnet64"], toMessage(error).message);
  }
}

/** Let AlexNet name the picture. @param {Blob} blob @param {() => boolean} stale */
async function ask(blob, stale) {
  const change = unchanged();
  const { top } = await upper.request("classify", { blob, change, silent: 0 });
  const look = await upper.request("look", { layer: "conv1", change, silent: 0 });
  const sheet = await createImageBitmap(look.picture);
  if (stale()) return;
  show("alexnet64", named(top));
  towers(canvas("maps"), sheet, { ...look, count: look.strongest.length });
  byId("ladder-maps").hidden = false;
  byId("ladder-recorded").hidden = true;
  byId("ladder-wanted").hidden = true;
}

/** A choice is made: its sample's button, if it has one, is pressed. @param {HTMLButtonElement} [pressed]
 * @returns {number} its turn */
function chosen(pressed) {
  for (const button of buttons) button.ariaPressed = String(button === pressed);
  turn += 1;
  return turn;
}

/** @param {Picture} given @param {Guess[]} [recorded] AlexNet's, of a sample */
async function take(given, recorded) {
  picture = given;
  if (!upperReady) {
    show("alexnet64", recorded ?? []);
    byId("ladder-maps").hidden = true; // they were another picture's
    byId("ladder-recorded").hidden = !recorded;
    byId("ladder-wanted").hidden = Boolean(recorded);
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
    const order = loadOrder(root, model, card, code.wasm);
    await upper.request("load", order, (share) => say(`Loading AlexNet: ${Math.round(100 * share)}%`, "working"));
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
    const own = chosen(button);
    const { wnid, alexnet64 } = record.samples[button.dataset.name ?? ""];
    let blob;
    try {
      const reply = await fetch(button.dataset.sample ?? "");
      if (!reply.ok) throw new Error(String(reply.status));
      blob = await reply.blob();
    } catch {
      if (own === turn) none(ALL, "The sample could not be fetched. Are you offline?");
      return;
    }
    const shows = button.querySelector("img")?.alt ?? "";
    if (own === turn) await take({ blob, wnid, shows }, alexnet64);
  });
}
byId("ladder-file").addEventListener("change", () => {
  const [file] = byId("ladder-file").files ?? [];
  if (!file) return;
  chosen();
  take({ blob: file, wnid: null, shows: `Your picture: ${file.name}` });
});
if (byId("ladder-file").files?.length) byId("ladder-file").dispatchEvent(new Event("change")); // before this ran
byId("ladder-load").addEventListener("click", load);
addEventListener("pagehide", () => {
  lower.terminate();
  upper.terminate();
  if (!upperReady) return;
  upperReady = false; // where the browser keeps the page for Back, it is loaded again on request
  byId("ladder-offer").hidden = false;
  byId("ladder-load").disabled = false;
});

/** Grow one: a picture grows from noise for a name or a unit of the reader's choice. */

import { toMessage } from "../live/errors.js";
import { byId, json, megabytes, paint, root, say } from "../live/page.js";
import { loadOrder, WorkerClient } from "../live/worker-client.js";

/** @typedef {{steps: number, answer?: number, four: Uint8ClampedArray<ArrayBuffer>, side: number}} Shown */
/** @typedef {Shown & {done: boolean, answer: number, file: Blob}} Grown */
/** @typedef {{units: number[], answer: number[], best_sample: number[]}} Table */

const worker = new WorkerClient();
const [layer, name, unit, seed] = ["layer", "name", "unit", "seed"].map((id) => byId(`grow-${id}`));
const [go, pause, keep, canvas, progress] = ["go", "pause", "save", "canvas", "progress"].map((id) => byId(`grow-${id}`));
const address = (/** @type {string} */ file) => new URL(file, root).href;

/** @type {import("../live/store.js").Model|undefined} */
let model;
/** @type {{file: string, bytes: number, travels: number}|undefined} the engine's code */
let code;
let loaded = false;
let busy = false;
/** @type {Blob|undefined} what can be saved */
let file;

const wish = () => ({
  layer: layer.value === "classes" ? "fc8" : layer.value,
  unit: Number(layer.value === "classes" ? name.value : unit.value) || 0,
  seed: Number(seed.value) || 1,
});
const words = () =>
  layer.value === "classes" ? `“${name.selectedOptions[0].text}”` : `unit ${wish().unit} of ${layer.value}`;
const hash = () =>
  layer.value === "classes" ? `#class-${name.selectedOptions[0].dataset.slug}` : `#${layer.value}-${wish().unit}`;

/** Bring the controls in line with one another, and the address with them. */
function settle() {
  const units = layer.selectedOptions[0].dataset.count;
  byId("grow-name-label").hidden = Boolean(units);
  byId("grow-unit-label").hidden = !units;
  if (units) {
    unit.max = String(Number(units) - 1);
    unit.value = String(Math.min(Number(unit.max), Math.max(0, Math.trunc(Number(unit.value)))));
  }
  seed.value = String(Math.min(9999, Math.max(1, Math.trunc(Number(seed.value)) || 1)));
  const query = seed.value === "1" ? "" : `?seed=${seed.value}`;
  history.replaceState(null, "", `${location.pathname}${query}${hash()}`);
  pause.hidden = true;
  pause.textContent = "Pause";
  file = undefined;
  keep.hidden = true;
  if (busy) worker.post("stop");
}

/** Set the controls to what the address names. */
function follow() {
  const [, where, number] = /^#(conv[1-5]|fc[67])-(\d{1,4})$/.exec(location.hash) ?? [];
  const wanted = [...name.options].find((option) => `#class-${option.dataset.slug}` === location.hash);
  layer.value = where ?? "classes";
  if (where) unit.value = number;
  if (wanted) name.value = wanted.value;
  seed.value = new URLSearchParams(location.search).get("seed") ?? "1";
  settle();
}

async function load() {
  if (!model || !code) throw new Error("This copy of the site was built without the engine or the gradient, so nothing grows here.");
  const card = await json(byId("grow").dataset.card);
  const order = loadOrder(root, model, card, code);
  say("loading", `Loading the network: 0%`);
  await worker.request("load", order, (share) => say("loading", `Loading the network: ${Math.round(100 * share)}%`));
  loaded = true;
}

/** What is known of other answers. @param {Grown} end */
async function compared(end) {
  const table = /** @type {Table} */ (await json(`assets/portraits/${layer.value}.json`));
  const at = table.units.indexOf(wish().unit);
  const own = `It moves ${words()} by ${end.answer.toFixed(1)}`;
  if (at < 0) return `${own}. This unit has no portrait in the atlas.`;
  const best = table.best_sample[at];
  const times = best > 0.05 ? `, ${(end.answer / best).toFixed(1)} times as much as the best of our sample pictures (${best.toFixed(1)})` : "; no sample picture wakes it";
  return `${own}${times}. Its portrait in the atlas reached ${table.answer[at].toFixed(1)}, with the weights in full precision.`;
}

/** @param {boolean} again whether what has grown goes on */
async function grow(again) {
  if (busy) return;
  busy = true;
  const focused = document.activeElement === go;
  go.disabled = true;
  const asked = JSON.stringify(wish());
  const began = performance.now();
  try {
    if (!loaded) await load();
    pause.hidden = false;
    pause.textContent = "Pause";
    if (focused) pause.focus();
    progress.hidden = false;
    say("learning", `A picture grows for ${words()} …`);
    const { gradient } = /** @type {import("../live/store.js").Model} */ (model);
    const files = {
      network: model?.file.split("/").pop(),
      sha256: model?.sha256,
      picture: address(model?.reference ?? ""),
      graph: address(gradient?.graph ?? ""),
      reference: address(gradient?.reference ?? ""),
    };
    const ask = { way: "grow", ...wish(), files, steps: progress.max, go: again };
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    /** @type {Grown} */
    const end = await worker.request("backward", ask, (/** @type {Shown} */ now) => {
      progress.value = now.steps;
      if (still && now.steps && now.steps < progress.max) return;
      byId("grow-before").hidden = true;
      canvas.hidden = false;
      paint(canvas, now.four, now.side);
      byId("grow-caption").textContent = now.steps ? `After ${now.steps} steps` : "Noise, before the first step";
    });
    if (asked !== JSON.stringify(wish())) return say("idle", `Press “Grow it” for ${words()}.`);
    paint(canvas, end.four, end.side);
    progress.value = end.steps;
    file = end.file;
    keep.hidden = false;
    byId("grow-caption").textContent = `${words()}, seed ${wish().seed}, after ${end.steps} steps`;
    canvas.setAttribute("aria-label", `What ${words()} longs to see, grown from noise in ${end.steps} steps`);
    const compare = await compared(end).catch(() => "");
    byId("grow-words").textContent = compare;
    pause.textContent = "Go on";
    const back = document.activeElement === pause && end.done;
    pause.hidden = end.done;
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    say(end.done ? "answered" : "paused", end.done ? `Grown for ${words()} in ${seconds} s.` : `Paused after ${end.steps} steps.`);
    go.disabled = false;
    if (back) go.focus();
  } catch (error) {
    const { kind, message } = toMessage(error);
    if (kind !== "ended") say(kind, message);
    pause.hidden = true;
  } finally {
    busy = false;
    go.disabled = false;
  }
}

function save() {
  if (!file) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `${hash().slice(1)}-seed-${seed.value}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

async function begin() {
  byId("grow-words").textContent = "";
  try {
    const { models, engine_code: codes } = await json("assets/live/manifest.json");
    model = models.find((/** @type {{card: string}} */ one) => one.card === byId("grow").dataset.card && /** @type {any} */ (one).gradient);
    code = codes.wasm;
  } catch {
    return say("offline", "The list of networks could not be fetched. Are you offline? Load the page again.");
  }
  follow();
  if (!model || !code) return say("missing", "This copy of the site was built without the engine or the gradient, so nothing grows here.");
  go.hidden = false;
  byId("grow-any").hidden = false;
  say("idle", `Press the button: the network is loaded first (${megabytes(model.travels + code.travels)}, once), then a picture grows.`);
}

for (const control of [layer, name, unit, seed]) control.addEventListener("change", settle);
go.addEventListener("click", () => grow(false));
pause.addEventListener("click", () => (busy ? worker.post("stop") : grow(true)));
keep.addEventListener("click", save);
byId("grow-any").addEventListener("click", () => {
  const options = layer.value === "classes" ? [...name.options] : undefined;
  if (options) name.value = options[Math.floor(Math.random() * options.length)].value;
  else unit.value = String(Math.floor(Math.random() * (Number(unit.max) + 1)));
  settle();
  if (!busy) grow(false);
});
addEventListener("hashchange", follow);
addEventListener("pagehide", () => {
  worker.terminate();
  loaded = false;
});
begin();

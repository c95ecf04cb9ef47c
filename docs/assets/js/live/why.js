/** Why this name, and how to fool it: asks the worker, shows both maps and each step. */

import { view } from "./answer.js";
import { toMessage } from "./errors.js";
import { takeHandedOver } from "./input.js";
import { chosen } from "./loading.js";
import { byId, paint, root, say } from "./page.js";
import { hideOverlay, showOverlay } from "./photo.js";
import { store } from "./store.js";

/** @typedef {Uint8ClampedArray<ArrayBuffer>} Four four channels a pixel */
/** @typedef {{map: Four, across: number}} Laid */

const STEP_TIME = 250; // ms for each step of fooling, so that it can be watched
const percent = (/** @type {number} */ share) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)}%`;
const nameOf = (/** @type {number} */ k) => store.card?.labels[k].name ?? "";

/** @type {Record<string, Laid>} the maps of the shown picture */
let laid = {};
/** @type {number} the newest question: answers to older ones are dropped */
let turn = 0;
document.addEventListener("live-answered", () => {
  turn += 1;
  laid = {};
  byId("live-lay").querySelector("[value='']").checked = true;
});

/** Where the files of the gradient are. */
export function files() {
  const { model } = chosen();
  const at = (/** @type {string} */ address) => new URL(address, root).href;
  return {
    network: model.file.split("/").pop() ?? "",
    sha256: model.sha256,
    picture: at(model.reference ?? ""),
    graph: at(model.gradient?.graph ?? ""),
    reference: at(model.gradient?.reference ?? ""),
  };
}

/** What goes on, with its buttons; what failed is said. @param {string} name
 * @param {(own: number) => Promise<string>} work what it found, in words */
async function during(name, work) {
  turn += 1;
  const own = turn;
  const go = byId(`live-${name}-go`);
  const stop = byId(`live-${name}-stop`);
  const focused = document.activeElement === go;
  go.disabled = true;
  stop.hidden = false;
  if (focused) stop.focus();
  try {
    const words = await work(own);
    if (own === turn) say("answered", words);
  } catch (error) {
    const { kind, message } = toMessage(error);
    if (kind !== "ended" && own === turn) say(kind === "cancelled" ? "answered" : kind, message);
  } finally {
    const back = document.activeElement === stop;
    stop.hidden = true;
    go.disabled = false;
    if (back) go.focus();
  }
}

/** The seen picture in grey under a map. @param {HTMLCanvasElement} canvas @param {Four} seen
 * @param {number} width of it @param {Laid} laid */
function over(canvas, seen, width, { map, across }) {
  const data = seen.slice();
  for (let i = 0; i < width * width; i += 1) {
    const light = 96 + 0.5 * (0.3 * seen[4 * i] + 0.6 * seen[4 * i + 1] + 0.1 * seen[4 * i + 2]);
    const [x, y] = [i % width, Math.floor(i / width)].map((k) => Math.floor((k * across) / width));
    const part = 1 - map[4 * (y * across + x)] / 255;
    [207, 74, 10].forEach((colour, c) => (data[4 * i + c] = light + part * (colour - light)));
  }
  paint(canvas, data, width);
}

/** Ask both ways why it was given a name. */
export function why() {
  return during("why", async (own) => {
    const target = Number(byId("live-why-target").value);
    const ask = { ...view(), target };
    say("hiding", "Asking for the slope at each pixel …");
    const slope = await store.worker.request("backward", { way: "why", files: files(), ...ask });
    if (own !== turn) return "";
    laid = { slope };
    byId("live-why-maps").hidden = false;
    over(byId("live-slope"), slope.seen, slope.across, slope);
    byId("live-slope-words").textContent =
      `The stronger the colour, the more the score of “${nameOf(target)}” moves when this pixel does. ` +
      `Of the strongest tenth, ${percent(slope.middle)} lie in the middle quarter of the picture.`;
    byId("live-why-proof").textContent =
      `The slope took ${slope.milliseconds.toFixed(0)} ms. It was checked here first: on the reference picture it differs from PyTorch's by ${slope.distance.toExponential(1)} (relative).`;
    over(byId("live-hiding"), slope.seen, slope.across, { map: new Uint8ClampedArray(4).fill(255), across: 1 });
    byId("live-hiding-words").textContent = "Being asked …";
    const hiding = await store.worker.request("occlude", ask, (done) => {
      say("hiding", `Hiding one part after another: ${Math.round(100 * done)}%`);
    });
    if (own !== turn) return "";
    laid = { slope, hiding };
    over(byId("live-hiding"), slope.seen, slope.across, hiding);
    const cost = `from ${percent(hiding.before)} to ${percent(hiding.after)}`;
    byId("live-hiding-words").textContent =
      `The stronger the colour, the more “${nameOf(target)}” lost when a grey patch was laid there. The ${hiding.where} cost it most, ${cost}.`;
    byId("live-lay").hidden = false;
    return `Why “${nameOf(target)}”: hiding the ${hiding.where} costs it most, ${cost}.`;
  });
}

/** Lay the chosen map over the photograph. */
export function lay() {
  const chosen = laid[byId("live-lay").querySelector(":checked").value];
  if (chosen) showOverlay(chosen.map, chosen.across);
  else hideOverlay();
}

/** Change the picture until the network gives the wanted name. @param {number} steps */
export function fool(steps) {
  return during("fool", async (own) => {
    const target = Number(byId("live-fool-target").value);
    for (const part of ["box", "more"]) byId(`live-fool-${part}`).hidden = true;
    byId("live-fool-words").textContent = "";
    const pause = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : STEP_TIME;
    const { size } = store.card?.input ?? {};
    say("hiding", "Asking for the slope at each pixel …");
    const list = byId("live-fool-steps");
    list.replaceChildren();
    const ask = { way: "fool", files: files(), target, steps, pause, ...view() };
    const end = await store.worker.request("backward", ask, (now) => {
      if (own !== turn) return;
      byId("live-fool-box").hidden = false;
      if (now.step === 0) paint(byId("live-fool-before"), now.changed, size);
      paint(byId("live-fool-added"), now.added, size);
      paint(byId("live-fool-after"), now.changed, size);
      byId("live-fool-was").textContent = `Before: ${nameOf(now.was)}`;
      byId("live-fool-most").textContent = now.most
        ? `Added: at most ${now.most} ${now.most === 1 ? "level" : "levels"} of 256, here ${now.times.toFixed(0)} times as strong`
        : "Nothing added yet";
      byId("live-fool-now").textContent = `After ${now.step} ${now.step === 1 ? "step" : "steps"}: ${nameOf(now.seen)}, ${percent(now.share)}`;
      const row = document.createElement("li");
      row.setAttribute("aria-label", `Step ${now.step}: ${nameOf(now.was)} ${percent(now.left)}, ${nameOf(target)} ${percent(now.wanted)}`);
      for (const share of [now.left, now.wanted]) {
        const bar = document.createElement("span");
        bar.style.setProperty("--share", String(share));
        row.append(bar);
      }
      list.append(row);
    });
    if (own !== turn) return "";
    if (end.was === target) return `It says “${nameOf(target)}” already: choose another name.`;
    for (const name of ["save", "take"]) byId(`live-fool-${name}`).hidden = end.step === 0;
    const fooled = end.seen === target;
    byId("live-fool-more").hidden = fooled || steps > 10;
    const words = fooled
      ? `After ${end.step} steps it says “${nameOf(target)}”, ${percent(end.share)}, where it said “${nameOf(end.was)}”. No colour of any pixel changed by more than ${end.most} of 256 levels.`
      : `After ${end.step} steps it says “${nameOf(end.seen)}”, ${percent(end.share)}, and not “${nameOf(target)}” (${percent(end.wanted)}).`;
    byId("live-fool-words").textContent = words;
    return words;
  });
}

/** @returns {Promise<File>} the changed picture, its pixels as they are */
const changed = () =>
  new Promise((done) =>
    byId("live-fool-after").toBlob((/** @type {Blob} */ blob) =>
      done(new File([blob], "changed.png", { type: "image/png" })),
    ),
  );

/** Save the changed picture as a file. */
export async function save() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await changed());
  link.download = "changed.png";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** Give the changed picture to the page as the reader's own. */
export const takeChanged = async () => takeHandedOver(await changed());

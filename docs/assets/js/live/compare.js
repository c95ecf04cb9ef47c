/** Two pictures side by side, each with what the network says of it. Loaded on request. */

import { frameOf } from "./changes.js";
import { store } from "./store.js";
import { byId, made, percent, say } from "./page.js";

/** @typedef {import("./store.js").Guess} Guess */
/** @typedef {{title: string, top: Guess[], canvas: HTMLCanvasElement}} Side */

const HIGH = 300; // pixels of the copies
const WIDE = 400;

/** @type {Side|undefined} the picture that waits for another */
let kept;

/** What is shown now: the picture with its frame, what the network sees in a corner, the guesses.
 * @returns {Side} */
function now() {
  const image = /** @type {HTMLImageElement} */ (byId("live-whole"));
  const { naturalWidth: width, naturalHeight: height } = image;
  const scale = Math.min(WIDE / width, HIGH / height);
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: width * scale, height: height * scale });
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  const { left, top, side } = frameOf({ width, height }, store.card?.input, store.view.change);
  pen.lineWidth = 3;
  pen.strokeStyle = "#cf4a0a";
  pen.strokeRect(left * scale, top * scale, side * scale, side * scale);
  pen.imageSmoothingEnabled = false;
  const seen = Math.min(canvas.width, canvas.height) / 3;
  pen.drawImage(byId("live-seen"), canvas.width - seen, canvas.height - seen, seen, seen);
  pen.strokeRect(canvas.width - seen, canvas.height - seen, seen, seen);
  const title = store.picture?.words ?? "";
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", image.alt);
  return { title, top: store.top, canvas };
}

/** @param {Side} side @param {string[]} common names that both have */
function column({ title, top, canvas }, common) {
  const node = document.createElement("figure");
  const list = made("ol", "", "live-guesses");
  for (const { label, share } of top) {
    const row = document.createElement("li");
    const bar = made("span", "", "live-bar");
    bar.style.setProperty("--share", String(share));
    bar.setAttribute("aria-hidden", "true");
    row.append(made(common.includes(label) ? "b" : "span", label), made("span", `${(100 * share).toFixed(1)}%`), bar);
    list.append(row);
  }
  node.append(canvas, made("figcaption", title), list);
  return node;
}

/** How two answers differ, in words. @param {Side} one @param {Side} other */
function difference(one, other) {
  const [a, b] = [one.top[0], other.top[0]];
  const shared = one.top.filter(({ label }) => other.top.some((guess) => guess.label === label)).map(({ label }) => label);
  const words =
    a.label === b.label
      ? `Both are ${a.label} to it: ${percent(a.share)} on the left, ${percent(b.share)} on the right.`
      : `It says ${a.label}, ${percent(a.share)}, on the left, and ${b.label}, ${percent(b.share)}, on the right.`;
  const many = shared.length
    ? `Of the five guesses ${shared.length === 5 ? "all are" : `${shared.length} ${shared.length === 1 ? "is" : "are"}`} the same: ${shared.join(", ")}.`
    : "They have none of their five guesses in common.";
  return { shared, words: `${words} ${many}` };
}

/** Bring the right side to what is shown now. */
function show() {
  if (!kept || store.top.length === 0) return;
  const other = now();
  const { shared, words } = difference(kept, other);
  byId("live-sides").replaceChildren(column(kept, shared), column(other, shared));
  byId("live-compare-words").textContent = words;
}

/** Keep this picture and its answer on the left; what comes next is shown on the right. */
export function keepSide() {
  if (store.top.length === 0) return; // the quiz still asks
  kept = now();
  byId("live-compare").hidden = false;
  byId("live-sides").replaceChildren(column(kept, []));
  byId("live-compare-words").textContent =
    "Now choose another picture, or move the frame, or change this one: its answer comes beside it.";
  byId("live-compare-h").focus({ preventScroll: true });
  say("answered", `${kept.title} is kept. Now choose another picture, or change this one.`);
}

/** Nothing is compared any more. */
export function endComparison() {
  kept = undefined;
  byId("live-compare").hidden = true;
  byId("live-sides").replaceChildren();
}

document.addEventListener("live-answered", show);
byId("live-compare-end").addEventListener("click", () => {
  endComparison();
  byId("live-side").focus();
});

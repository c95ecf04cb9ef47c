/** The network as a row of layers, each with its maps of the picture that is chosen. */

import { store } from "./store.js";
import { byId, made, paint } from "./page.js";

/** @typedef {{layer: string, count: number, side: number, picture: Uint8ClampedArray<ArrayBuffer>,
 *   width: number, height: number}} Sheet */

/** A layer in the row: a button that opens its maps or numbers.
 * @param {Sheet} sheet @param {(layer: string) => void} open */
function item({ layer, count, side, picture, width, height }, open) {
  const node = document.createElement("li");
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")?.putImageData(new ImageData(picture, width, height), 0, 0);
  const name = made("b", layer.replace("conv", "Convolution ").replace("fc", "Full layer "));
  const button = /** @type {HTMLButtonElement} */ (made("button", ""));
  button.type = "button";
  button.dataset.layer = layer;
  button.setAttribute("aria-pressed", String(store.view.layer === layer));
  const what = layer === "fc8" ? `${count} names` : side ? `${count} maps, ${side} × ${side}` : `${count} numbers`;
  button.append(canvas, name, made("small", what));
  button.addEventListener("click", () => open(layer));
  node.append(button);
  return node;
}

/** Show the layers' maps for what the network sees now, from the picture to the first guess.
 * @param {{seen: Uint8ClampedArray<ArrayBuffer>, size: number}} input
 * @param {(layer: string) => void} open what a press on a layer does */
export async function showLayers({ seen, size }, open) {
  const layers = store.offers.looks.filter((name) => /^(conv|fc)/.test(name));
  if (layers.length === 0) return;
  const { change, silent } = store.view;
  const { sheets } = await store.worker.request("layers", { layers, change, silent });
  const first = document.createElement("li");
  const canvas = document.createElement("canvas");
  paint(canvas, seen, size);
  first.append(canvas, made("b", "Your picture"), made("small", `3 colours, ${size} × ${size}`));
  const last = document.createElement("li");
  last.className = "live-layers__end";
  last.append(made("b", ""), made("small", `of ${store.card?.labels.length} names`));
  byId("live-layers").replaceChildren(first, ...sheets.map((/** @type {Sheet} */ one) => item(one, open)), last);
  showName();
}

/** The first guess, at the end of the row; a question mark until the reader has guessed. */
export function showName() {
  const end = byId("live-layers").querySelector(".live-layers__end b");
  if (end) end.textContent = store.top[0]?.label ?? "?";
}

// Browsers leave what has the focus partly cut off in a box that scrolls sideways.
byId("live-layers").addEventListener("focusin", (/** @type {FocusEvent} */ event) => {
  const node = /** @type {Element} */ (event.target);
  if (node !== event.currentTarget) node.scrollIntoView({ block: "nearest", inline: "nearest" });
});

/** Show the maps of the chosen layer, or none; what shows them is loaded when first needed. */
export async function lookInside() {
  if (store.view.layer || byId("live-maps").firstChild) await (await import("./inside.js")).look();
}

/** Mark the layer whose maps are shown. */
export function markLayer() {
  for (const button of byId("live-layers").querySelectorAll("[data-layer]")) {
    button.setAttribute("aria-pressed", String(button.dataset.layer === store.view.layer));
  }
}

/**
 * One number of the first layer, worked out: a window of the picture times a filter, summed, plus
 * the bias. The reader moves the window and chooses the filter. Loaded when
 * its part is opened.
 */

import { byId, paint } from "./page.js";
import { store } from "./store.js";
import { toMessage } from "./errors.js";

/** @typedef {{window: Uint8ClampedArray<ArrayBuffer>, filter: Uint8ClampedArray<ArrayBuffer>,
 *   products: Uint8ClampedArray<ArrayBuffer>, side: number, sum: number, bias: number,
 *   count: number, filters: number, steps: number, at: number[], size: number}} Worked */

const signed = (/** @type {number} */ value) => `${value < 0 ? "−" : ""}${Math.abs(value).toFixed(2)}`;

/** Work out the number that the controls choose. */
async function show() {
  const ask = { filter: byId("live-filter").valueAsNumber, x: byId("live-across").valueAsNumber, y: byId("live-down").valueAsNumber };
  /** @type {Worked} */
  let worked;
  try {
    worked = await store.worker.request("pixel", { ...ask, change: store.view.change });
  } catch (error) {
    const { kind, message } = toMessage(error);
    if (kind !== "ended") byId("live-sum").textContent = message;
    return;
  }
  byId("live-filter").max = String(worked.filters);
  for (const name of ["across", "down"]) byId(`live-${name}`).max = String(worked.steps - 1);
  for (const name of /** @type {("window"|"filter"|"products")[]} */ (["window", "filter", "products"])) {
    paint(byId(`live-${name}-picture`), worked[name], worked.side);
  }
  const total = worked.sum + worked.bias;
  byId("live-sum").textContent =
    `${worked.count} products add up to ${signed(worked.sum)}. Plus the filter's bias, ${signed(worked.bias)}: ` +
    `${signed(total)}. ${total > 0 ? "That is one bright dot in this filter's map." : "Below zero, so this place stays dark."}`;
}

for (const name of ["filter", "across", "down"]) byId(`live-${name}`).addEventListener("input", show);
byId("live-arithmetic").addEventListener("toggle", () => byId("live-arithmetic").open && show());
document.addEventListener("live-answered", () => byId("live-arithmetic").open && show());
show();

export {};

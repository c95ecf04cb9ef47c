/**
 * "Show it a picture" on other pages: the press opens the picker at once, and the network loads
 * while the person chooses. The chosen picture is then named on the live page.
 */

import { leave } from "../live/handover.js";

const input = /** @type {HTMLInputElement} */ (document.getElementById("show-it"));
const live = new URL(input.dataset.live ?? "live/", location.href);

/** Whether the person pays for each byte. */
const metered = () => {
  const { saveData, type } = /** @type {any} */ (navigator).connection ?? {};
  return saveData || type === "cellular";
};

/** Bring the network's and the engine's files into the browser's HTTP cache. */
async function prefetch() {
  const root = new URL("../", live);
  const { engine, engine_code, models } = await (await fetch(new URL("assets/live/manifest.json", root))).json();
  if (!engine || models.length === 0) return;
  for (const file of [engine_code.wasm.file, models[0].file]) {
    await (await fetch(new URL(file, root))).arrayBuffer();
  }
}

input.addEventListener("click", () => metered() || prefetch().catch(() => {}), { once: true });
input.addEventListener("change", async () => {
  const [file] = input.files ?? [];
  if (!file) return;
  try {
    await leave(file);
    location.assign(new URL("?picture=yours", live));
  } catch {
    location.assign(live); // storage is denied: choose it again there
  }
});

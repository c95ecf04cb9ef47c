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

/** Bring the live page, its styles and its scripts into the HTTP cache. */
async function prefetchPage() {
  const page = new DOMParser().parseFromString(await (await fetch(live)).text(), "text/html");
  const parts = page.querySelectorAll("link[rel=stylesheet], link[rel=modulepreload], script[type=module]");
  const needed = [...parts].map((part) => part.getAttribute("href") ?? part.getAttribute("src") ?? "");
  const { root, worker } = page.getElementById("live")?.dataset ?? {};
  const later = worker?.split(" ").map((file) => `${root}${file}`) ?? [];
  for (const address of [...needed, ...later]) fetch(new URL(address, live)).catch(() => {});
}

/** Bring the network into this browser's store, where the live page goes on with what has arrived,
 * that page beside it, and then the engine into the HTTP cache. */
async function prefetch() {
  const root = new URL("../", live);
  const at = (/** @type {string} */ file) => new URL(file, root).href;
  const [{ engine, engine_code, models }, { network }] = await Promise.all([
    fetch(at("assets/live/manifest.json")).then((answer) => answer.json()),
    import("../live/cache.js"),
  ]);
  if (!engine || models.length === 0) return;
  prefetchPage().catch(() => {});
  const [{ file, packed, bytes, travels, sha256 }] = models;
  await network({ model: at(file), packed: packed && at(packed), bytes, travels, sha256, keep: true }, () => {});
  await (await fetch(at(engine_code.wasm.file))).arrayBuffer();
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
if (input.files?.length) input.dispatchEvent(new Event("change")); // chosen before this ran

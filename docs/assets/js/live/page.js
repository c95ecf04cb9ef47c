/** The page's own nodes, and the little that all parts do with them. */

/** @param {string} id @returns {any} the element, which the page always holds */
export const byId = (id) => document.getElementById(id);

export const here = /** @type {HTMLElement} */ (byId("live"));
export const root = new URL(here.dataset.root || "./", location.href);

/** States that end by themselves. */
export const WORKING = ["loading", "looking", "hiding", "learning"];

/** The tone of each state; all others are errors. @type {Record<string, string>} */
const TONES = {
  ...Object.fromEntries(WORKING.map((state) => [state, "working"])),
  ready: "done",
  answered: "done",
  idle: "calm",
  cancelled: "calm",
  paused: "calm",
  asking: "calm",
};

/** Name the state, for style and tests, and say it. @param {string} state @param {string} words */
export function say(state, words) {
  here.dataset.state = state;
  here.dataset.tone = TONES[state] ?? "error";
  byId("live-status").textContent = words;
}

/** One element with text. @param {string} name @param {string} words @param {string} [kind] its
 * class */
export function made(name, words, kind = "") {
  const node = document.createElement(name);
  node.textContent = words;
  if (kind) node.className = kind;
  return node;
}

/** @param {string} words @param {() => void} pressed */
export function button(words, pressed) {
  const node = /** @type {HTMLButtonElement} */ (made("button", words));
  node.type = "button";
  node.addEventListener("click", pressed);
  return node;
}

/** @param {HTMLCanvasElement} canvas @param {Uint8ClampedArray<ArrayBuffer>} four channels a pixel
 * @param {number} size */
export function paint(canvas, four, size) {
  canvas.width = size;
  canvas.height = size;
  canvas.getContext("2d")?.putImageData(new ImageData(four, size, size), 0, 0);
}

/** @param {number} bytes */
export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/** A probability in whole per cent. Nothing is certain to a network, so 1 is never rounded to.
 * @param {number} share */
export const percent = (share) => (share >= 0.995 ? ">99%" : `${(100 * share).toFixed(0)}%`);

/** @param {string} address below the site's root @returns {Promise<any>} */
export async function json(address) {
  const answer = await fetch(new URL(address, root));
  if (!answer.ok) throw new Error(`${address}: status ${answer.status}`);
  return answer.json();
}

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

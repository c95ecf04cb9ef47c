/** The state that all parts of the page share: view, loaded network, chosen picture. */

import { WorkerClient } from "./worker-client.js";
import { here } from "./page.js";
import { read, write } from "./state.js";

/** @typedef {{name: string, wnid?: string}} Label */
/** @typedef {{title: string, name: string, architecture: string, labels: Label[],
 *   input: any, output: string, precision: string,
 *   temperature?: number, weights: {trained_by: string, trained_on: string, sha256?: string}}} Card */
/** @typedef {{file: string, bytes: number, travels: number}} Code a file of the engine, its size,
 *   and how many bytes travel for the engine where the host compresses */
/** @typedef {{file: string, packed: string|null, card: string, reference: string|null, bytes: number,
 *   travels: number, sha256: string, gradient: {graph: string, reference: string}|null, own?: Card}} Model
 *   packed: a copy packed with gzip, of which `travels` is the size; own: the card of a network that
 *   this browser learned */
/** @typedef {{engine: string|null, engine_code: Record<string, Code>, models: Model[],
 *   runner?: import("./runner.js").Addresses}} Manifest */
/** @typedef {{index: number, label: string, share: number}} Guess */

export const samples = /** @type {HTMLButtonElement[]} */ ([
  ...here.querySelectorAll("[data-sample]"),
]);
const names = samples.map((button) => button.dataset.name ?? "");

export const store = {
  view: read(location.search, names),
  worker: new WorkerClient(),
  manifest: /** @type {Manifest} */ ({ engine: null, engine_code: {}, models: [] }),
  card: /** @type {Card|undefined} */ (undefined),
  /** What the loaded file can show. */
  offers: { looks: /** @type {string[]} */ ([]), towers: false },
  /** What runs outside the browser, where it is chosen. */
  runner: /** @type {import("./runner.js").Info|undefined} */ (undefined),
  picture: /** @type {{words: string, blob: Blob}|undefined} */ (undefined),
  /** The first guess now. */
  best: 0,
  /** The guesses that the page shows. */
  top: /** @type {Guess[]} */ ([]),
};

/** Write the view into the address. A picture of the reader's own is not in it. */
export function remember() {
  history.replaceState(null, "", `${location.pathname}${write(store.view)}${location.hash}`);
}

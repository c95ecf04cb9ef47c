/** A worker that answers requests; started with the first request. */

/** @typedef {{done: (result: any) => void, failed: (why: any) => void,
 *   progress?: (at: any) => void}} Waiting */

/**
 * What the worker needs to know to load a network.
 * @param {URL} root of the site
 * @param {import("./store.js").Model} model @param {import("./store.js").Card} card
 * @param {import("./store.js").Code} code the engine's
 * @param {import("./engine.js").Kind} kind @param {number} threads
 * @param {boolean} keep whether the file stays in the browser for the next visit
 */
export function loadOrder(root, model, card, code, kind = "wasm", threads = 1, keep = true) {
  const address = (/** @type {string} */ file) => new URL(file, root).href;
  return {
    model: address(model.file),
    bytes: model.bytes,
    sha256: model.sha256,
    packed: model.packed && address(model.packed),
    travels: model.travels,
    keep,
    engine: address("assets/live/engine/"),
    code: { ...code, file: address(code.file) },
    kind,
    threads,
    card: { input: card.input, output: card.output, temperature: card.temperature },
    reference: model.reference && address(model.reference),
  };
}

export class WorkerClient {
  /** @type {Map<number, Waiting>} */
  #waiting = new Map();
  /** @type {Worker|undefined} */
  #worker;
  #count = 0;
  #script;

  /** @param {URL} [script] the worker's; the live page's own if not given */
  constructor(script = new URL("worker.js", import.meta.url)) {
    this.#script = script;
  }

  /** @param {string} task @param {object} [more] @param {(at: any) => void} [progress]
   * @returns {Promise<any>} the worker's result; rejects with a `UserError` */
  request(task, more = {}, progress) {
    this.#count += 1;
    const id = this.#count;
    const answer = new Promise((done, failed) => this.#waiting.set(id, { done, failed, progress }));
    this.begin();
    this.post(task, { id, ...more });
    return answer;
  }

  /** Start the worker: its scripts are fetched now, and not with the first request. */
  begin() {
    try {
      this.#worker ??= this.#start();
    } catch {
      this.#failed();
    }
  }

  /** Send a message that has no answer. @param {string} task @param {object} [more] */
  post(task, more = {}) {
    this.#worker?.postMessage({ do: task, ...more });
  }

  /** End the worker at once and free its memory; open requests are rejected.
   * @param {import("./errors.js").UserError} [why] */
  terminate(why = { kind: "ended", message: "Stopped." }) {
    this.#worker?.terminate();
    this.#worker = undefined;
    for (const { failed } of this.#waiting.values()) failed(why);
    this.#waiting.clear();
  }

  #start() {
    const worker = new Worker(this.#script, { type: "module" });
    worker.addEventListener("message", ({ data }) => {
      const one = this.#waiting.get(data.id);
      if (!one) return;
      if ("progress" in data) {
        one.progress?.(data.progress);
        return;
      }
      this.#waiting.delete(data.id);
      if ("result" in data) one.done(data.result);
      else one.failed(data);
    });
    worker.addEventListener("error", () => this.#failed());
    return worker;
  }

  /** The worker's script did not arrive, was blocked, or is not understood. */
  #failed() {
    this.terminate(
      navigator.onLine
        ? { kind: "unsupported", message: "The script that runs the network did not start. A lost connection, a content blocker or a browser from before 2023 can be the cause. Load the page again." }
        : { kind: "offline", message: "You are offline, so the network's script could not be fetched. Try again." },
    );
  }
}

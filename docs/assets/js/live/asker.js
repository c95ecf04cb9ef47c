/** A worker that is asked and answers; started when first asked. */

/** @typedef {{done: (result: any) => void, failed: (why: any) => void,
 *   progress?: (at: number) => void}} Waiting */

export class Asker {
  /** @type {Map<number, Waiting>} */
  #waiting = new Map();
  /** @type {Worker|undefined} */
  #worker;
  #asked = 0;

  /** @param {string} task @param {object} [more] @param {(at: number) => void} [progress]
   * @returns {Promise<any>} what the worker answers, or rejects with a `Trouble` */
  ask(task, more = {}, progress) {
    this.#asked += 1;
    const id = this.#asked;
    const answer = new Promise((done, failed) => this.#waiting.set(id, { done, failed, progress }));
    try {
      this.#worker ??= this.#start();
      this.#worker.postMessage({ id, do: task, ...more });
    } catch {
      this.#failed();
    }
    return answer;
  }

  /** Say something that has no answer. @param {string} task */
  tell(task) {
    this.#worker?.postMessage({ do: task });
  }

  /** Give the worker's memory back. */
  end() {
    this.#worker?.terminate();
    this.#worker = undefined;
    for (const { failed } of this.#waiting.values()) failed({ kind: "ended", message: "Stopped." });
    this.#waiting.clear();
  }

  #start() {
    const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
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

  #failed() {
    for (const { failed } of this.#waiting.values()) {
      failed({ kind: "unsupported", message: "The engine does not start in this browser. Any browser since 2023 can run it." });
    }
    this.#waiting.clear();
    this.end();
  }
}

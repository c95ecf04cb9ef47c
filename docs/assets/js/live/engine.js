/**
 * ONNX Runtime Web with one network in it: made on the processor (WebAssembly) or on the graphics
 * card (WebGPU), proved on the reference picture, and run.
 */

import { inTowers, read, silenced } from "./onnx.js";
import { normalise } from "./picture.js";
import { userError } from "./errors.js";

/** @typedef {import("./picture.js").Pixels} Pixels */
/** @typedef {import("./picture.js").Rule} Rule */
/** @typedef {import("onnxruntime-common").InferenceSession} Session */
/** @typedef {import("onnxruntime-common").Tensor} Tensor */
/** @typedef {typeof import("onnxruntime-common")} Runtime */
/** @typedef {"wasm"|"webgpu"} Kind what ONNX Runtime runs on */
/** @typedef {{pixels: number[], logits: number[]}} Reference */
/** @typedef {{engine: string, kind: Kind, threads: number, wasm?: Uint8Array}} Place the folder of
 *   the engine's files, what to run on, how many threads of the processor, and the engine's code */

const AGREES = 1e-4; // relative L2 of the reference logits; measured distances are near 1e-6
/** The engine's scripts: what is imported, and what that imports. */
const SCRIPTS = {
  wasm: ["ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs"],
  webgpu: ["ort.webgpu.min.mjs", "ort-wasm-simd-threaded.asyncify.mjs"],
};

/** @param {Place} place @returns {Promise<Runtime>} */
export async function runtime({ engine, kind, threads, wasm }) {
  const ort = /** @type {Runtime} */ (await import(`${engine}${SCRIPTS[kind][0]}`));
  if (wasm) ort.env.wasm.wasmBinary = /** @type {ArrayBuffer} */ (wasm.buffer);
  ort.env.wasm.wasmPaths = engine;
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = "error";
  return ort;
}

/** Whether the engine's scripts can be fetched: if not, the connection is to blame, and not the
 * browser. @param {Place} place */
async function allArrive({ engine, kind }) {
  const arrives = async (/** @type {string} */ name) =>
    (await fetch(`${engine}${name}`).catch(() => undefined))?.ok ?? false;
  return (await Promise.all(SCRIPTS[kind].map(arrives))).every(Boolean);
}

export class Engine {
  /** @type {Map<number, Session>} by the tower that is silent; 0 for none */
  #sessions = new Map();

  /** @param {any} ort a `Runtime`, if one runs it @param {Uint8Array} bytes of the network's file @param {Rule} rule
   * @param {string} output the name of the logits @param {Kind|"plain"} kind */
  constructor(ort, bytes, rule, output, kind) {
    this.ort = ort;
    this.bytes = bytes;
    this.rule = rule;
    this.output = output;
    this.kind = kind;
    this.graph = read(bytes);
  }

  /** @param {Place} place @param {Uint8Array} bytes @param {Rule} rule @param {string} output
   * @returns {Promise<Engine>} ready to run, not yet checked against the reference
   * @throws a `UserError` that names the cause */
  static async start(place, bytes, rule, output) {
    try {
      const made = new Engine(await runtime(place), bytes, rule, output, place.kind);
      await made.#session(0);
      return made;
    } catch (error) {
      if (!(await allArrive(place))) {
        throw userError("offline", "A part of the engine could not be fetched. Are you offline? Try again.");
      }
      const words = String(/** @type {Error} */ (error).message ?? error);
      if (place.kind === "webgpu") {
        throw userError("gpu", `Your graphics card could not run it (${words.slice(0, 160)}).`);
      }
      if (/memory|alloc/i.test(words)) {
        throw userError("memory", "There is not enough free memory for the network. Close other tabs and try again.");
      }
      throw userError("unsupported", `The engine does not start in this browser (${words.slice(0, 160)}).`);
    }
  }

  /** @param {number} silent the tower that is off, or 0 @returns {Promise<Session>} */
  async #session(silent) {
    const made = this.#sessions.get(silent);
    if (made) return made;
    for (const [tower, old] of this.#sessions) {
      if (tower === 0) continue; // one without a tower at a time
      this.#sessions.delete(tower);
      await old.release();
    }
    const bytes = silent ? silenced(this.bytes, this.graph, silent) : this.bytes;
    const fresh = await this.ort.InferenceSession.create(bytes, {
      executionProviders: [this.kind],
      // Unpacks the small weights once, here, instead of at every run.
      extra: { session: { disable_quant_qdq: "1" } },
    });
    this.#sessions.set(silent, fresh);
    return fresh;
  }

  async release() {
    for (const session of this.#sessions.values()) await session.release();
    this.#sessions.clear();
  }

  /** @returns {readonly string[]} */
  get outputNames() {
    return this.#sessions.get(0)?.outputNames ?? [];
  }

  /** What the file offers beside its answer. */
  get offers() {
    return {
      looks: this.outputNames.filter((name) => name !== this.output),
      towers: inTowers(this.graph),
    };
  }

  /** Some outputs for a picture. @param {Pixels} pixels @param {string[]} names
   * @param {number} [silent] the tower that is off, or 0
   * @returns {Promise<Record<string, {data: Float32Array, dims: readonly number[]}>>} */
  async outputs(pixels, names, silent = 0) {
    const { size, name } = this.rule;
    const session = await this.#session(silent);
    const data = normalise(pixels.data, this.rule);
    const input = new this.ort.Tensor("float32", data, [1, 3, size, size]);
    const outputs = await session.run({ [name]: input }, names);
    input.dispose();
    return Object.fromEntries(
      names.map((key) => {
        const data = Float32Array.from(/** @type {Float32Array} */ (outputs[key].data));
        const { dims } = outputs[key];
        outputs[key].dispose();
        return [key, { data, dims }];
      }),
    );
  }

  /** @param {Pixels} pixels @param {number} [silent] @returns {Promise<Float32Array>} */
  async logits(pixels, silent = 0) {
    return (await this.outputs(pixels, [this.output], silent))[this.output].data;
  }

  /** How far the reference picture's logits are from the reference: relative L2.
   * @param {Reference} reference */
  async prove({ pixels, logits: wanted }) {
    const { size } = this.rule;
    const data = Uint8Array.from(pixels);
    const logits = await this.logits({ data, width: size, height: size });
    let [apart, whole] = [0, 0];
    wanted.forEach((value, i) => {
      apart += (logits[i] - value) ** 2;
      whole += value ** 2;
    });
    const distance = Math.sqrt(apart / whole);
    if (distance <= AGREES) return distance;
    const off = `the reference answer is off by ${distance.toExponential(1)}`;
    await this.release();
    throw this.kind === "webgpu"
      ? userError("gpu", `Your graphics card computes wrongly: ${off}.`)
      : userError("wrong", `This browser computes wrongly: ${off}. So it names nothing here. Try another browser.`);
  }
}

/** The likeliest classes and their shares.
 * @param {Float32Array} logits @param {number} [temperature] of the card @param {number} [count] */
export function best(logits, temperature = 1, count = 5) {
  const share = shares(logits, temperature);
  const order = [...share.keys()].sort((a, b) => share[b] - share[a]);
  return order.slice(0, count).map((index) => ({ index, share: share[index] }));
}

/** The softmax. @param {Float32Array} logits @param {number} [temperature] of the card */
export function shares(logits, temperature = 1) {
  const most = logits.reduce((a, b) => Math.max(a, b));
  const weight = Array.from(logits, (value) => Math.exp((value - most) / temperature));
  const sum = weight.reduce((a, b) => a + b);
  return weight.map((value) => value / sum);
}

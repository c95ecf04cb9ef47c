/**
 * The way back from a network's answers to the picture: how each unit's answer changes with each
 * pixel. The file holds the graph alone; the weights are the bytes of the network that is loaded.
 */

import { silenced } from "./onnx.js";
import { normalise } from "./picture.js";
import { userError } from "./errors.js";

/** @typedef {import("./engine.js").Engine} Engine */
/** @typedef {import("onnxruntime-common").InferenceSession} Session */
/** @typedef {{network: string, sha256: string, graph: string, reference: string, picture: string}}
 *   Files the name and the hash of the network's file, the addresses of graph and reference, and of
 *   the network's own reference, which has the picture */
/** @typedef {{model_sha256: string, layers: [string, number][], colours: number[][],
 *   direction: Record<string, number>, every: number, gradient: number[]}} Reference what PyTorch
 *   gives: every so many values of the gradient of a sum of units; which layers have how many units;
 *   the colours of photographs */
/** @typedef {Record<number, number>} Direction how much each unit counts, by its number among all */

const AGREES = 1e-4; // relative L2; measured distances are near 1e-6

/** @param {string} address @returns {Promise<Response>} */
async function fetched(address) {
  const answer = await fetch(address).catch(() => undefined);
  if (!answer?.ok) throw userError("offline", "The way back through the network could not be fetched. Try again.");
  return answer;
}

export class Gradient {
  /** @type {{silent: number, session: Session}|undefined} */
  #kept;

  /** @param {Engine} engine @param {Files} files @param {Uint8Array} graph
   * @param {Reference} reference */
  constructor(engine, files, graph, reference) {
    this.engine = engine;
    this.files = files;
    this.graph = graph;
    this.reference = reference;
    this.distance = 0;
    this.units = reference.layers.reduce((sum, [, count]) => sum + count, 0);
    /** The number of the first class: the classes are the last units. */
    this.firstClass = this.units - reference.layers[reference.layers.length - 1][1];
  }

  /** Fetched, and compared with what PyTorch gives. @param {Engine} engine @param {Files} files
   * @param {number[]} pixels of the network's reference picture
   * @returns {Promise<Gradient>} @throws a `UserError` */
  static async start(engine, files, pixels) {
    const [graph, reference] = await Promise.all([
      fetched(files.graph).then(async (answer) => new Uint8Array(await answer.arrayBuffer())),
      fetched(files.reference).then((answer) => answer.json()),
    ]);
    if (reference.model_sha256 !== files.sha256) {
      throw userError("corrupted", "The way back belongs to another network. Load the page again.");
    }
    const made = new Gradient(engine, files, graph, reference);
    await made.#prove(pixels);
    return made;
  }

  /** @param {number[]} pixels */
  async #prove(pixels) {
    const { direction, every, gradient: wanted } = this.reference;
    const { gradient } = await this.run(normalise(pixels, this.engine.rule), direction);
    let [apart, whole] = [0, 0];
    wanted.forEach((value, i) => {
      apart += (gradient[i * every] - value) ** 2;
      whole += value ** 2;
    });
    this.distance = Math.sqrt(apart / whole);
    if (this.distance <= AGREES) return;
    throw userError("wrong", `This browser computes the way back wrongly: it is off by ${this.distance.toExponential(1)}. So it is not shown.`);
  }

  /** @param {number} silent the tower that is off, or 0 */
  async #session(silent) {
    if (this.#kept?.silent === silent) return this.#kept.session;
    await this.#kept?.session.release();
    const { bytes, graph, kind, ort } = this.engine;
    const data = silent ? silenced(bytes, graph, silent) : bytes;
    const session = await ort.InferenceSession.create(this.graph, {
      executionProviders: [kind],
      externalData: [{ path: this.files.network, data }],
      extra: { session: { disable_quant_qdq: "1" } },
    });
    this.#kept = { silent, session };
    return session;
  }

  /** The number of a unit among all. @param {string} layer @param {number} unit */
  at(layer, unit) {
    let first = 0;
    for (const [name, count] of this.reference.layers) {
      if (name === layer) return first + unit;
      first += count;
    }
    throw new Error(`no layer ${layer}`);
  }

  /** The answers of all units to a picture, and the gradient of their sum along a direction.
   * @param {Float32Array} image normalised, (3, size, size) @param {Direction} direction
   * @param {number} [silent] @returns {Promise<{answers: Float32Array, gradient: Float32Array}>} */
  async run(image, direction, silent = 0) {
    const { ort, rule } = this.engine;
    const session = await this.#session(silent);
    const way = new Float32Array(this.units);
    for (const [unit, part] of Object.entries(direction)) way[Number(unit)] = part;
    const feeds = {
      image: new ort.Tensor("float32", image, [1, 3, rule.size, rule.size]),
      direction: new ort.Tensor("float32", way, [1, this.units]),
    };
    const outputs = await session.run(feeds);
    for (const tensor of Object.values(feeds)) tensor.dispose();
    const take = (/** @type {string} */ name) => {
      const data = Float32Array.from(/** @type {Float32Array} */ (outputs[name].data));
      outputs[name].dispose();
      return data;
    };
    return { answers: take("answers"), gradient: take("gradient") };
  }

  /** The logits, the last of the answers. @param {Float32Array} answers */
  logits(answers) {
    return answers.subarray(this.firstClass);
  }
}

/** @type {WeakMap<Engine, Promise<Gradient>>} */
const made = new WeakMap();

/** The network's gradient, proved once. @param {Engine} engine @param {Files} files */
export function gradientOf(engine, files) {
  let ready = made.get(engine);
  if (!ready) {
    ready = (async () => {
      const { pixels } = await (await fetch(files.picture)).json();
      return Gradient.start(engine, files, pixels);
    })();
    ready.catch(() => made.delete(engine)); // asked again next time
    made.set(engine, ready);
  }
  return ready;
}

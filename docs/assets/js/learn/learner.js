/**
 * A small network that learns: the exported training step (`python -m model_export --learn`) on
 * ONNX Runtime Web, its weights fed back from step to step, and the network alone for looking.
 */

import { runtime } from "../live/engine.js";
import { KINDS, LEVELS, SIDE, draw, normalise } from "./pictures.js";
import { uniform, weights } from "./random.js";

/** @typedef {import("onnxruntime-common").InferenceSession} Session */
/** @typedef {import("onnxruntime-common").Tensor} Tensor */
/** @typedef {import("../live/engine.js").Place} Place */
/** @typedef {{network: string, seed: number, count: number, vary: boolean, rate: number}} Settings
 *   the file of the network, the seed of the first weights and of the pictures, how many pictures,
 *   whether they are mirrored and shifted, and the learning rate */
/** @typedef {{loss: number, wrong: number}} Score mean cross-entropy, and share of wrong answers */
/** @typedef {{item: number, said: number, share: number}} Answer the picture, and the kind that it
 *   is taken for, with how much of the probability */

export const BATCH = 64;
export const MOMENTUM = 0.9;
export const TESTED = 500; // pictures of a test, all of a stream that nobody learns from
export const TEST_SEED = 999_983;
const SHIFT = 3; // pixels, at most, when pictures are varied
const BATCHES = 2 ** 31; // items of a stream from here on choose the batches
const AT_ONCE = 100; // pictures of the network alone

/** @param {Float32Array} logits of one picture, turned into probabilities */
function softmax(logits) {
  const most = logits.reduce((a, b) => Math.max(a, b));
  let sum = 0;
  for (let i = 0; i < logits.length; i += 1) sum += logits[i] = Math.exp(logits[i] - most);
  for (let i = 0; i < logits.length; i += 1) logits[i] /= sum;
}

/** Pictures of a stream, each drawn when it is first asked for. */
class Stream {
  /** @param {number} seed @param {number} count */
  constructor(seed, count) {
    this.seed = seed;
    this.levels = new Uint8Array(count * LEVELS);
    this.drawn = new Uint8Array(count);
  }

  /** @param {number} item @returns {Uint8Array} its levels */
  at(item) {
    const own = this.levels.subarray(item * LEVELS, (item + 1) * LEVELS);
    if (!this.drawn[item]) {
      draw(this.seed, item, own);
      this.drawn[item] = 1;
    }
    return own;
  }
}

/** A picture mirrored and shifted; what comes in at an edge repeats it.
 * @param {Uint8Array} from @param {Uint8Array} to @param {boolean} mirror @param {number} right
 * @param {number} down */
function moved(from, to, mirror, right, down) {
  const within = (/** @type {number} */ i) => Math.min(Math.max(i, 0), SIDE - 1);
  for (let c = 0, at = 0; c < 3; c += 1) {
    for (let y = 0; y < SIDE; y += 1) {
      const row = (c * SIDE + within(y - down)) * SIDE;
      for (let x = 0; x < SIDE; x += 1, at += 1) {
        const column = within(x - right);
        to[at] = from[row + (mirror ? SIDE - 1 - column : column)];
      }
    }
  }
}

export class Learner {
  /** @type {Record<string, Tensor>} weights and momenta */
  state = {};
  /** @type {Settings} */
  settings = { network: "", seed: 0, count: 0, vary: false, rate: 0 };
  steps = 0;
  #tests = new Stream(TEST_SEED, TESTED);
  #pictures = new Stream(0, 0);

  /** @param {typeof import("onnxruntime-common")} ort @param {Session} training
   * @param {Session} network */
  constructor(ort, training, network) {
    this.ort = ort;
    this.training = training;
    this.network = network;
    this.weights = network.inputNames.slice(1);
    this.filters = this.weights[0];
  }

  /** @param {Place} place @param {{step: Uint8Array, forward: Uint8Array}} files
   * @returns {Promise<Learner>} */
  static async start(place, { step, forward }) {
    const ort = await runtime(place);
    const options = { executionProviders: [place.kind] };
    const training = await ort.InferenceSession.create(step, options);
    const network = await ort.InferenceSession.create(forward, options);
    return new Learner(ort, training, network);
  }

  /** Operations that a step does for one picture: two a multiply-add, forth once and back twice;
   * but no gradient is sent back into the picture. */
  get operations() {
    let [side, sum] = [SIDE, 0];
    for (const name of this.weights.filter((one) => one.startsWith("w"))) {
      const { dims } = this.state[name];
      const maps = dims.length === 4;
      sum += dims.reduce((a, b) => a * b, 1) * (maps ? side * side : 1) * (name === this.filters ? 2 : 3);
      if (maps) side /= 2;
    }
    return 2 * sum;
  }

  /** Forget everything, and begin with the weights of a seed. @param {Settings} settings */
  begin(settings) {
    if (settings.seed !== this.#pictures.seed || settings.count !== this.settings.count) {
      this.#pictures = new Stream(settings.seed, settings.count);
    }
    this.settings = settings;
    this.steps = 0;
    for (const meta of this.training.inputMetadata.slice(4)) {
      const { name, shape } = /** @type {{name: string, shape: readonly number[]}} */ (/** @type {unknown} */ (meta));
      const layer = Number(name.slice(-1)) - 1;
      const dims = [...shape];
      const values = name.startsWith("w") ? weights(dims, settings.seed, layer) : new Float32Array(dims.reduce((a, b) => a * b, 1));
      this.state[name] = new this.ort.Tensor("float32", values, dims);
    }
  }

  /** The pictures of the next step and their kinds, one-hot. */
  batch() {
    const { seed, count, vary } = this.settings;
    const value = uniform(seed, BATCHES + this.steps);
    const x = new Float32Array(BATCH * LEVELS);
    const y = new Float32Array(BATCH * KINDS.length);
    const other = new Uint8Array(LEVELS);
    const places = 2 * SHIFT + 1;
    for (let i = 0; i < BATCH; i += 1) {
      const item = Math.floor(value(i) * count);
      let levels = this.#pictures.at(item);
      if (vary) {
        const [right, down] = [2, 3].map((k) => Math.floor(value(k * BATCH + i) * places) - SHIFT);
        moved(levels, other, value(BATCH + i) < 0.5, right, down);
        levels = other;
      }
      normalise(levels, x.subarray(i * LEVELS, (i + 1) * LEVELS));
      y[i * KINDS.length + (item % KINDS.length)] = 1;
    }
    return { x, y };
  }

  /** One step of learning. @returns {Promise<Score>} before the step, on its own batch */
  async step() {
    const { Tensor } = this.ort;
    const { x, y } = this.batch();
    const number = (/** @type {number} */ value) => new Tensor("float32", [value], []);
    const { loss, right, ...next } = await this.training.run({
      x: new Tensor("float32", x, [BATCH, 3, SIDE, SIDE]),
      y: new Tensor("float32", y, [BATCH, KINDS.length]),
      rate: number(this.settings.rate),
      momentum: number(MOMENTUM),
      ...this.state,
    });
    for (const name of Object.keys(this.state)) this.state[name] = next[`new_${name}`];
    this.steps += 1;
    return { loss: Number(loss.data[0]), wrong: 1 - Number(right.data[0]) / BATCH };
  }

  /** What the network makes of test pictures. @param {number[]} items @param {string[]} names of
   * its outputs @returns {Promise<Record<string, {data: Float32Array, dims: readonly number[]}>>} */
  async look(items, names) {
    const x = new Float32Array(items.length * LEVELS);
    items.forEach((item, i) => normalise(this.#tests.at(item), x.subarray(i * LEVELS, (i + 1) * LEVELS)));
    const given = Object.fromEntries(this.weights.map((name) => [name, this.state[name]]));
    const found = await this.network.run({ x: new this.ort.Tensor("float32", x, [items.length, 3, SIDE, SIDE]), ...given }, names);
    return /** @type {any} */ (found);
  }

  /** The answers to test pictures. @param {number[]} items @returns {Promise<{answers: Answer[],
   *   loss: number}>} the sum of the losses */
  async answers(items) {
    const { logits } = await this.look(items, ["logits"]);
    let loss = 0;
    const answers = items.map((item, i) => {
      const shares = logits.data.slice(i * KINDS.length, (i + 1) * KINDS.length);
      softmax(shares);
      loss -= Math.log(Math.max(shares[item % KINDS.length], 1e-30));
      const said = shares.indexOf(Math.max(...shares));
      return { item, said, share: shares[said] };
    });
    return { answers, loss };
  }

  /** The score on all test pictures, and the mistakes, the surest first.
   * @returns {Promise<Score & {mistakes: Answer[]}>} */
  async test() {
    const mistakes = [];
    let loss = 0;
    for (let at = 0; at < TESTED; at += AT_ONCE) {
      const items = Array.from({ length: AT_ONCE }, (_, i) => at + i);
      const found = await this.answers(items);
      loss += found.loss;
      mistakes.push(...found.answers.filter(({ item, said }) => said !== item % KINDS.length));
    }
    mistakes.sort((a, b) => b.share - a.share);
    return { loss: loss / TESTED, wrong: mistakes.length / TESTED, mistakes };
  }

  /** A test picture's levels. @param {number} item */
  picture(item) {
    return this.#tests.at(item);
  }

  async release() {
    await this.training.release();
    await this.network.release();
  }
}

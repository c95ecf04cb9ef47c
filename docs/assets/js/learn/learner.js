/**
 * A small network that learns: the exported training step on ONNX Runtime Web, and the network alone
 * for looking.
 */

import { runtime } from "../live/engine.js";
import { withWeights } from "./file.js";
import { KINDS, LEVELS, SIDE, TEST_SEED, draw, normalise } from "./pictures.js";
import { uniform } from "./random.js";
import { CLASSES, Steps } from "./steps.js";

/** @typedef {import("onnxruntime-common").InferenceSession} Session */
/** @typedef {import("../live/engine.js").Place} Place */
/** @typedef {{network: string, seed: number, count: number, vary: boolean, rate: number, batch: number}}
 *   Settings the file of the network, the seed of the first weights and of the pictures, how many
 *   pictures, whether they are mirrored and shifted, the learning rate, and pictures a step */
/** @typedef {{loss: number, wrong: number}} Score mean cross-entropy, and share of wrong answers */
/** @typedef {{item: number, kind: number, said: number, share: number}} Answer the picture and its
 *   kind, and the kind that it is taken for, with how much of the probability */
/** @typedef {{count: number, kinds: number, at: (item: number) => Uint8Array, kind: (item: number) => number}}
 *   Source pictures of some kinds, their levels (3, 28, 28) */

export const TESTED = 500; // pictures of a test
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

/** Drawn pictures of a stream, each made when it is first asked for. */
export class Stream {
  kinds = KINDS.length;

  /** @param {number} seed @param {number} count */
  constructor(seed, count) {
    this.seed = seed;
    this.count = count;
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

  /** @param {number} item */
  kind(item) {
    return item % KINDS.length;
  }
}

/** Pictures of the reader's own. @param {number} kinds @param {Uint8Array} levels
 * @param {number[]} which the kind of each @returns {Source} */
export const given = (kinds, levels, which) => ({
  kinds,
  count: which.length,
  at: (item) => levels.subarray(item * LEVELS, (item + 1) * LEVELS),
  kind: (item) => which[item],
});

/** What a step learns from: pictures of a source, chosen by the seed and the step.
 * @param {Source} source @param {Settings} settings @param {number} step
 * @param {number} [units] that dropout chooses from @returns {import("./steps.js").Batch} */
export function batchOf(source, { seed, vary, batch }, step, units = 0) {
  const value = uniform(seed, BATCHES + step);
  const x = new Float32Array(batch * LEVELS);
  const y = new Float32Array(batch * CLASSES);
  const other = new Uint8Array(LEVELS);
  const places = 2 * SHIFT + 1;
  for (let i = 0; i < batch; i += 1) {
    const item = Math.floor(value(i) * source.count);
    let levels = source.at(item);
    if (vary) {
      const [right, down] = [2, 3].map((k) => Math.floor(value(k * batch + i) * places) - SHIFT);
      moved(levels, other, value(batch + i) < 0.5, right, down);
      levels = other;
    }
    normalise(levels, x.subarray(i * LEVELS, (i + 1) * LEVELS));
    y[i * CLASSES + source.kind(item)] = 1;
  }
  if (!units) return { x, y };
  return { x, y, mask: Float32Array.from({ length: batch * units }, (_, i) => Number(value(4 * batch + i) >= 0.5)) };
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

const tests = new Stream(TEST_SEED, TESTED);

export class Learner {
  /** @type {Settings} */
  settings = { network: "", seed: 0, count: 0, vary: false, rate: 0, batch: 0 };
  steps = 0;
  /** @type {Source} */
  tests = tests;
  /** @type {Source} */
  #pictures = new Stream(0, 0);

  /** @param {Steps} training @param {Session} network @param {Uint8Array} file of the network */
  constructor(training, network, file) {
    this.file = file;
    this.training = training;
    this.network = network;
    this.weights = network.inputNames.slice(1);
    this.filters = this.weights[0];
  }

  /** @param {Place} place @param {{step: Uint8Array, forward: Uint8Array}} files
   * @returns {Promise<Learner>} */
  static async start(place, { step, forward }) {
    const ort = await runtime(place);
    const training = await Steps.start(place, step);
    const network = await ort.InferenceSession.create(forward, { executionProviders: [place.kind] });
    return new Learner(training, network, forward);
  }

  /** The weights and biases by name, as the network takes them. */
  get learned() {
    return Object.fromEntries(this.weights.map((name) => [name, this.training.state[name]]));
  }

  /** Forget everything, and begin with the weights of a seed. @param {Settings} settings
   * @param {{pictures: Source, tests: Source}} [own] pictures in the place of drawn ones */
  begin(settings, own) {
    if (own) [this.#pictures, this.tests] = [own.pictures, own.tests];
    else if (settings.seed !== this.settings.seed || settings.count !== this.settings.count) {
      this.#pictures = new Stream(settings.seed, settings.count);
    }
    this.settings = settings;
    this.steps = 0;
    this.training.begin(settings.seed);
  }

  /** One step of learning. @returns {Promise<Score>} before the step, on its own batch */
  async step() {
    const batch = batchOf(this.#pictures, this.settings, this.steps, this.training.units);
    const { loss, right } = await this.training.run(batch, this.settings.rate);
    this.steps += 1;
    return { loss, wrong: 1 - right / this.settings.batch };
  }

  /** What the network makes of pictures. @param {Uint8Array[]} pictures their levels
   * @param {string[]} names of its outputs
   * @returns {Promise<Record<string, {data: Float32Array, dims: readonly number[]}>>} */
  async look(pictures, names) {
    const { Tensor } = this.training.ort;
    const x = new Float32Array(pictures.length * LEVELS);
    pictures.forEach((levels, i) => normalise(levels, x.subarray(i * LEVELS, (i + 1) * LEVELS)));
    const found = await this.network.run({ x: new Tensor("float32", x, [pictures.length, 3, SIDE, SIDE]), ...this.learned }, names);
    return /** @type {any} */ (found);
  }

  /** The probabilities of the kinds that are learned, for each picture.
   * @param {Uint8Array[]} pictures @returns {Promise<Float32Array[]>} */
  async shares(pictures) {
    const { logits } = await this.look(pictures, ["logits"]);
    return pictures.map((_, i) => {
      const shares = logits.data.slice(i * CLASSES, i * CLASSES + this.tests.kinds);
      softmax(shares);
      return shares;
    });
  }

  /** The answers to test pictures. @param {number[]} items @returns {Promise<{answers: Answer[],
   *   loss: number}>} the sum of the losses */
  async answers(items) {
    const shares = await this.shares(items.map((item) => this.tests.at(item)));
    let loss = 0;
    const answers = items.map((item, i) => {
      const kind = this.tests.kind(item);
      loss -= Math.log(Math.max(shares[i][kind], 1e-30));
      const said = shares[i].indexOf(Math.max(...shares[i]));
      return { item, kind, said, share: shares[i][said] };
    });
    return { answers, loss };
  }

  /** The score on all test pictures, and the mistakes, the surest first.
   * @returns {Promise<Score & {mistakes: Answer[]}>} */
  async test() {
    const { count } = this.tests;
    const mistakes = [];
    let loss = 0;
    for (let at = 0; at < count; at += AT_ONCE) {
      const items = Array.from({ length: Math.min(AT_ONCE, count - at) }, (_, i) => at + i);
      const found = await this.answers(items);
      loss += found.loss;
      mistakes.push(...found.answers.filter(({ kind, said }) => said !== kind));
    }
    mistakes.sort((a, b) => b.share - a.share);
    return { loss: loss / count, wrong: mistakes.length / count, mistakes };
  }

  /** The network with what it has learned, as an ONNX file. */
  saved() {
    return withWeights(this.file, /** @type {any} */ (this.learned));
  }

  async release() {
    await this.training.release();
    await this.network.release();
  }
}

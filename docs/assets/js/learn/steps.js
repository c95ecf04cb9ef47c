/**
 * The exported training step (`python -m model_export --learn`) on ONNX Runtime Web: its weights and
 * momenta go in and come out, and are fed back from step to step.
 */

import { runtime } from "../live/engine.js";
import { weights } from "./random.js";

/** @typedef {import("onnxruntime-common").InferenceSession} Session */
/** @typedef {import("onnxruntime-common").Tensor} Tensor */
/** @typedef {import("../live/engine.js").Place} Place */
/** @typedef {{x: Float32Array, y: Float32Array, mask?: Float32Array}} Batch pictures, their classes
 *   one-hot, and for a network with dropout which units take part */
/** @typedef {{loss: number, right: number}} Outcome of a batch, before the step: mean cross-entropy,
 *   and how many answers are right */

export const MOMENTUM = 0.9;
export const CLASSES = 10; // of every network

export class Steps {
  /** @type {Record<string, Tensor>} weights and momenta */
  state = {};

  /** @param {typeof import("onnxruntime-common")} ort @param {Session} session */
  constructor(ort, session) {
    this.ort = ort;
    this.session = session;
    this.units = this.#shapes.mask?.[1] ?? 0; // that dropout chooses from
    this.side = Number(this.#shapes.x[2]);
  }

  /** On a graphics card the weights stay there. @param {Place} place @param {Uint8Array} file
   * @param {number} [batch] the size of every batch, where it is known: then all of the step is
   * computed in one place @returns {Promise<Steps>} */
  static async start(place, file, batch) {
    const ort = await runtime(place);
    const options = { executionProviders: [place.kind], ...(batch && { freeDimensionOverrides: { batch } }) };
    let session = await ort.InferenceSession.create(file, options);
    if (place.kind === "webgpu") {
      const kept = session.outputNames.filter((name) => name.startsWith("new_"));
      await session.release();
      const preferredOutputLocation = Object.fromEntries(kept.map((name) => [name, /** @type {const} */ ("gpu-buffer")]));
      session = await ort.InferenceSession.create(file, { ...options, preferredOutputLocation });
    }
    return new Steps(ort, session);
  }

  /** @returns {Record<string, any[]>} of the inputs, by name */
  get #shapes() {
    return Object.fromEntries(this.session.inputMetadata.map((/** @type {any} */ one) => [one.name, one.shape]));
  }

  /** Begin with the weights of a seed. @param {number} seed */
  begin(seed) {
    this.#forget(this.state);
    this.state = {};
    for (const [name, dims] of Object.entries(this.#shapes)) {
      if (!/^(m_)?[wb]\d+$/.test(name)) continue;
      const values = name.startsWith("w") ? weights(dims, seed, Number(name.slice(1)) - 1) : new Float32Array(dims.reduce((a, b) => a * b, 1));
      this.state[name] = new this.ort.Tensor("float32", values, dims);
    }
  }

  /** One step of learning. @param {Batch} batch @param {number} rate @returns {Promise<Outcome>} */
  async run({ x, y, mask }, rate) {
    const { Tensor } = this.ort;
    const count = y.length / CLASSES;
    const number = (/** @type {number} */ value) => new Tensor("float32", [value], []);
    const { loss, right, ...next } = await this.session.run({
      x: new Tensor("float32", x, [count, 3, this.side, this.side]),
      y: new Tensor("float32", y, [count, CLASSES]),
      ...(mask && { mask: new Tensor("float32", mask, [count, this.units]) }),
      rate: number(rate),
      momentum: number(MOMENTUM),
      ...this.state,
    });
    this.#forget(this.state);
    for (const name of Object.keys(this.state)) this.state[name] = next[`new_${name}`];
    return { loss: Number(loss.data[0]), right: Number(right.data[0]) };
  }

  /** @param {Record<string, Tensor>} state on a graphics card nothing else frees it */
  #forget(state) {
    for (const tensor of Object.values(state)) if (tensor.location === "gpu-buffer") tensor.dispose();
  }

  async release() {
    this.#forget(this.state);
    this.state = {};
    await this.session.release();
  }
}

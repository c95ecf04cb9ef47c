/**
 * The training step of the network "shapes" in plain JavaScript, a number at a time: what the race
 * sets beside the same step on vectors of the processor and on the graphics card.
 */

import { weights } from "./random.js";
import { CLASSES, MOMENTUM } from "./steps.js";

/** @typedef {{inputs: number, outputs: number, side: number}} Layer a convolution's maps, and their
 *   side before the pool halves it */

const [SIZE, PAD, DECAY] = [5, 2, 5e-4];
/** @type {Layer[]} */
const CONVOLUTIONS = [
  { inputs: 3, outputs: 16, side: 28 },
  { inputs: 16, outputs: 32, side: 14 },
];
const FLAT = 32 * 7 * 7;
const SHAPES = [...CONVOLUTIONS.map(({ inputs, outputs }) => [outputs, inputs, SIZE, SIZE]), [CLASSES, FLAT]];

/** Call `work` for every weight of a kernel, with where it is and the part of the map that it
 * reaches: rows and columns of the output, and how far the input lies behind them.
 * @param {Layer} layer
 * @param {(weight: number, from: number, to: number, rows: number[], columns: number[], behind: number) => void} work */
function eachWeight({ inputs, outputs, side }, work) {
  const plane = side * side;
  for (let o = 0, weight = 0; o < outputs; o += 1) {
    for (let i = 0; i < inputs; i += 1) {
      for (let ky = -PAD; ky <= PAD; ky += 1) {
        for (let kx = -PAD; kx <= PAD; kx += 1, weight += 1) {
          const rows = [Math.max(0, -ky), Math.min(side, side - ky)];
          const columns = [Math.max(0, -kx), Math.min(side, side - kx)];
          work(weight, i * plane, o * plane, rows, columns, ky * side + kx);
        }
      }
    }
  }
}

/** @param {Layer} layer @param {Float32Array} x @param {Float32Array} w @param {Float32Array} b
 * @param {Float32Array} y the maps, written */
function convolve(layer, x, w, b, y) {
  const { side, outputs } = layer;
  for (let o = 0; o < outputs; o += 1) y.fill(b[o], o * side * side, (o + 1) * side * side);
  eachWeight(layer, (weight, from, to, [top, bottom], [left, right], behind) => {
    const by = w[weight];
    for (let row = top; row < bottom; row += 1) {
      const end = row * side + right;
      for (let at = row * side + left; at < end; at += 1) y[to + at] += by * x[from + at + behind];
    }
  });
}

/** The gradients of weights and biases, added, and that of the input if it is wanted.
 * @param {Layer} layer @param {Float32Array} x @param {Float32Array} w @param {Float32Array} g of the
 * maps @param {Float32Array} gw @param {Float32Array} gb @param {Float32Array} [gx] */
function back(layer, x, w, g, gw, gb, gx) {
  const { side, outputs } = layer;
  for (let o = 0; o < outputs; o += 1) {
    let sum = 0;
    for (let at = o * side * side; at < (o + 1) * side * side; at += 1) sum += g[at];
    gb[o] += sum;
  }
  eachWeight(layer, (weight, from, to, [top, bottom], [left, right], behind) => {
    let sum = 0;
    for (let row = top; row < bottom; row += 1) {
      const end = row * side + right;
      for (let at = row * side + left; at < end; at += 1) sum += g[to + at] * x[from + at + behind];
    }
    gw[weight] += sum;
  });
  if (!gx) return;
  gx.fill(0);
  eachWeight(layer, (weight, from, to, [top, bottom], [left, right], behind) => {
    const by = w[weight];
    for (let row = top; row < bottom; row += 1) {
      const end = row * side + right;
      for (let at = row * side + left; at < end; at += 1) gx[from + at + behind] += by * g[to + at];
    }
  });
}

/** ReLU, and the largest of each window of 2x2. @param {Layer} layer @param {Float32Array} y
 * @param {Float32Array} p written @param {Int32Array} where each was, written; -1 where all are 0 */
function reluAndPool({ outputs, side }, y, p, where) {
  const half = side / 2;
  for (let o = 0, at = 0; o < outputs; o += 1) {
    for (let row = 0; row < half; row += 1) {
      for (let column = 0; column < half; column += 1, at += 1) {
        const corner = (o * side + 2 * row) * side + 2 * column;
        [p[at], where[at]] = [0, -1];
        for (const place of [corner, corner + 1, corner + side, corner + side + 1]) {
          if (y[place] > p[at]) [p[at], where[at]] = [y[place], place];
        }
      }
    }
  }
}

/** The way back through both. @param {Float32Array} g @param {Int32Array} where
 * @param {Float32Array} to written */
function unpool(g, where, to) {
  to.fill(0);
  for (let at = 0; at < g.length; at += 1) if (where[at] >= 0) to[where[at]] = g[at];
}

/** As `Steps`, without an engine. */
export class PlainSteps {
  /** @type {Record<string, Float32Array>} weights and biases */
  state = {};
  /** @type {Record<string, Float32Array>} */
  momenta = {};

  /** @param {number} seed */
  begin(seed) {
    SHAPES.forEach((dims, layer) => {
      this.state[`w${layer + 1}`] = weights(dims, seed, layer);
      this.state[`b${layer + 1}`] = new Float32Array(dims[0]);
    });
    this.momenta = Object.fromEntries(Object.entries(this.state).map(([name, { length }]) => [name, new Float32Array(length)]));
  }

  /** @param {import("./steps.js").Batch} batch @param {number} rate
   * @returns {Promise<import("./steps.js").Outcome>} */
  async run({ x, y }, rate) {
    const count = y.length / CLASSES;
    const { w1, b1, w2, b2, w3, b3 } = this.state;
    const g = Object.fromEntries(Object.entries(this.state).map(([name, { length }]) => [name, new Float32Array(length)]));
    const [first, second] = CONVOLUTIONS;
    const made = (/** @type {number} */ length) => new Float32Array(length);
    const [y1, y2] = CONVOLUTIONS.map(({ outputs, side }) => made(outputs * side * side));
    const [p1, p2, g1, g2] = [made(y1.length / 4), made(FLAT), made(y1.length / 4), made(FLAT)];
    const [where1, where2] = [new Int32Array(p1.length), new Int32Array(FLAT)];
    const [d1, d2] = [made(y1.length), made(y2.length)];
    const picture = 3 * first.side * first.side;
    let [loss, right] = [0, 0];
    for (let n = 0; n < count; n += 1) {
      const own = x.subarray(n * picture, (n + 1) * picture);
      convolve(first, own, w1, b1, y1);
      reluAndPool(first, y1, p1, where1);
      convolve(second, p1, w2, b2, y2);
      reluAndPool(second, y2, p2, where2);
      const logits = Array.from(b3, (bias, k) => {
        let sum = bias;
        for (let i = 0; i < FLAT; i += 1) sum += w3[k * FLAT + i] * p2[i];
        return sum;
      });
      const most = Math.max(...logits);
      const total = logits.reduce((sum, value) => sum + Math.exp(value - most), 0);
      const truth = y.subarray(n * CLASSES, (n + 1) * CLASSES).indexOf(1);
      loss += Math.log(total) + most - logits[truth];
      if (logits.indexOf(most) === truth) right += 1;
      g2.fill(0);
      for (let k = 0; k < CLASSES; k += 1) {
        const slope = (Math.exp(logits[k] - most) / total - Number(k === truth)) / count;
        g.b3[k] += slope;
        for (let i = 0; i < FLAT; i += 1) {
          g.w3[k * FLAT + i] += slope * p2[i];
          g2[i] += slope * w3[k * FLAT + i];
        }
      }
      unpool(g2, where2, d2);
      back(second, p1, w2, d2, g.w2, g.b2, g1);
      unpool(g1, where1, d1);
      back(first, own, w1, d1, g.w1, g.b1);
    }
    for (const [name, values] of Object.entries(this.state)) {
      const decay = name.startsWith("w") ? DECAY : 0;
      const momentum = this.momenta[name];
      for (let i = 0; i < values.length; i += 1) {
        momentum[i] = MOMENTUM * momentum[i] - rate * (g[name][i] + decay * values[i]);
        values[i] += momentum[i];
      }
    }
    return { loss: loss / count, right };
  }

  async release() {}
}

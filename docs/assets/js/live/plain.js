/**
 * The network without the engine: the steps of the file in plain JavaScript, some ten times slower.
 * It answers while the engine is still on its way, and where a browser has no WebAssembly. One
 * picture at a time.
 */

import { Engine } from "./engine.js";
import { read, silenced } from "./onnx.js";
import { normalise } from "./picture.js";

/** @typedef {import("./onnx.js").Graph} Graph */
/** @typedef {import("./onnx.js").Step} Step */
/** @typedef {{data: Float32Array, dims: number[]}} Value */
/** @typedef {{bytes: Uint8Array, graph: Graph, fixed: Map<string, Value>}} Network */

const KINDS = { float32: 1, int8: 3, int64: 7, int4: 22 }; // of onnx.proto
const size = (/** @type {number[]} */ dims) => dims.reduce((a, b) => a * b, 1);

/** What a file's tensor holds, as float32. @param {Uint8Array} bytes
 * @param {import("./onnx.js").Weights} weights @returns {Value} */
function tensor(bytes, { kind, dims, at, length }) {
  const raw = bytes.slice(at, at + length).buffer;
  if (kind === KINDS.float32) return { data: new Float32Array(raw), dims };
  if (kind === KINDS.int8) return { data: Float32Array.from(new Int8Array(raw)), dims };
  if (kind === KINDS.int64) return { data: Float32Array.from(new BigInt64Array(raw), Number), dims };
  if (kind !== KINDS.int4) throw new Error(`tensor of kind ${kind}`);
  const pairs = new Int8Array(raw);
  const data = new Float32Array(size(dims));
  for (let i = 0; i < data.length; i += 1) data[i] = i % 2 ? pairs[i >> 1] >> 4 : (pairs[i >> 1] << 28) >> 28;
  return { data, dims };
}

/** Values times their scales: one for each first index, or for each block of a row.
 * @param {Value} values @param {Value} scale */
function unpacked({ data, dims }, scale) {
  const each = data.length / scale.data.length;
  return { data: data.map((value, i) => value * scale.data[Math.floor(i / each)]), dims };
}

/** All windows of some maps as the columns of a matrix. @param {Float32Array} from (maps, high, wide)
 * @param {number} maps @param {number} high @param {number} wide @param {Window} window */
function columns(from, maps, high, wide, { kernel: [tall, broad], strides: [down, across], pads: [top, left], out: [rows, row] }) {
  const to = new Float32Array(maps * tall * broad * rows * row);
  let at = 0;
  for (let map = 0; map < maps; map += 1) {
    for (let k = 0; k < tall * broad; k += 1) {
      const [y0, x0] = [Math.floor(k / broad) - top, (k % broad) - left];
      for (let r = 0; r < rows; r += 1) {
        const y = y0 + r * down;
        for (let c = 0; c < row; c += 1, at += 1) {
          const x = x0 + c * across;
          if (y >= 0 && y < high && x >= 0 && x < wide) to[at] = from[(map * high + y) * wide + x];
        }
      }
    }
  }
  return to;
}

/** @typedef {{kernel: number[], strides: number[], pads: number[], out: number[]}} Window */

/** @param {Step["ints"]} ints @param {number} high @param {number} wide @returns {Window} */
function windowOf({ kernel_shape: kernel, strides = [1, 1], pads = [0, 0, 0, 0] }, high, wide) {
  const out = [high, wide].map((side, i) => Math.floor((side + pads[i] + pads[i + 2] - kernel[i]) / strides[i]) + 1);
  return { kernel, strides, pads, out };
}

/** Add a row of weights times a matrix, four of its rows at once: most of the time is spent here.
 * @param {Float32Array} sums @param {Float32Array} row @param {Float32Array} matrix */
function addUp(sums, row, matrix) {
  const places = sums.length;
  let k = 0;
  for (; k + 3 < row.length; k += 4) {
    const [a, b, c, d] = [row[k], row[k + 1], row[k + 2], row[k + 3]];
    const first = k * places;
    for (let p = 0, at = first; p < places; p += 1, at += 1) {
      sums[p] += a * matrix[at] + b * matrix[at + places] + c * matrix[at + 2 * places] + d * matrix[at + 3 * places];
    }
  }
  for (; k < row.length; k += 1) {
    for (let p = 0, at = k * places; p < places; p += 1, at += 1) sums[p] += row[k] * matrix[at];
  }
}

/** @param {Value} input @param {Value} weight @param {Value} bias @param {Step["ints"]} ints @returns {Value} */
function convolved({ data, dims: [, maps, high, wide] }, weight, bias, ints) {
  const window = windowOf(ints, high, wide);
  const [groups] = ints.group ?? [1];
  const [count, own] = weight.dims;
  const places = size(window.out);
  const inner = own * size(window.kernel);
  const to = new Float32Array(count * places);
  for (let group = 0; group < groups; group += 1) {
    const from = data.subarray((group * maps * high * wide) / groups, ((group + 1) * maps * high * wide) / groups);
    const matrix = columns(from, own, high, wide, window);
    for (let unit = (group * count) / groups; unit < ((group + 1) * count) / groups; unit += 1) {
      const sums = to.subarray(unit * places, (unit + 1) * places).fill(bias.data[unit]);
      addUp(sums, weight.data.subarray(unit * inner, (unit + 1) * inner), matrix);
    }
  }
  return { data: to, dims: [1, count, ...window.out] };
}

/** @param {Value} input @param {Step["ints"]} ints @param {boolean} most the largest, or the mean
 * @returns {Value} */
function pooled({ data, dims: [, maps, high, wide] }, ints, most) {
  const window = windowOf(ints, high, wide);
  const places = size(window.out);
  const each = size(window.kernel);
  const to = new Float32Array(maps * places);
  for (let map = 0; map < maps; map += 1) {
    const matrix = columns(data.subarray(map * high * wide, (map + 1) * high * wide), 1, high, wide, window);
    for (let p = 0; p < places; p += 1) {
      let found = most ? -Infinity : 0;
      for (let k = 0; k < each; k += 1) found = most ? Math.max(found, matrix[k * places + p]) : found + matrix[k * places + p] / each;
      to[map * places + p] = found;
    }
  }
  return { data: to, dims: [1, maps, ...window.out] };
}

/** @param {Value} input a row @param {Value} weight (units, length) @param {Value} bias @returns {Value} */
function full({ data }, weight, bias) {
  const to = bias.data.map((sum, unit) => {
    for (let i = 0, at = unit * data.length; i < data.length; i += 1, at += 1) sum += data[i] * weight.data[at];
    return sum;
  });
  return { data: to, dims: [1, to.length] };
}

/** @param {(a: number, b: number) => number} what @returns {(a: Value, b: Value) => Value} */
const both = (what) => (a, b) => ({
  data: a.data.map((value, i) => what(value, b.data[b.data.length === 1 ? 0 : i])),
  dims: a.dims,
});
/** @param {(a: number) => number} what @returns {(a: Value) => Value} */
const one = (what) => ({ data, dims }) => ({ data: data.map(what), dims });

/** @type {Record<string, (inputs: Value[], ints: Step["ints"]) => Value>} */
const STEPS = {
  Add: ([a, b]) => both((x, y) => x + y)(a, b),
  AveragePool: ([a], ints) => pooled(a, ints, false),
  Conv: ([a, weight, bias], ints) => convolved(a, weight, bias, ints),
  DequantizeLinear: ([a, scale]) => unpacked(a, scale),
  Gemm: ([a, weight, bias]) => full(a, weight, bias),
  Identity: ([a]) => a,
  MaxPool: ([a], ints) => pooled(a, ints, true),
  Mul: ([a, b]) => both((x, y) => x * y)(a, b),
  Reciprocal: ([a]) => one((x) => 1 / x)(a),
  Relu: ([a]) => one((x) => Math.max(0, x))(a),
  Reshape: ([{ data }, shape]) => ({ data, dims: Array.from(shape.data, (n) => (n < 0 ? 1 : n)) }),
  Sqrt: ([a]) => one(Math.sqrt)(a),
};

export class Plain extends Engine {
  /** @type {Map<number, Network>} by the tower that is silent; 0 for none */
  #networks = new Map();

  /** @param {Uint8Array} bytes @param {import("./picture.js").Rule} rule @param {string} output */
  constructor(bytes, rule, output) {
    super(undefined, bytes, rule, output, "plain");
  }

  /** Whether every step of the network is one that is known here. */
  get can() {
    return this.graph.steps.every(({ op }) => op in STEPS);
  }

  get outputNames() {
    return this.graph.outputs;
  }

  async release() {
    this.#networks.clear();
  }

  /** @param {number} silent @returns {Network} */
  #network(silent) {
    let network = this.#networks.get(silent);
    if (!network) {
      const bytes = silent ? silenced(this.bytes, this.graph, silent) : this.bytes;
      network = { bytes, graph: read(bytes), fixed: new Map() };
      this.#networks.set(silent, network);
    }
    return network;
  }

  /** As `Engine.outputs`. @param {import("./picture.js").Pixels} pixels @param {string[]} names
   * @param {number} [silent] */
  async outputs(pixels, names, silent = 0) {
    const { bytes, graph, fixed } = this.#network(silent);
    const { size: side, name } = this.rule;
    const image = { data: normalise(pixels.data, this.rule), dims: [1, 3, side, side] };
    const makers = new Map(graph.steps.map((step) => [step.output, step]));
    const found = new Map([[name, image]]);
    /** @param {string} key @returns {Value} */
    const value = (key) => {
      const known = found.get(key) ?? fixed.get(key);
      if (known) return known;
      const weights = graph.weights.get(key);
      const step = /** @type {Step} */ (makers.get(key));
      const made = weights ? tensor(bytes, weights) : STEPS[step.op](step.inputs.map(value), step.ints);
      const stays = weights || step.op === "DequantizeLinear";
      (stays ? fixed : found).set(key, made);
      return made;
    };
    return Object.fromEntries(names.map((key) => [key, { ...value(key) }]));
  }
}

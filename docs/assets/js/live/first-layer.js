/** The arithmetic of the first convolution, one output at a time. */

import { normalise } from "./picture.js";

/** @typedef {import("./picture.js").Pixels} Pixels */

/** One output of the first convolution: window times filter, summed, plus bias.
 * @param {import("./engine.js").Engine} engine @param {Pixels} pixels what the network sees
 * @param {{data: Float32Array, dims: readonly number[]}} filters (filters, 3, side, side)
 * @param {{filter: number, x: number, y: number}} at the filter, and the output's place, from 0
 * @returns {import("./arithmetic.js").Worked} */
export function workedOut(engine, pixels, filters, { filter, x, y }) {
  const [count, channels, side] = filters.dims;
  const { size } = engine.rule;
  const { inputs, ints } = /** @type {import("./onnx.js").Step} */ (
    engine.graph.steps.find(({ op }) => op === "Conv")
  );
  const [stride, pad] = [ints.strides?.[0] ?? 1, ints.pads?.[0] ?? 0];
  const input = normalise(pixels.data, engine.rule);
  const plane = side * side;
  const window = new Uint8ClampedArray(plane * 4).fill(255);
  const weights = filters.data.subarray(filter * channels * plane, (filter + 1) * channels * plane);
  const largest = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 1e-9);
  const shown = new Uint8ClampedArray(plane * 4).fill(255);
  const sums = new Float32Array(plane);
  for (let i = 0; i < plane; i += 1) {
    const u = x * stride - pad + (i % side);
    const v = y * stride - pad + Math.floor(i / side);
    const inside = u >= 0 && v >= 0 && u < size && v < size;
    for (let c = 0; c < channels; c += 1) {
      const weight = weights[c * plane + i];
      const colour = engine.rule.channels === "BGR" ? 2 - c : c;
      shown[i * 4 + colour] = 127.5 + (127.5 * weight) / largest;
      window[i * 4 + colour] = inside ? pixels.data[(v * size + u) * 3 + colour] : 128;
      if (inside) sums[i] += weight * input[c * size * size + v * size + u];
    }
  }
  const most = sums.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-9);
  const products = new Uint8ClampedArray(plane * 4);
  sums.forEach((value, i) => products.set([...(value > 0 ? [207, 74, 10] : [10, 86, 137]), (255 * Math.abs(value)) / most], i * 4));
  const stored = engine.graph.weights.get(inputs[2]);
  const raw = stored && new DataView(engine.bytes.buffer, engine.bytes.byteOffset + stored.at, stored.length);
  return {
    window,
    filter: shown,
    products,
    side,
    sum: sums.reduce((a, b) => a + b, 0),
    bias: raw ? raw.getFloat32(4 * filter, true) : 0,
    count: channels * plane,
    filters: count,
    steps: Math.floor((size + 2 * pad - side) / stride) + 1,
    at: [x * stride - pad, y * stride - pad],
    size,
  };
}

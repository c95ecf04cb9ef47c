/**
 * The network that was learned as an ONNX file of its own: the file of the network without weights,
 * whose inputs for weights give way to the weights. The format is that of `live/onnx.js`.
 */

import { fields } from "../live/onnx.js";

const [GRAPH, INITIALISER, INPUT] = [7, 5, 11]; // as in onnx.proto

/** @param {number} value @returns {number[]} */
function varint(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return [...bytes, value];
}

/** @param {Uint8Array[]} parts */
function joined(parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A field that holds bytes. @param {number} field @param {Uint8Array} content */
const field = (field, content) => joined([Uint8Array.from([...varint(field * 8 + 2), ...varint(content.length)]), content]);

/** @param {string} name @param {readonly number[]} dims @param {Float32Array} data */
function tensor(name, dims, data) {
  const [FLOAT, DIMS, TYPE, NAME, RAW] = [1, 1, 2, 8, 9]; // as in onnx.proto
  const sizes = dims.flatMap((size) => [DIMS * 8, ...varint(size)]);
  const head = Uint8Array.from([...sizes, TYPE * 8, FLOAT]);
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return joined([head, field(NAME, new TextEncoder().encode(name)), field(RAW, raw)]);
}

/** A message without some of its fields, or with others in their place. @param {Uint8Array} bytes
 * @param {(number: number, content: Uint8Array) => Uint8Array|undefined} change of a field that holds
 * bytes; undefined drops it */
function changed(bytes, change) {
  const parts = [];
  for (const one of fields(bytes, 0, bytes.length)) {
    if (one.kind === 0) {
      parts.push(Uint8Array.from([...varint(one.field * 8), ...varint(one.value)]));
      continue;
    }
    const content = change(one.field, bytes.subarray(one.from, one.to));
    if (content) parts.push(field(one.field, content));
  }
  return joined(parts);
}

/** @param {Uint8Array} input of a graph */
function nameOf(input) {
  const [first] = fields(input, 0, input.length);
  return new TextDecoder().decode(input.subarray(first.from, first.to));
}

/** @param {Uint8Array} forward the network's file, which takes its weights as inputs
 * @param {Record<string, {dims: readonly number[], data: Float32Array}>} learned
 * @returns {Uint8Array} the file with its weights inside */
export function withWeights(forward, learned) {
  const weights = Object.entries(learned).map(([name, { dims, data }]) => field(INITIALISER, tensor(name, dims, data)));
  const withoutInputs = (/** @type {Uint8Array} */ graph) => changed(graph, (number, content) => (number === INPUT && nameOf(content) in learned ? undefined : content));
  return changed(forward, (number, content) => (number === GRAPH ? joined([withoutInputs(content), ...weights]) : content));
}

/**
 * The network that was learned as an ONNX file of its own. Two messages of Protocol Buffers one after
 * the other are one message, so the weights are added behind the file of the network without weights:
 * its inputs for weights then have values, and nobody has to give them.
 */

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

/** @param {Uint8Array} forward the network's file, which takes its weights as inputs
 * @param {Record<string, {dims: readonly number[], data: Float32Array}>} learned
 * @returns {Uint8Array} the file with its weights inside */
export function withWeights(forward, learned) {
  const [GRAPH, INITIALISER] = [7, 5];
  const weights = Object.entries(learned).map(([name, { dims, data }]) => field(INITIALISER, tensor(name, dims, data)));
  return joined([forward, field(GRAPH, joined(weights))]);
}

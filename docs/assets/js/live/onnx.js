/**
 * Just enough of the ONNX format to look into a network's file: its weights and its steps. With
 * it the page makes a copy of the file in which one of the two towers of 2012 is silent.
 *
 * The format is Protocol Buffers: fields of a number, a kind (0: a number, 2: bytes) and a
 * content. Numbers of the fields are those of onnx.proto.
 */

/** @typedef {{kind: number, dims: number[], at: number, length: number}} Weights where the raw bytes lie */
/** @typedef {{op: string, inputs: string[], output: string, ints: Record<string, number[]>}} Step */
/** @typedef {{weights: Map<string, Weights>, steps: Step[], outputs: string[]}} Graph */

/** The fields of one message. @param {Uint8Array} bytes @param {number} at @param {number} end
 * @returns {Generator<{field: number, kind: number, value: number, from: number, to: number}>} */
export function* fields(bytes, at, end) {
  const number = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < end) {
    const key = number();
    const field = Math.floor(key / 8);
    const kind = key % 8;
    if (kind === 0) yield { field, kind, value: number(), from: at, to: at };
    else if (kind === 2) {
      const length = number();
      yield { field, kind, value: 0, from: at, to: at + length };
      at += length;
    } else at += kind === 5 ? 4 : 8;
  }
}

/** A list of numbers, packed or one by one. @param {Uint8Array} bytes
 * @param {{value: number, from: number, to: number}} one */
function numbers(bytes, one) {
  if (one.from === one.to) return [one.value];
  const all = [];
  for (let at = one.from, value = 0, scale = 1; at < one.to; at += 1) {
    value += (bytes[at] & 127) * scale;
    scale *= 128;
    if (bytes[at] < 128) {
      all.push(value);
      [value, scale] = [0, 1];
    }
  }
  return all;
}

/** @param {Uint8Array} bytes of an ONNX file with its weights inside @returns {Graph} */
export function read(bytes) {
  const words = new TextDecoder();
  const text = (/** @type {{from: number, to: number}} */ f) => words.decode(bytes.subarray(f.from, f.to));
  /** @type {Graph} */
  const graph = { weights: new Map(), steps: [], outputs: [] };
  for (const model of fields(bytes, 0, bytes.length)) {
    if (model.field !== 7) continue; // the graph
    for (const part of fields(bytes, model.from, model.to)) {
      if (part.field === 1) {
        /** @type {Step} */
        const step = { op: "", inputs: [], output: "", ints: {} };
        for (const f of fields(bytes, part.from, part.to)) {
          if (f.field === 1) step.inputs.push(text(f));
          if (f.field === 2) step.output = text(f);
          if (f.field === 4) step.op = text(f);
          if (f.field === 5) {
            let name = "";
            const ints = [];
            for (const g of fields(bytes, f.from, f.to)) {
              if (g.field === 1) name = text(g);
              if (g.field === 3) ints.push(g.value);
              if (g.field === 8) ints.push(...numbers(bytes, g));
            }
            step.ints[name] = ints;
          }
        }
        graph.steps.push(step);
      }
      if (part.field === 5) {
        let name = "";
        const weights = { kind: 0, dims: /** @type {number[]} */ ([]), at: 0, length: 0 };
        for (const f of fields(bytes, part.from, part.to)) {
          if (f.field === 1) weights.dims.push(...numbers(bytes, f));
          if (f.field === 2) weights.kind = f.value;
          if (f.field === 8) name = text(f);
          if (f.field === 9) Object.assign(weights, { at: f.from, length: f.to - f.from });
        }
        graph.weights.set(name, weights);
      }
      if (part.field === 12) {
        for (const f of fields(bytes, part.from, part.to)) if (f.field === 1) graph.outputs.push(text(f));
      }
    }
  }
  return graph;
}

/** Whether the file is of the network in two towers: its second convolution is in two groups.
 * @param {Graph} graph */
export const inTowers = (graph) =>
  graph.steps.filter(({ op }) => op === "Conv")[1]?.ints.group?.[0] === 2;

/** A copy of the file in which one tower is silent: the scales (or the weights) and the biases of
 * its half of each convolution are zero, so that each of its maps is. @param {Uint8Array} bytes
 * @param {Graph} graph @param {number} tower 1 or 2 */
export function silenced(bytes, graph, tower) {
  const copy = bytes.slice();
  for (const { op, inputs } of graph.steps) {
    if (op !== "Conv") continue;
    const scale = graph.weights.get(`${inputs[1]}.scale`) ?? graph.weights.get(inputs[1]);
    for (const one of [scale, graph.weights.get(inputs[2])]) {
      if (!one?.length) throw new Error("a convolution's weights are not in the file");
      const half = one.length / 2;
      copy.fill(0, one.at + (tower - 1) * half, one.at + tower * half);
    }
  }
  return copy;
}

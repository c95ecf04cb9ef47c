import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { filterSheet, mapSheet, mostDifferent } from "../../../docs/assets/js/live/maps.js";
import { inTowers, read, silenced } from "../../../docs/assets/js/live/onnx.js";

const file = new URL("../../../docs/assets/models/alexnet64.onnx", import.meta.url);
const bytes = new Uint8Array(readFileSync(file));
const graph = read(bytes);

test("the committed file has five convolutions and three full layers, in two towers", () => {
  const ops = graph.steps.map(({ op }) => op);
  assert.equal(ops.filter((op) => op === "Conv").length, 5);
  assert.equal(ops.filter((op) => op === "Gemm").length, 3);
  assert.ok(inTowers(graph));
  assert.deepEqual(graph.weights.get("features.conv1.weight.values")?.dims, [96, 3, 11, 11]);
});

test("a silent tower has zeros for its scales and biases, and nothing else is touched", () => {
  const copy = silenced(bytes, graph, 2);
  assert.equal(copy.length, bytes.length);
  const floats = (name) => {
    const { at, length } = graph.weights.get(name);
    return [bytes, copy].map((from) => new Float32Array(from.slice(at, at + length).buffer));
  };
  for (let conv = 1; conv <= 5; conv += 1) {
    for (const part of ["weight.scale", "bias"]) {
      const [before, after] = floats(`features.conv${conv}.${part}`);
      const half = before.length / 2;
      assert.deepEqual(after.slice(0, half), before.slice(0, half));
      assert.ok(after.slice(half).every((value) => value === 0));
    }
  }
  const [before, after] = floats("classifier.fc8.bias");
  assert.deepEqual(after, before);
});

test("the strongest place of a map is white, nothing is black", () => {
  const values = Float32Array.from([0, 1, 0, 0, 0, 0, 4, 0]);
  const { sheet, strongest } = mapSheet(values, 2, 2);
  assert.deepEqual(strongest, [{ value: 1, at: 1 }, { value: 4, at: 2 }]);
  const level = (map, at) => sheet.data[((at >> 1) * sheet.width + map * 2 + (at & 1)) * 3];
  assert.deepEqual([level(0, 0), level(0, 1), level(1, 2)], [0, 128, 255]);
});

test("a filter's zero is middle grey; its channels keep their order", () => {
  const red = Float32Array.from([1, 0, -1]);
  assert.deepEqual([...filterSheet(red, 1, 1, false).sheet.data.slice(0, 3)], [255, 128, 0]);
  assert.deepEqual([...filterSheet(red, 1, 1, true).sheet.data.slice(0, 3)], [0, 128, 255]);
});

test("the most different map comes first", () => {
  const of = (...values) => values.map((value) => ({ value }));
  assert.deepEqual(mostDifferent(of(1, 5, 2), of(1, 1, 4), 2), [1, 2]);
});

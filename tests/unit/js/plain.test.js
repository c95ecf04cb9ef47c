import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Plain } from "../../../docs/assets/js/live/plain.js";

const MODELS = new URL("../../../docs/assets/models/", import.meta.url);
const json = (name) => JSON.parse(readFileSync(new URL(name, MODELS), "utf-8"));
const bytes = new Uint8Array(readFileSync(new URL("alexnet64.onnx", MODELS)));
const { input, output } = json("alexnet64.json");
const reference = json("alexnet64.reference.json");
const picture = { data: Uint8Array.from(reference.pixels), width: input.size, height: input.size };

test("plain arithmetic gives the answer of ONNX Runtime in Python", async () => {
  const plain = new Plain(bytes, input, output);
  assert.ok(plain.can);
  assert.ok((await plain.prove(reference)) < 1e-5);
});

test("a tower that is silent has maps of nothing but zeros, the other's stay", async () => {
  const plain = new Plain(bytes, input, output);
  const { conv2: whole } = await plain.outputs(picture, ["conv2"]);
  const { conv2: half } = await plain.outputs(picture, ["conv2"], 2);
  assert.deepEqual(half.dims, [1, 256, 15, 15]);
  const middle = half.data.length / 2;
  assert.ok(half.data.subarray(middle).every((value) => value === 0));
  assert.deepEqual(half.data.subarray(0, middle), whole.data.subarray(0, middle));
});

test("a network with an unknown step is left to the engine", () => {
  const other = bytes.slice();
  const at = Buffer.from(other).indexOf("Reciprocal");
  other[at] = "X".charCodeAt(0);
  assert.equal(new Plain(other, input, output).can, false);
});

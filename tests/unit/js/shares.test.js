import assert from "node:assert/strict";
import { test } from "node:test";

import { best, shares } from "../../../docs/assets/js/live/engine.js";

test("logits over the card's temperature become shares", () => {
  const logits = Float32Array.from([1, 3, 2]);
  const whole = Math.exp(2) + Math.exp(6) + Math.exp(4);
  [2, 6, 4].forEach((value, i) => {
    assert.ok(Math.abs(shares(logits, 0.5)[i] - Math.exp(value) / whole) < 1e-12);
  });
  assert.deepEqual(best(logits, 0.5, 2).map(({ index }) => index), [1, 2]);
  assert.equal(best(logits, 0.5)[0].share, shares(logits, 0.5)[1]);
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { figure, summary } from "../../../docs/assets/js/live/rates.js";
import { whereTo } from "../../../docs/assets/js/live/runner.js";

test("the middle of sorted times", () => {
  assert.deepEqual(summary([10, 20, 90]), { least: 10, median: 20, most: 90 });
});

test("small figures keep two digits, large ones lose their fraction", () => {
  assert.deepEqual([figure(1.234), figure(9.96), figure(1234.5)], ["1.2", "10", "1,235"]);
});

test("a page says where a picture goes", () => {
  assert.match(whereTo("127.0.0.1", "this computer's GPU"), /this computer's GPU, and no further/);
  assert.match(whereTo("museum.local", "this computer's GPU"), /serves this page \(museum.local\)/);
});

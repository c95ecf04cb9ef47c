import assert from "node:assert/strict";
import { test } from "node:test";

import { estimated, figure, rate, sentence, summary } from "../../../docs/assets/js/live/rates.js";
import { whereTo } from "../../../docs/assets/js/live/runner.js";

test("a batch's median is a rate", () => {
  const rates = summary([10, 20, 90]);
  assert.deepEqual(rates, { least: 10, median: 20, most: 90 });
  assert.equal(rate(rates, 32), 1600);
});

test("a peak, or a share of it, is an estimate: two operations a multiply-add", () => {
  const row = estimated("card", 2, 1e9);
  assert.equal(row.rate, 1000);
  assert.match(row.how, /^estimated: the most/);
  const part = estimated("card", 2, 1e9, 31);
  assert.equal(part.rate, 310);
  assert.match(part.how, /^estimated: 31 percent of its published peak/);
});

test("small figures keep two digits, large ones lose their fraction", () => {
  assert.deepEqual([figure(1.234), figure(9.96), figure(1234.5)], ["1.2", "10", "1,235"]);
});

test("only what was measured here can be fastest here", () => {
  const one = { least: 1, median: 1, most: 1 };
  const rows = [
    { name: "Your processor", how: "", one, rate: 12 },
    { name: "A card", how: "", rate: 9999 },
  ];
  assert.equal(sentence(rows), "Fastest here: your processor, 12 pictures a second.");
  assert.match(sentence([{ name: "x", how: "denied" }]), /Nothing could be measured/);
});

test("a page says where a picture goes", () => {
  assert.match(whereTo("127.0.0.1", "this computer's GPU"), /this computer's GPU, and no further/);
  assert.match(whereTo("museum.local", "this computer's GPU"), /serves this page \(museum.local\)/);
});

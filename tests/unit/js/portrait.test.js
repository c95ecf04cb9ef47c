import assert from "node:assert/strict";
import test from "node:test";
import { Portrait } from "../../../docs/assets/js/live/portrait.js";

const colours = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];

/** Grow towards bright red in the upper right quarter of 16 x 16 pixels, and towards nothing else. */
async function grown(seed, steps = 30) {
  const portrait = new Portrait(16, colours, seed);
  for (let i = 0; i < steps; i += 1) {
    await portrait.step(async (shown) =>
      shown.map((_, k) => (k < 256 && k % 16 >= 8 && k < 128 ? 1 : 0)),
    );
  }
  return portrait.view(1);
}

test("a picture grows where and in what colour the slope says", async () => {
  const { data } = await grown(1);
  const mean = (right, low, colour) => {
    let sum = 0;
    for (let y = 0; y < 8; y += 1) {
      for (let x = 0; x < 8; x += 1) sum += data[3 * ((y + 8 * low) * 16 + x + 8 * right) + colour];
    }
    return sum / 64;
  };
  assert(mean(1, 0, 0) > 200);
  assert(mean(0, 1, 0) < 150);
  assert(mean(0, 0, 0) < mean(1, 0, 0) - 40);
  assert(mean(1, 1, 0) < mean(1, 0, 0) - 40);
  assert(Math.abs(mean(1, 0, 1) - 127.5) < 3);
  assert(Math.abs(mean(1, 0, 2) - 127.5) < 3);
});

test("the first step goes up the slope, by finite differences", async () => {
  const portrait = new Portrait(16, colours, 3);
  const weight = (k) => Math.sin(k * 12.9898);
  const before = portrait.values.slice();
  // What is shown is linear in small changes: the sum that the slope stands for, at each value.
  const told = [];
  const shown = async (values) => {
    portrait.values = values;
    portrait.moments = portrait.moments.map((one) => one.fill(0));
    portrait.steps = 0;
    let sum = 0;
    await portrait.step(async (picture) => {
      picture.forEach((value, k) => (sum += value * weight(k)));
      return picture.map((_, k) => weight(k));
    });
    return sum;
  };
  for (const at of [0, 1, 24, 25, 50, 600, 1100]) {
    const up = before.slice();
    up[at] += 0.02;
    const down = before.slice();
    down[at] -= 0.02;
    const rise = (await shown(up)) - (await shown(down));
    const now = before.slice();
    await shown(now);
    told.push([rise, portrait.moments[0][at] * 10 * 0.04]);
  }
  for (const [rise, slope] of told) assert(Math.abs(rise - slope) < 0.02 * Math.abs(rise) + 1e-5, `${rise} ${slope}`);
});

test("the same seed gives the same picture, and another one another", async () => {
  const [one, again, other] = [await grown(5, 3), await grown(5, 3), await grown(6, 3)];
  assert.deepEqual(one.data, again.data);
  assert.notDeepEqual(one.data, other.data);
});

test("a higher resolution adds no detail", async () => {
  const portrait = new Portrait(16, colours, 2);
  const [small, large] = [portrait.view(1).data, portrait.view(4)];
  assert.equal(large.width, 64);
  for (const [x, y] of [[3, 5], [10, 12]]) {
    let sum = 0;
    for (let j = 0; j < 4; j += 1) for (let i = 0; i < 4; i += 1) sum += large.data[3 * ((4 * y + j) * 64 + 4 * x + i)];
    assert(Math.abs(sum / 16 - small[3 * (16 * y + x)]) < 2.5);
  }
});

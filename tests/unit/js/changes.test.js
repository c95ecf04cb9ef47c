import assert from "node:assert/strict";
import { test } from "node:test";

import { blurred, changed, patched, unchanged } from "../../../docs/assets/js/live/changes.js";
import { middle, resample } from "../../../docs/assets/js/live/picture.js";

/** Sixteen by sixteen pixels, each with its own levels. */
function picture() {
  const data = Uint8ClampedArray.from({ length: 16 * 16 * 3 }, (_, i) => (i * 7) % 251);
  return { data, width: 16, height: 16 };
}

test("without changes every level stays the same", () => {
  assert.deepEqual(changed(picture(), unchanged()).data, picture().data);
});

test("the mirror twice gives the picture again", () => {
  const flip = { ...unchanged(), flip: true };
  assert.notDeepEqual(changed(picture(), flip).data, picture().data);
  assert.deepEqual(changed(changed(picture(), flip), flip).data, picture().data);
});

test("grey has three equal channels, and half the brightness half the levels", () => {
  const { data } = changed(picture(), { ...unchanged(), grey: true });
  for (let i = 0; i < data.length; i += 3) assert.ok(data[i] === data[i + 1] && data[i] === data[i + 2]);
  const dim = changed(picture(), { ...unchanged(), bright: 50 }).data;
  dim.forEach((level, i) => assert.ok(Math.abs(level - picture().data[i] / 2) <= 0.5));
});

test("noise is the same each time", () => {
  const how = { ...unchanged(), noise: 30 };
  assert.deepEqual(changed(picture(), how).data, changed(picture(), how).data);
  assert.notDeepEqual(changed(picture(), how).data, picture().data);
});

test("a blur keeps an even picture, and spreads a point to its neighbours alike", () => {
  const even = { data: new Uint8ClampedArray(16 * 16 * 3).fill(90), width: 16, height: 16 };
  assert.deepEqual(blurred(even, 2).data, even.data);
  const point = { data: new Uint8ClampedArray(16 * 16 * 3), width: 16, height: 16 };
  const at = (x, y) => (y * 16 + x) * 3;
  point.data[at(8, 8)] = 255;
  const { data } = blurred(point, 1);
  assert.equal(data[at(7, 8)], data[at(9, 8)]);
  assert.equal(data[at(7, 8)], data[at(8, 7)]);
  assert.ok(data[at(8, 8)] > data[at(7, 8)] && data[at(7, 8)] > data[at(6, 8)]);
});

test("the grey patch is a quarter wide and stays inside", () => {
  const grey = (place) => {
    const { data } = patched({ ...picture(), data: new Uint8ClampedArray(768) }, place);
    return data.reduce((sum, level) => sum + (level === 128 ? 1 : 0), 0) / 3;
  };
  assert.equal(grey([]), 0);
  assert.equal(grey([8, 8]), 16);
  assert.ok(grey([0, 0]) > 0 && grey([0, 0]) < 16);
});

test("the middle part keeps the middle pixel's neighbourhood", () => {
  assert.equal(middle(picture(), 100).width, 16);
  const half = middle(picture(), 50);
  assert.deepEqual([half.width, half.height], [8, 8]);
  assert.deepEqual([...half.data.slice(0, 3)], [...picture().data.slice((4 * 16 + 4) * 3, (4 * 16 + 4) * 3 + 3)]);
});

test("a picture at its own size is resampled to itself", () => {
  for (const kind of ["bilinear", "bicubic"]) {
    assert.deepEqual(resample(picture(), 16, 16, [0, 0, 16, 16], kind).data, picture().data);
  }
});

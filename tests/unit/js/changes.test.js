import assert from "node:assert/strict";
import { test } from "node:test";

import { blurred, changed, frameOf, patched, unchanged } from "../../../docs/assets/js/live/changes.js";
import { cropped, resample } from "../../../docs/assets/js/live/picture.js";

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

test("the frame is the middle square, and stays within the picture", () => {
  const size = { width: 300, height: 200 };
  const rule = { size: 224, resize: 256 };
  const at = (/** @type {number} */ closer, /** @type {number[]} */ place) => frameOf(size, rule, { closer, at: place });
  assert.deepEqual(at(100, []), { left: 62.5, top: 12.5, side: 175 });
  assert.deepEqual(at(40, [500, 500]), { left: 115, top: 65, side: 70 });
  assert.deepEqual(at(40, [0, 1000]), { left: 0, top: 130, side: 70 });
});

test("a frame of whole pixels is cut out as it is", () => {
  const rule = { size: 8, resize: 8, interpolation: "bilinear" };
  const { data } = cropped(picture(), rule, { closer: 50, at: [250, 500] });
  assert.deepEqual([...data.slice(0, 24)], [...picture().data.slice(4 * 16 * 3, 4 * 16 * 3 + 24)]);
});

test("a picture at its own size is resampled to itself", () => {
  for (const kind of ["bilinear", "bicubic"]) {
    assert.deepEqual(resample(picture(), 16, 16, [0, 0, 16, 16], kind).data, picture().data);
  }
});

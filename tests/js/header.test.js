import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { pixelsOf } from "../../docs/assets/js/live/header.js";

/** @param {...number} bytes */
const file = (...bytes) => Uint8Array.from([...bytes, ...new Array(40).fill(0)]).buffer;

test("a PNG, a GIF and a BMP say their size", () => {
  const png = new DataView(file(0x89, 0x50, 0x4e, 0x47));
  png.setUint32(16, 30000);
  png.setUint32(20, 20000);
  assert.equal(pixelsOf(png.buffer), 600_000_000);
  assert.equal(pixelsOf(file(0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 3, 0, 2, 0)), 6);
  const bmp = new DataView(file(0x42, 0x4d));
  bmp.setInt32(18, 5, true);
  bmp.setInt32(22, -4, true); // from the top down
  assert.equal(pixelsOf(bmp.buffer), 20);
});

test("a real JPEG says its size", () => {
  const bytes = readFileSync(new URL("../../demo/samples/banana.jpg", import.meta.url));
  const pixels = pixelsOf(new Uint8Array(bytes).buffer);
  assert.ok(pixels > 10_000 && pixels < 1_000_000);
});

test("what is no picture, cut short or made to mislead gives nothing and ends", () => {
  assert.equal(pixelsOf(new ArrayBuffer(0)), 0);
  assert.equal(pixelsOf(file(0x3c, 0x68)), 0);
  assert.equal(pixelsOf(file(0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff)), 0);
  assert.equal(pixelsOf(file(0xff, 0xd8, ...new Array(30).fill(0xff))), 0);
});

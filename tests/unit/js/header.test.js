import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { pixelsOf } from "../../../docs/assets/js/live/header.js";

/** The start of a file; strings are letters. @param {...(number|string|number[])} parts */
const bytes = (...parts) =>
  parts.flatMap((part) => (typeof part === "string" ? [...part].map((c) => c.charCodeAt(0)) : part));
/** @param {...(number|string|number[])} parts */
const file = (...parts) => Uint8Array.from([...bytes(...parts), ...new Array(40).fill(0)]).buffer;
/** @param {number} value @param {number} count of bytes, the lowest first */
const little = (value, count) => Array.from({ length: count }, (_, i) => Math.floor(value / 256 ** i) % 256);
/** @param {number} value @param {number} count of bytes, the highest first */
const big = (value, count) => little(value, count).reverse();
/** @param {string} kind @param {...(number|string|number[])} parts */
const box = (kind, ...parts) => [...big(8 + bytes(...parts).length, 4), ...bytes(kind, ...parts)];

test("a PNG and a BMP say their size", () => {
  const png = file(0x89, "PNG", new Array(12).fill(0), big(30000, 4), big(20000, 4));
  assert.equal(pixelsOf(png), 600_000_000);
  const upsideDown = [...little(5, 4), ...little(2 ** 32 - 4, 4)];
  assert.equal(pixelsOf(file("BM", new Array(12).fill(0), little(40, 4), upsideDown)), 20);
  const old = [...little(12, 4), ...little(50000, 2), ...little(60000, 2)];
  assert.equal(pixelsOf(file("BM", new Array(12).fill(0), old)), 3_000_000_000);
});

test("a GIF says its size, and its first picture may reach further", () => {
  const screen = [...little(3, 2), ...little(2, 2)];
  assert.equal(pixelsOf(file("GIF89a", screen, 0, 0, 0, 0x3b)), 6);
  const first = [0x2c, ...little(10, 2), ...little(0, 2), ...little(90, 2), ...little(40, 2)];
  const comment = [0x21, 0xfe, 2, 1, 1, 1, 1, 0];
  assert.equal(pixelsOf(file("GIF89a", screen, 0, 0, 0, comment, first)), 4000);
  const table = new Array(6).fill(0x2c); // colours that look like a picture's start
  assert.equal(pixelsOf(file("GIF89a", screen, 0x80, 0, 0, table, first)), 4000);
});

test("the size of a JPEG is found in every segment that can hold it", () => {
  const real = readFileSync(new URL("../../../demo/samples/banana.jpg", import.meta.url));
  const pixels = pixelsOf(new Uint8Array(real).buffer) ?? 0;
  assert.ok(pixels > 10_000 && pixels < 1_000_000);
  const frame = [0xff, 0xc2, 0, 11, 8, ...big(60000, 2), ...big(50000, 2)];
  const segment = [0xff, 0xe1, ...big(65000, 2), ...new Array(64998).fill(0xff)];
  const long = [segment, segment, segment, segment, segment].flat();
  assert.equal(pixelsOf(file(0xff, 0xd8, long, 7, 7, 0xff, frame)), 3_000_000_000);
});

test("each form of WebP says its size", () => {
  /** @param {string} kind @param {...number[]} parts */
  const webp = (kind, ...parts) => pixelsOf(file("RIFF", 0, 0, 0, 0, "WEBP", kind, 0, 0, 0, 0, ...parts));
  assert.equal(webp("VP8 ", [0, 0, 0, 0x9d, 1, 0x2a], little(0x4000 + 600, 2), little(500, 2)), 300_000);
  assert.equal(webp("VP8L", [0x2f], little(599 + 499 * 2 ** 14, 4)), 300_000);
  assert.equal(webp("VP8X", [0, 0, 0, 0], little(99_999, 3), little(79_999, 3)), 8_000_000_000);
  assert.equal(webp("VP8?"), undefined);
});

test("an AVIF says the size of its largest part, in pictures and in films", () => {
  /** @param {number} width @param {number} height */
  const ispe = (width, height) => box("ispe", [0, 0, 0, 0], big(width, 4), big(height, 4));
  const start = box("ftyp", "avif", [0, 0, 0, 0], "avif");
  const parts = box("ipco", ispe(64, 64), box("pixi", [0, 0]), ispe(70_000, 60_000));
  const meta = box("meta", [0, 0, 0, 0], box("hdlr", [0, 0]), box("iprp", parts));
  assert.equal(pixelsOf(file(start, meta)), 4_200_000_000);
  assert.equal(pixelsOf(file(start, box("mdat", new Array(300_000).fill(1)), meta)), 4_200_000_000);
  const track = box("tkhd", new Array(76).fill(0), big(300, 2), [0, 0], big(200, 2), [0, 0]);
  assert.equal(pixelsOf(file(start, box("moov", box("trak", track)))), 60_000);
});

test("what is no picture, cut short or made to mislead gives nothing and ends", () => {
  assert.equal(pixelsOf(new ArrayBuffer(0)), undefined);
  assert.equal(pixelsOf(file("<svg xmlns='http://www.w3.org/2000/svg' width='99999'/>")), undefined);
  assert.equal(pixelsOf(file(0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff)), undefined);
  assert.equal(pixelsOf(file(0xff, 0xd8, new Array(300).fill(0xff))), undefined);
  assert.equal(pixelsOf(file(0xff, 0xd8, 0xff, 0xda, 0, 2, 0xff, 0xc0)), undefined);
  assert.equal(pixelsOf(file(box("ftyp", "avif"), [0, 0, 0, 3], "meta")), undefined);
  assert.equal(pixelsOf(file(box("ftyp", "avif"), [0, 0, 0, 1], "meta", new Array(8).fill(255))), undefined);
  let nested = box("meta");
  for (let i = 0; i < 2000; i += 1) nested = box("meta", [0, 0, 0, 0], nested);
  assert.equal(pixelsOf(file(box("ftyp", "avif"), nested)), undefined);
});

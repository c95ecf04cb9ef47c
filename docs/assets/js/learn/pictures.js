/**
 * Pictures of ten shapes, drawn from a seed: level for level those of
 * `model_export/training/drawn.py`, whose words say why neither uses a sine.
 */

import { uniform } from "./random.js";

export const SIDE = 28;
export const KINDS = ["disc", "ring", "square", "frame", "triangle", "star", "cross", "moon", "stripes", "chequers"];
export const TEST_SEED = 999_983; // of the pictures that nobody learns from
const PLANE = SIDE * SIDE;
export const LEVELS = 3 * PLANE; // of a picture
const [MEAN, DEVIATION] = [0.5, 0.25];
const FIFTHS = [
  [0.0, 1.0],
  [0.9510565162951535, 0.30901699437494745],
  [0.5877852522924731, -0.8090169943749475],
  [-0.5877852522924731, -0.8090169943749475],
  [-0.9510565162951535, 0.30901699437494745],
];
const [PLACE, SMALLEST, LARGEST, TURN, CLUTTER, NOISE] = [0.13, 0.53, 0.8, 0.16, 1, 0.06];
const VALUES = 64; // of a picture, before those of its noise

const { abs, floor, max, min, sqrt } = Math;
/** @param {number} x */
const share = (x) => min(max(x, 0), 1);
/** A wave of stripes: less than 0 in every second one. @param {number} x */
const stripe = (x) => abs(x - floor(x) - 0.5) - 0.25;

/** How far a point lies outside each shape of size s; less than 0 inside.
 * @type {((u: number, v: number, s: number) => number)[]} */
const DISTANCES = [
  disc,
  (u, v, s) => abs(sqrt(u * u + v * v) - s * 0.78) - s * 0.22,
  square,
  (u, v, s) => abs(max(abs(u), abs(v)) - s * 0.66) - s * 0.19,
  (u, v, s) => max(max(-v, 0.866 * u + 0.5 * v), 0.5 * v - 0.866 * u) - s * 0.5,
  (u, v, s) => star(u, v) - s * 0.38,
  (u, v, s) => min(max(abs(u) - s, abs(v) - s * 0.28), max(abs(v) - s, abs(u) - s * 0.28)),
  (u, v, s) => max(disc(u, v, s), s * 0.82 - sqrt((u - s * 0.45) * (u - s * 0.45) + v * v)),
  (u, v, s) => max(disc(u, v, s), stripe((u * 3.2) / s) * s * 0.3),
  (u, v, s) => max(square(u, v, s), -(stripe((v * 2.4) / s) * stripe((u * 2.4) / s)) * s * 4),
];
/** @param {number} u @param {number} v @param {number} s */
function disc(u, v, s) {
  return sqrt(u * u + v * v) - s;
}
/** @param {number} u @param {number} v @param {number} s */
function square(u, v, s) {
  return max(abs(u), abs(v)) - s * 0.85;
}

/** The second largest of the distances from a star's five sides.
 * @param {number} u @param {number} v */
function star(u, v) {
  let [most, second] = [-Infinity, -Infinity];
  for (let i = 0; i < 5; i += 1) {
    const far = u * FIFTHS[i][0] + v * FIFTHS[i][1];
    if (far > most) [most, second] = [far, most];
    else if (far > second) second = far;
  }
  return second;
}

/** One picture's levels, (3, 28, 28); picture i shows kind i modulo 10.
 * @param {number} seed @param {number} item @param {Uint8Array} to */
export function draw(seed, item, to) {
  const value = uniform(seed, item);
  /** @param {number} which @param {number} low @param {number} high */
  const between = (which, low, high) => low + (high - low) * value(which);
  const distance = DISTANCES[item % KINDS.length];
  const s = between(0, SMALLEST, LARGEST);
  const t = between(1, -TURN, TURN);
  const [cos, sin] = [(1 - t * t) / (1 + t * t), (2 * t) / (1 + t * t)];
  const [left, top] = [between(2, -PLACE, PLACE), between(3, -PLACE, PLACE)];
  const [slopeX, slopeY] = [between(4, -0.2, 0.2), between(5, -0.2, 0.2)];
  const ground = [6, 7, 8].map(value);
  const ink = [9, 10, 11].map((which, c) => {
    const level = ground[c] + 0.3 + 0.4 * value(which);
    return level - floor(level);
  });
  const bars = Array.from({ length: CLUTTER }, (_, bar) => {
    const at = 16 + 8 * bar;
    const [a, b] = [between(at, -1, 1), between(at + 1, -1, 1)];
    const [off, wide] = [between(at + 2, -0.8, 0.8), between(at + 3, 0.02, 0.09)];
    return { a, b, off, wide, long: sqrt(a * a + b * b + 0.01), colour: [4, 5, 6].map((c) => value(at + c)) };
  });
  const covers = new Float64Array(CLUTTER);
  for (let at = 0; at < PLANE; at += 1) {
    const x = ((at % SIDE) + 0.5) * (2 / SIDE) - 1;
    const y = (floor(at / SIDE) + 0.5) * (2 / SIDE) - 1;
    const [dx, dy] = [x - left, y - top];
    const inside = share(0.5 - 14 * distance(dx * cos + dy * sin, dy * cos - dx * sin, s));
    const slope = slopeX * x + slopeY * y;
    for (let bar = 0; bar < CLUTTER; bar += 1) {
      const { a, b, off, wide, long } = bars[bar];
      covers[bar] = share(0.5 - 14 * (abs(a * x + b * y + off) / long - wide));
    }
    for (let c = 0; c < 3; c += 1) {
      let level = ground[c] + slope;
      for (let bar = 0; bar < CLUTTER; bar += 1) level += (bars[bar].colour[c] - level) * covers[bar];
      level += (ink[c] - level) * inside;
      level += (value(VALUES + c * PLANE + at) - 0.5) * (2 * NOISE);
      to[c * PLANE + at] = min(max(floor(level * 255 + 0.5), 0), 255);
    }
  }
}

/** Pictures `first` to `first + count` of a stream, (count, 3, 28, 28).
 * @param {number} seed @param {number} first @param {number} count */
export function pictures(seed, first, count) {
  const levels = new Uint8Array(count * LEVELS);
  for (let i = 0; i < count; i += 1) {
    draw(seed, first + i, levels.subarray(i * LEVELS, (i + 1) * LEVELS));
  }
  return levels;
}

/** Levels as the network's input. @param {Uint8Array} levels @param {Float32Array} to */
export function normalise(levels, to) {
  for (let i = 0; i < levels.length; i += 1) to[i] = (levels[i] / 255 - MEAN) / DEVIATION;
}

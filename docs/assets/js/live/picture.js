/**
 * A picture to what the network sees, equal to the Python runner's: Pillow's filters, which widen
 * with the reduction, one pass across and one down, each rounded to whole levels.
 */

import { frameOf } from "./changes.js";

/** @typedef {{size: number, resize: number, mean: number[], std: number[],
 *   interpolation: "bilinear"|"bicubic", channels: "RGB"|"BGR", name: string}} Rule */
/** @typedef {{data: Uint8Array|Uint8ClampedArray, width: number, height: number}} Pixels three
 *   channels a pixel */

const SLENDER = 32; // above this ratio of the sides the crop is resampled directly

/** @type {Record<string, {reach: number, at: (x: number) => number}>} */
const FILTERS = {
  bilinear: { reach: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: {
    reach: 2,
    at: (x) => {
      const a = -0.5;
      const t = Math.abs(x);
      if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
      return t < 2 ? (((t - 5) * t + 8) * t - 4) * a : 0;
    },
  },
};

/** Python's rounding of halves, to the even. @param {number} x */
const round = (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));

/** The weights of each output pixel. @param {number} low @param {number} high of the input range
 * @param {number} count of output pixels @param {number} limit of input pixels
 * @param {{reach: number, at: (x: number) => number}} filter */
function weights(low, high, count, limit, filter) {
  const scale = (high - low) / count;
  const wide = Math.max(scale, 1);
  return Array.from({ length: count }, (_, i) => {
    const centre = low + (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - filter.reach * wide + 0.5));
    const last = Math.min(limit, Math.trunc(centre + filter.reach * wide + 0.5));
    const own = new Float64Array(last - first);
    let sum = 0;
    for (let j = 0; j < own.length; j += 1) {
      own[j] = filter.at((j + first - centre + 0.5) / wide);
      sum += own[j];
    }
    for (let j = 0; j < own.length; j += 1) own[j] /= sum;
    return { first, own };
  });
}

/** @param {Pixels} from @param {number} across @param {number} down
 * @param {number[]} box left, top, right, bottom of the part to take @param {string} kind
 * @returns {Pixels} */
export function resample(from, across, down, box, kind) {
  const filter = FILTERS[kind];
  const columns = weights(box[0], box[2], across, from.width, filter);
  const rows = weights(box[1], box[3], down, from.height, filter);
  const top = rows[0].first;
  const end = rows[down - 1].first + rows[down - 1].own.length;
  const between = new Uint8ClampedArray(across * (end - top) * 3);
  for (let y = top; y < end; y += 1) {
    for (let x = 0; x < across; x += 1) {
      const { first, own } = columns[x];
      let [r, g, b] = [0, 0, 0];
      for (let j = 0, at = (y * from.width + first) * 3; j < own.length; j += 1, at += 3) {
        r += from.data[at] * own[j];
        g += from.data[at + 1] * own[j];
        b += from.data[at + 2] * own[j];
      }
      const to = ((y - top) * across + x) * 3;
      between[to] = Math.floor(r + 0.5);
      between[to + 1] = Math.floor(g + 0.5);
      between[to + 2] = Math.floor(b + 0.5);
    }
  }
  const data = new Uint8ClampedArray(across * down * 3);
  for (let y = 0; y < down; y += 1) {
    const { first, own } = rows[y];
    for (let x = 0; x < across * 3; x += 1) {
      let sum = 0;
      for (let j = 0; j < own.length; j += 1) {
        sum += between[(first - top + j) * across * 3 + x] * own[j];
      }
      data[y * across * 3 + x] = Math.floor(sum + 0.5);
    }
  }
  return { data, width: across, height: down };
}

/** What the network sees through a frame that was moved. @param {Pixels} from @param {Rule} rule
 * @param {{closer: number, at: number[]}} change */
export function cropped(from, rule, change) {
  const { left, top, side } = frameOf(from, rule, change);
  return resample(from, rule.size, rule.size, [left, top, left + side, top + side], rule.interpolation);
}

/** What the network sees: size x size pixels. @param {Pixels} from @param {Rule} rule */
export function resizeAndCrop(from, rule) {
  const shorter = Math.min(from.width, from.height);
  const across = Math.floor((rule.resize * from.width) / shorter);
  const down = Math.floor((rule.resize * from.height) / shorter);
  const left = round((across - rule.size) / 2);
  const top = round((down - rule.size) / 2);
  const { size } = rule;
  if (Math.max(across, down) > SLENDER * rule.resize) {
    const x = from.width / across;
    const y = from.height / down;
    const box = [left * x, top * y, (left + size) * x, (top + size) * y];
    return resample(from, size, size, box, rule.interpolation);
  }
  const whole = resample(from, across, down, [0, 0, from.width, from.height], rule.interpolation);
  const data = new Uint8ClampedArray(size * size * 3);
  for (let y = 0; y < size; y += 1) {
    const at = ((top + y) * across + left) * 3;
    data.set(whole.data.subarray(at, at + size * 3), y * size * 3);
  }
  return { data, width: size, height: size };
}

/** Pixels to the input tensor, channels first. @param {ArrayLike<number>} pixels
 * @param {Rule} rule */
export function normalise(pixels, rule) {
  const plane = rule.size * rule.size;
  const tensor = new Float32Array(3 * plane);
  for (let c = 0; c < 3; c += 1) {
    const channel = rule.channels === "BGR" ? 2 - c : c;
    const mean = Math.fround(rule.mean[c]);
    const std = Math.fround(rule.std[c]);
    for (let i = 0; i < plane; i += 1) {
      const scaled = Math.fround(pixels[i * 3 + channel] / 255);
      tensor[c * plane + i] = Math.fround(scaled - mean) / std;
    }
  }
  return tensor;
}

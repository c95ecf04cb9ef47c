/**
 * A picture that grows: a sum of waves in the colours of photographs, changed a little at each step
 * so that a network's unit answers more. Nothing here knows the network; a step takes the slope at
 * what the network was shown.
 */

import { uniform } from "../learn/random.js";

const MARGIN = 8; // pixels, at most, around what the unit sees, so that it can be shown shifted
const RATE = 0.12; // of Adam
const SOFT = 0.25; // cycles a pixel: finer waves are damped, or they would cover everything
const FAINT = 0.01; // of the noise it begins with

/** The waves at some places: row k holds wave k. @param {number} side of the picture
 * @param {number[]} places @returns {Float32Array} side x places */
function waves(side, places) {
  const found = new Float32Array(side * places.length);
  for (let k = 0; k < side; k += 1) {
    const norm = Math.sqrt((k ? 2 : 1) / side);
    places.forEach((x, i) => (found[k * places.length + i] = norm * Math.cos((Math.PI * (x + 0.5) * k) / side)));
  }
  return found;
}

/** The product of the transpose of a (n x rows) with b (n x columns).
 * @param {Float32Array} a @param {Float32Array} b @param {number} n @returns {Float32Array} */
function across(a, b, n) {
  const [rows, columns] = [a.length / n, b.length / n];
  const found = new Float32Array(rows * columns);
  for (let k = 0; k < n; k += 1) {
    for (let i = 0; i < rows; i += 1) {
      const value = a[k * rows + i];
      if (value === 0) continue;
      for (let j = 0; j < columns; j += 1) found[i * columns + j] += value * b[k * columns + j];
    }
  }
  return found;
}

/** The transpose of a square. @param {Float32Array} a @param {number} n rows */
const transposed = (a, n) => a.map((_, i) => a[(i % n) * n + Math.floor(i / n)]);

export class Portrait {
  steps = 0;

  /** @param {number} sees the side of the square that the unit sees, in pixels
   * @param {number[][]} colours the main directions of colour, a column each @param {number} seed */
  constructor(sees, colours, seed) {
    this.sees = sees;
    this.margin = Math.min(MARGIN, 2 * Math.floor(sees / 8));
    this.side = sees + this.margin;
    this.colours = colours;
    const area = this.side ** 2;
    const chance = uniform(seed, 0);
    this.values = new Float32Array(3 * area);
    for (let i = 0; i < this.values.length; i += 1) {
      const spread = Math.sqrt(-2 * Math.log(1 - chance(2 * i)));
      this.values[i] = FAINT * spread * Math.cos(2 * Math.PI * chance(2 * i + 1));
    }
    this.scale = Float32Array.from({ length: area }, (_, i) => {
      const frequency = Math.hypot(Math.floor(i / this.side), i % this.side) / (2 * this.side);
      return 0.25 / Math.max(frequency, 1 / this.side) / (1 + (frequency / SOFT) ** 2);
    });
    this.basis = waves(this.side, Array.from({ length: this.side }, (_, x) => x));
    this.moments = [new Float32Array(3 * area), new Float32Array(3 * area)];
    this.chance = uniform(seed, 1);
  }

  /** The picture, 0 to 1, channels first. @param {Float32Array} basis `waves` at its places */
  #drawn(basis) {
    const { side } = this;
    const places = basis.length / side;
    const parts = [0, 1, 2].map((c) => {
      const own = this.values.subarray(c * side * side, (c + 1) * side * side).map((v, i) => v * this.scale[i]);
      return across(across(own, basis, side), basis, side);
    });
    const found = new Float32Array(3 * places * places);
    this.colours.forEach((row, d) => {
      for (let i = 0; i < places * places; i += 1) {
        const z = row[0] * parts[0][i] + row[1] * parts[1][i] + row[2] * parts[2][i];
        found[d * places * places + i] = 1 / (1 + Math.exp(-z));
      }
    });
    return found;
  }

  /** What the unit sees, as levels, three channels a pixel. @param {number} times resolution: more
   * adds no detail */
  view(times) {
    const { sees, side } = this;
    const wide = sees * times;
    const places = Array.from({ length: wide }, (_, i) => this.margin / 2 + (i + 0.5) / times - 0.5);
    const drawn = this.#drawn(waves(side, places));
    const data = new Uint8ClampedArray(drawn.length);
    for (let c = 0; c < 3; c += 1) {
      for (let i = 0; i < wide * wide; i += 1) data[3 * i + c] = Math.round(255 * drawn[c * wide * wide + i]);
    }
    return { data, width: wide, height: wide };
  }

  /** One step. @param {(shown: Float32Array) => Promise<Float32Array>} slope of the unit's answer
   * with regard to what it is shown, (3, sees, sees), 0 to 1 */
  async step(slope) {
    const { sees, side, steps } = this;
    const random = (/** @type {number} */ which) => this.chance(4 * steps + which) - 0.5;
    const turn = random(0) / 4;
    const zoom = 1 + random(1) / 10;
    const middle = (side - 1) / 2;
    const shift = [2, 3].map((which) => Math.round(this.margin * random(which)));
    const within = (/** @type {number} */ x) => Math.min(side - 1.001, Math.max(0, x));
    /** @type {[number, number][]} the four places that a shown pixel is mixed of, and their parts */
    const parts = [];
    for (let i = 0; i < sees * sees; i += 1) {
      const [x, y] = [(i % sees) - (sees - 1) / 2, Math.floor(i / sees) - (sees - 1) / 2];
      const u = within(middle + shift[0] + zoom * (Math.cos(turn) * x - Math.sin(turn) * y));
      const v = within(middle + shift[1] + zoom * (Math.sin(turn) * x + Math.cos(turn) * y));
      const [a, b] = [Math.floor(u), Math.floor(v)];
      const [p, q] = [u - a, v - b];
      const at = b * side + a;
      parts.push([at, (1 - p) * (1 - q)], [at + 1, p * (1 - q)], [at + side, (1 - p) * q], [at + side + 1, p * q]);
    }
    const drawn = this.#drawn(this.basis);
    const [area, seen] = [side * side, sees * sees];
    const shown = new Float32Array(3 * seen);
    for (let c = 0; c < 3; c += 1) {
      parts.forEach(([at, part], k) => (shown[c * seen + (k >> 2)] += part * drawn[c * area + at]));
    }
    const back = await slope(shown);
    const free = new Float32Array(3 * area); // with regard to what goes into the colours' sigmoid
    for (let c = 0; c < 3; c += 1) {
      parts.forEach(([at, part], k) => (free[c * area + at] += part * back[c * seen + (k >> 2)]));
    }
    for (let i = 0; i < free.length; i += 1) free[i] *= drawn[i] * (1 - drawn[i]);
    const turned = transposed(this.basis, side);
    for (let c = 0; c < 3; c += 1) {
      const own = new Float32Array(area);
      for (let d = 0; d < 3; d += 1) for (let i = 0; i < area; i += 1) own[i] += this.colours[d][c] * free[d * area + i];
      const found = across(across(own, turned, side), turned, side);
      this.#climb(c * area, found);
    }
    this.steps += 1;
  }

  /** Adam, upwards. @param {number} from @param {Float32Array} slope of waves before their scale */
  #climb(from, slope) {
    const [mean, square] = this.moments;
    const now = this.steps + 1;
    for (let i = 0; i < slope.length; i += 1) {
      const g = slope[i] * this.scale[i];
      const at = from + i;
      mean[at] = 0.9 * mean[at] + 0.1 * g;
      square[at] = 0.999 * square[at] + 0.001 * g * g;
      const size = Math.sqrt(square[at] / (1 - 0.999 ** now)) + 1e-8;
      this.values[at] += (RATE * mean[at]) / (1 - 0.9 ** now) / size;
    }
  }
}

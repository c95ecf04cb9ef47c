/**
 * The two lower rungs of the ladder: pixels, and Fisher vectors of gradient histograms and colour
 * statistics. The same arithmetic as `model_export/ladder`, whose docstrings explain it; a test
 * compares the two on every sample picture.
 */

const SIDE = 64;
const SQUARES = 32;
const SMALL = 16;
const DIRECTIONS = 8;
const CELLS = 4;
const SCALES = [2, 3, 4];
const STEP = 2;
const QUIET = 0.01;
const CLIP = 0.2;
const NEGLIGIBLE = 1e-14; // of a patch: what a word answers for, so that it may be skipped

/** @typedef {{data: Float32Array|Uint8Array, shape: number[]}} Tensor */
/** @typedef {{mean: Float32Array, axes: Float32Array, kept: number, size: number, place: number,
 *   log: Float64Array, means: Float32Array, variances: Float32Array, inverse: Float64Array,
 *   scaled: Float64Array, weights: Float32Array, gaussians: number}} Book */
/** @typedef {{weight: Uint8Array, scale: Float32Array, bias: Float32Array}} Linear */

/** The tensors of a safetensors file by name. @param {ArrayBuffer} file
 * @returns {Record<string, Tensor>} */
export function tensors(file) {
  const length = Number(new DataView(file).getBigUint64(0, true));
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(file, 8, length)));
  delete head.__metadata__;
  return Object.fromEntries(
    Object.entries(head).map(([name, { dtype, shape, data_offsets: [from, to] }]) => {
      const bytes = file.slice(8 + length + from, 8 + length + to);
      return [name, { data: dtype === "U8" ? new Uint8Array(bytes) : new Float32Array(bytes), shape }];
    }),
  );
}

/** @param {Record<string, Tensor>} all @param {string} part @returns {Book} */
function book(all, part) {
  const of = (/** @type {string} */ name) => /** @type {Float32Array} */ (all[`${part}.${name}`].data);
  const [size, kept] = all[`${part}.axes`].shape;
  const weights = of("weights");
  const means = of("means");
  const variances = of("variances");
  const gaussians = weights.length;
  const width = kept + 2;
  const inverse = Float64Array.from(variances, (v) => 1 / v);
  const scaled = Float64Array.from(means, (m, i) => m * inverse[i]);
  const log = new Float64Array(gaussians);
  for (let g = 0; g < gaussians; g += 1) {
    let sum = 0;
    for (let i = g * width; i < (g + 1) * width; i += 1) sum += means[i] * scaled[i] + Math.log(variances[i]);
    log[g] = Math.log(weights[g]) - sum / 2;
  }
  return { mean: of("mean"), axes: of("axes"), kept, size, place: of("place")[0], weights, means, variances, inverse, scaled, log, gaussians };
}

/** @param {Record<string, Tensor>} all @param {string} name @returns {Linear} */
const linear = (all, name) => ({
  weight: /** @type {Uint8Array} */ (all[`${name}.weight`].data),
  scale: /** @type {Float32Array} */ (all[`${name}.scale`].data),
  bias: /** @type {Float32Array} */ (all[`${name}.bias`].data),
});

/** Logits of a linear classifier with weights of four bits, two classes in a byte.
 * @param {Linear} by @param {Float64Array} x */
function classified({ weight, scale, bias }, x) {
  const sums = new Float64Array(bias.length);
  const bytes = bias.length / 2;
  let all = 0; // 8 was added to each weight
  for (let i = 0; i < x.length; i += 1) {
    const value = x[i];
    all += value;
    for (let b = 0, at = i * bytes; b < bytes; b += 1, at += 1) {
      const two = weight[at];
      sums[2 * b] += value * (two & 15);
      sums[2 * b + 1] += value * (two >> 4);
    }
  }
  return sums.map((sum, c) => (sum - 8 * all) * scale[c] + bias[c]);
}

/** The picture at 16x16, of 0 to 1. @param {Uint8Array|Uint8ClampedArray} data 64x64, three channels */
export function small(data) {
  const side = SIDE / SMALL;
  const found = new Float64Array(SMALL * SMALL * 3);
  for (let y = 0; y < SIDE; y += 1) {
    for (let x = 0; x < SIDE; x += 1) {
      const to = (Math.floor(y / side) * SMALL + Math.floor(x / side)) * 3;
      for (let c = 0; c < 3; c += 1) found[to + c] += data[(y * SIDE + x) * 3 + c];
    }
  }
  return found.map((sum) => sum / (255 * side * side));
}

/** How much grey changes in each of eight directions, by square of 2x2 pixels: 32x32x8.
 * @param {Uint8Array|Uint8ClampedArray} data */
export function gradients(data) {
  const grey = new Float64Array(SIDE * SIDE);
  for (let i = 0; i < grey.length; i += 1) grey[i] = (data[3 * i] + data[3 * i + 1] + data[3 * i + 2]) / 765;
  const found = new Float64Array(SQUARES * SQUARES * DIRECTIONS);
  for (let y = 0; y < SIDE; y += 1) {
    for (let x = 0; x < SIDE; x += 1) {
      const across = grey[y * SIDE + Math.min(x + 1, SIDE - 1)] - grey[y * SIDE + Math.max(x - 1, 0)];
      const down = grey[Math.min(y + 1, SIDE - 1) * SIDE + x] - grey[Math.max(y - 1, 0) * SIDE + x];
      const length = Math.hypot(across, down) / 4; // the mean over a square's pixels
      const angle = Math.atan2(down, across) * (DIRECTIONS / (2 * Math.PI));
      const low = Math.floor(angle);
      const share = angle - low;
      const first = (low + DIRECTIONS) % DIRECTIONS;
      const to = ((y >> 1) * SQUARES + (x >> 1)) * DIRECTIONS;
      found[to + first] += length * (1 - share);
      found[to + ((first + 1) % DIRECTIONS)] += length * share;
    }
  }
  return found;
}

/** Mean of each channel and of its square, by square of 2x2 pixels: 32x32x6.
 * @param {Uint8Array|Uint8ClampedArray} data */
function colours(data) {
  const found = new Float64Array(SQUARES * SQUARES * 6);
  for (let y = 0; y < SIDE; y += 1) {
    for (let x = 0; x < SIDE; x += 1) {
      const to = ((y >> 1) * SQUARES + (x >> 1)) * 6;
      for (let c = 0; c < 3; c += 1) {
        const value = data[(y * SIDE + x) * 3 + c] / 255;
        found[to + c] += value / 4;
        found[to + 3 + c] += (value * value) / 4;
      }
    }
  }
  return found;
}

/** Where the patches of a scale begin, in squares. @param {number} scale */
function starts(scale) {
  const found = [];
  for (let at = 0; at <= SQUARES - CELLS * scale; at += STEP) found.push(at);
  return found;
}

/** Means over cells of `scale` x `scale` squares, from every square on.
 * @param {Float64Array} squares @param {number} scale @param {number} channels */
function cells(squares, scale, channels) {
  const count = SQUARES + 1 - scale;
  const found = new Float64Array(SQUARES * SQUARES * channels);
  for (let y = 0; y < count; y += 1) {
    for (let x = 0; x < count; x += 1) {
      for (let c = 0; c < channels; c += 1) {
        let sum = 0;
        for (let i = 0; i < scale; i += 1) {
          for (let j = 0; j < scale; j += 1) sum += squares[((y + i) * SQUARES + x + j) * channels + c];
        }
        found[(y * SQUARES + x) * channels + c] = sum / scale ** 2;
      }
    }
  }
  return found;
}

/** @param {Float64Array} patch */
function unit(patch) {
  let sum = 0;
  for (const value of patch) sum += value * value;
  const length = Math.sqrt(sum) + QUIET;
  for (let i = 0; i < patch.length; i += 1) patch[i] /= length;
}

/** A patch's numbers, in place: histogram or colour statistics. @param {Float64Array} patch
 * @param {Float64Array} from its cells, channel by channel @param {string} part */
function describe(patch, from, part) {
  if (part === "shape") {
    patch.set(from);
    unit(patch);
    for (let i = 0; i < patch.length; i += 1) patch[i] = Math.min(patch[i], CLIP);
    unit(patch);
    return;
  }
  for (let cell = 0; cell < CELLS * CELLS; cell += 1) {
    for (let c = 0; c < 3; c += 1) {
      const mean = from[cell * 6 + c];
      patch[cell * 6 + c] = mean;
      patch[cell * 6 + 3 + c] = Math.sqrt(Math.max(from[cell * 6 + 3 + c] - mean * mean, 0));
    }
  }
}

/** How far each Gaussian answers for a patch. @param {Book} by @param {Float64Array} q @param {Float64Array} share */
function words(by, q, share) {
  const width = q.length;
  let most = -Infinity;
  for (let g = 0; g < by.gaussians; g += 1) {
    let sum = by.log[g];
    for (let i = 0, at = g * width; i < width; i += 1, at += 1) {
      sum += q[i] * (by.scaled[at] - 0.5 * q[i] * by.inverse[at]);
    }
    share[g] = sum;
    if (sum > most) most = sum;
  }
  let total = 0;
  for (let g = 0; g < by.gaussians; g += 1) {
    share[g] = Math.exp(share[g] - most);
    total += share[g];
  }
  for (let g = 0; g < by.gaussians; g += 1) share[g] /= total;
}

/** The normalised Fisher vector of one part, and the likeliest word of each patch of the first scale.
 * @param {Book} by @param {Float64Array} squares @param {string} part */
function fisher(by, squares, part) {
  const channels = squares.length / SQUARES ** 2;
  const width = by.kept + 2;
  const [zeroth, first, second] = [1, width, width].map((n) => new Float64Array(by.gaussians * n));
  const from = new Float64Array(CELLS * CELLS * channels);
  const patch = new Float64Array(by.size);
  const q = new Float64Array(width);
  const share = new Float64Array(by.gaussians);
  /** @type {number[]} */
  const likeliest = [];
  let count = 0;
  for (const scale of SCALES) {
    const made = cells(squares, scale, channels);
    for (const top of starts(scale)) {
      for (const left of starts(scale)) {
        for (let cell = 0; cell < CELLS * CELLS; cell += 1) {
          const y = top + scale * (cell >> 2);
          const at = (y * SQUARES + left + scale * (cell & 3)) * channels;
          for (let c = 0; c < channels; c += 1) from[cell * channels + c] = made[at + c];
        }
        describe(patch, from, part);
        q.fill(0);
        for (let i = 0; i < by.size; i += 1) {
          const value = patch[i] - by.mean[i];
          for (let k = 0, at = i * by.kept; k < by.kept; k += 1, at += 1) q[k] += value * by.axes[at];
        }
        const half = (CELLS * scale) / 2;
        q[by.kept] = ((left + half) / SQUARES - 0.5) * by.place;
        q[by.kept + 1] = ((top + half) / SQUARES - 0.5) * by.place;
        words(by, q, share);
        count += 1;
        let best = 0;
        for (let g = 0; g < by.gaussians; g += 1) {
          const own = share[g];
          if (own < NEGLIGIBLE) continue;
          if (own > share[best]) best = g;
          zeroth[g] += own;
          for (let i = 0, at = g * width; i < width; i += 1, at += 1) {
            const pull = own * q[i];
            first[at] += pull;
            second[at] += pull * q[i];
          }
        }
        if (scale === SCALES[0]) likeliest.push(best);
      }
    }
  }
  const vector = new Float64Array(2 * first.length);
  let sum = 0;
  for (let g = 0; g < by.gaussians; g += 1) {
    const root = Math.sqrt(by.weights[g]) * count;
    for (let i = 0; i < width; i += 1) {
      const at = g * width + i;
      const [m, v] = [by.means[at], by.variances[at]];
      const mean = (first[at] - zeroth[g] * m) / (Math.sqrt(v) * root);
      const spread = (second[at] - 2 * first[at] * m + zeroth[g] * (m * m - v)) / (v * root * Math.SQRT2);
      vector[2 * g * width + i] = Math.sign(mean) * Math.sqrt(Math.abs(mean));
      vector[(2 * g + 1) * width + i] = Math.sign(spread) * Math.sqrt(Math.abs(spread));
      sum += Math.abs(mean) + Math.abs(spread);
    }
  }
  const length = Math.max(Math.sqrt(sum), 1e-12);
  return { vector: vector.map((value) => value / length), likeliest };
}

export class Rungs {
  /** @param {ArrayBuffer} file that `model_export.ladder` wrote */
  constructor(file) {
    const all = tensors(file);
    this.pixels = linear(all, "pixels");
    this.linear = linear(all, "fisher");
    this.shape = book(all, "shape");
    this.colour = book(all, "colour");
  }

  /** Logits of both rungs, and what they saw: the small picture as colours, cells of 4x4 pixels
   * with eight directions each, and the likeliest word of each of 13x13 patches.
   * @param {Uint8Array|Uint8ClampedArray} data 64x64 pixels of three channels */
  answers(data) {
    const seen = small(data);
    const edges = gradients(data);
    const found = [fisher(this.shape, edges, "shape"), fisher(this.colour, colours(data), "colour")];
    const whole = new Float64Array(found.reduce((sum, { vector }) => sum + vector.length, 0));
    let at = 0;
    for (const { vector } of found) {
      whole.set(vector.map((value) => value / Math.sqrt(found.length)), at);
      at += vector.length;
    }
    const wide = cells(edges, 2, DIRECTIONS);
    const cell = (/** @type {number} */ at) => 2 * (Math.floor(at / SMALL) * SQUARES + (at % SMALL)) * DIRECTIONS;
    return {
      logits: { pixels: classified(this.pixels, seen), fisher: classified(this.linear, whole) },
      small: Array.from({ length: SMALL ** 2 }, (_, i) => `rgb(${[0, 1, 2].map((c) => 255 * seen[3 * i + c]).join(" ")})`),
      cells: Float64Array.from({ length: SMALL ** 2 * DIRECTIONS }, (_, i) => wide[cell(Math.floor(i / DIRECTIONS)) + (i % DIRECTIONS)]),
      words: found[0].likeliest,
    };
  }
}

/** Changed copies of what the network sees: each leaves the given pixels as they are. */

/** @typedef {import("./picture.js").Pixels} Pixels */
/** @typedef {{flip: boolean, grey: boolean, bright: number, noise: number, blur: number,
 *   jpeg: number, closer: number, at: number[], hide: number[]}} Change bright in percent; noise is
 *   the spread in levels; blur in pixels; jpeg is the quality in percent, 100 for none; closer is
 *   the frame's side, in percent of the largest; at is the frame's middle, in thousandths of the
 *   picture's width and height, or empty for the picture's middle; hide is the middle of the grey
 *   patch, in sixteenths of the side, or empty */

export const PLACES = 16; // where the middle of the grey patch may lie, across and down

/** @returns {Change} */
export const unchanged = () => ({
  flip: false,
  grey: false,
  bright: 100,
  noise: 0,
  blur: 0,
  jpeg: 100,
  closer: 100,
  at: [],
  hide: [],
});

/** The square of a picture that the network gets: in the middle, or where it was moved to.
 * @param {{width: number, height: number}} from @param {import("./picture.js").Rule} rule
 * @param {{closer: number, at: number[]}} change
 * @returns {{left: number, top: number, side: number}} in pixels of the picture */
export function frameOf({ width, height }, { size, resize }, { closer, at }) {
  const side = (Math.min(width, height) * size * closer) / (100 * resize);
  const [x, y] = at.length === 2 ? at : [500, 500];
  const start = (/** @type {number} */ part, /** @type {number} */ whole) =>
    Math.min(whole - side, Math.max(0, (part / 1000) * whole - side / 2));
  return { left: start(x, width), top: start(y, height), side };
}

/** Mirror, grey, brightness and noise. @param {Pixels} from @param {Change} how
 * @returns {Pixels} */
function coloured(from, how) {
  const { width, height } = from;
  const data = new Uint8ClampedArray(from.data.length);
  let seed = 2012; // the same grain each time, so that an answer can be had again
  const chance = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = (y * width + (how.flip ? width - 1 - x : x)) * 3;
      const rgb = [from.data[at], from.data[at + 1], from.data[at + 2]];
      const light = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
      for (let c = 0; c < 3; c += 1) {
        const grain = how.noise ? (chance() + chance() + chance() - 1.5) * 2 * how.noise : 0;
        data[(y * width + x) * 3 + c] = ((how.grey ? light : rgb[c]) * how.bright) / 100 + grain;
      }
    }
  }
  return { data, width, height };
}

/** Gaussian blur, the edge pixels repeated. @param {Pixels} from @param {number} spread in pixels
 * @returns {Pixels} */
export function blurred(from, spread) {
  if (!(spread > 0)) return from;
  const { width, height } = from;
  const reach = Math.ceil(3 * spread);
  const kernel = Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * spread * spread)),
  );
  const sum = kernel.reduce((a, b) => a + b);
  /** @param {ArrayLike<number>} source @param {boolean} across */
  const pass = (source, across) => {
    const data = new Float32Array(source.length);
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        for (let k = -reach; k <= reach; k += 1) {
          const u = across ? Math.min(width - 1, Math.max(0, x + k)) : x;
          const v = across ? y : Math.min(height - 1, Math.max(0, y + k));
          const share = kernel[k + reach] / sum;
          for (let c = 0; c < 3; c += 1) {
            data[(y * width + x) * 3 + c] += share * source[(v * width + u) * 3 + c];
          }
        }
      }
    }
    return data;
  };
  return { data: Uint8ClampedArray.from(pass(pass(from.data, true), false)), width, height };
}

/** All changes but the two that need the whole picture or a JPEG. @param {Pixels} from
 * @param {Change} how @returns {Pixels} */
export function changed(from, how) {
  return patched(coloured(blurred(from, how.blur), how), how.hide);
}

/** A copy with a grey square in it. @param {Pixels} from @param {number} left
 * @param {number} top @param {number} side @returns {Pixels} */
export function hidden(from, left, top, side) {
  const data = Uint8ClampedArray.from(from.data);
  for (let y = Math.max(0, top); y < Math.min(from.height, top + side); y += 1) {
    const start = (y * from.width + Math.max(0, left)) * 3;
    data.fill(128, start, (y * from.width + Math.min(from.width, left + side)) * 3);
  }
  return { data, width: from.width, height: from.height };
}

/** A grey patch, a quarter of the side wide, at one of 16 x 16 places. @param {Pixels} from
 * @param {number[]} place @returns {Pixels} */
export function patched(from, place) {
  if (place.length !== 2) return from;
  const side = Math.round(from.width / 4);
  const [x, y] = place.map((k) => Math.round(((k + 0.5) * from.width) / PLACES - side / 2));
  return hidden(from, x, y, side);
}

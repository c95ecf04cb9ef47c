/** Maps and filters as one picture: tiles in rows, no room between them. */

/** @typedef {{data: Uint8ClampedArray, width: number, height: number, across: number}} Sheet three
 *   channels a pixel; `across` tiles a row */

const ACROSS = 16;

/** @param {number} count @param {number} side @param {(tile: number, at: number, c: number) =>
 *   number} level 0 to 255 @param {number} [across] tiles a row @returns {Sheet} */
function tiled(count, side, level, across = ACROSS) {
  const width = across * side;
  const height = Math.ceil(count / across) * side;
  const data = new Uint8ClampedArray(width * height * 3);
  for (let tile = 0; tile < count; tile += 1) {
    const corner = Math.floor(tile / across) * side * width + (tile % across) * side;
    for (let at = 0; at < side * side; at += 1) {
      const to = (corner + Math.floor(at / side) * width + (at % side)) * 3;
      for (let c = 0; c < 3; c += 1) data[to + c] = level(tile, at, c);
    }
  }
  return { data, width, height, across };
}

const BRIGHTEST = 0.995; // of the places of all maps; the few above are as white

/** What the maps of one stage say, and how they look: black is nothing, white what few places of
 * all maps reach; the square root keeps weak places visible. `record inside` does the same.
 * @param {ArrayLike<number>} values (maps, side, side) @param {number} count of maps
 * @param {number} side @returns {{sheet: Sheet, strongest: {value: number, at: number}[]}} */
export function mapSheet(values, count, side) {
  const plane = side * side;
  const strongest = Array.from({ length: count }, (_, map) => {
    let [value, at] = [0, 0];
    for (let i = 0; i < plane; i += 1) {
      if (values[map * plane + i] > value) [value, at] = [values[map * plane + i], i];
    }
    return { value, at };
  });
  const order = Float32Array.from(values, Math.abs).sort();
  const most = Math.max(order[Math.ceil(BRIGHTEST * (order.length - 1))], 1e-9);
  const sheet = tiled(count, side, (map, at) => 255 * Math.sqrt(values[map * plane + at] / most));
  return { sheet, strongest };
}

/** The maps that answer most to a picture, as many from each half (tower) as from the other.
 * @param {ArrayLike<number>} values (maps, side, side) @param {number} count of maps
 * @param {number} side @param {number} rows of as many maps @returns {Sheet} */
export function strongestSheet(values, count, side, rows) {
  const plane = side * side;
  const strength = Array.from({ length: count }, (_, map) => {
    let most = 0;
    for (let i = 0; i < plane; i += 1) most = Math.max(most, values[map * plane + i]);
    return most;
  });
  const half = (/** @type {number} */ from) =>
    Array.from({ length: count / 2 }, (_, i) => from + i)
      .sort((a, b) => strength[b] - strength[a])
      .slice(0, (rows * rows) / 2);
  const chosen = [...half(0), ...half(count / 2)];
  return tiled(
    chosen.length,
    side,
    (tile, at) => 255 * Math.sqrt(Math.max(0, values[chosen[tile] * plane + at]) / Math.max(strength[chosen[tile]], 1e-9)),
    rows,
  );
}

/** The numbers of a full layer, one pixel each, in the squarest rows that they fill; black is
 * nothing, white the largest. @param {ArrayLike<number>} values @returns {Sheet} */
export function numberSheet(values) {
  const most = Math.max(...Array.from(values), 1e-9);
  let across = Math.ceil(Math.sqrt(values.length));
  while (values.length % across) across += 1;
  return tiled(values.length, 1, (at) => 255 * Math.sqrt(Math.max(0, values[at]) / most), across);
}

/** The first filters in colour: middle grey is zero, each filter on its own scale.
 * @param {ArrayLike<number>} values (filters, 3, side, side) @param {number} count
 * @param {number} side @param {boolean} backwards whether the channels are blue, green, red
 * @returns {{sheet: Sheet, strongest: {value: number, at: number}[]}} */
export function filterSheet(values, count, side, backwards) {
  const plane = side * side;
  const strongest = Array.from({ length: count }, (_, filter) => {
    let value = 0;
    for (let i = 0; i < 3 * plane; i += 1) {
      value = Math.max(value, Math.abs(values[filter * 3 * plane + i]));
    }
    return { value, at: 0 };
  });
  const sheet = tiled(count, side, (filter, at, c) => {
    const own = values[(filter * 3 + (backwards ? 2 - c : c)) * plane + at];
    return 127.5 + (127.5 * own) / Math.max(strongest[filter].value, 1e-9);
  });
  return { sheet, strongest };
}

/** The maps that differ most between two pictures, by their strongest values.
 * @param {{value: number}[]} one @param {{value: number}[]} other @param {number} count
 * @returns {number[]} */
export function mostDifferent(one, other, count) {
  return one
    .map((_, i) => i)
    .sort((a, b) => apart(b) - apart(a))
    .slice(0, count);
  /** @param {number} i */
  function apart(i) {
    return Math.abs(one[i].value - other[i].value);
  }
}

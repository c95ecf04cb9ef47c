/**
 * Where things stand on the band: the same geometry as `docs/hooks/sitebuild/timeline/layout.py`, with
 * the same numbers. Pure functions; no document, no drawing. Units: CSS pixels.
 *
 * @typedef {object} Scale
 * @property {[number, number][]} knots year and share of the width
 * @property {[number, number]} lens
 * @property {number} width @property {number} margin @property {number} pitch
 * @property {number} axis @property {number} head @property {number} gap
 * @property {number} character @property {number} length @property {number} always
 * @property {number[]} ticks @property {string[]} themes
 *
 * @typedef {object} Item
 * @property {string} id @property {number} moment decimal year @property {string} theme
 * @property {number} importance 1 to 3 @property {string} title
 *
 * @typedef {object} Place
 * @property {string} id @property {number} x @property {number} y
 * @property {string} label @property {boolean} flipped
 *
 * @typedef {object} Drawing
 * @property {number} height @property {Place[]} places
 * @property {{theme: string, top: number, height: number}[]} lanes
 * @property {[number, number][]} ticks
 */

/** The numbers of the drawing; a test compares them with those of the build. @type {Scale} */
export const SCALE = {
  knots: [
    [1943, 0],
    [2009, 0.22],
    [2012, 0.35],
    [2013, 0.6],
    [2016, 0.77],
    [2027, 1],
  ],
  lens: [2009, 2016],
  width: 1160,
  margin: 16,
  pitch: 24,
  axis: 34,
  head: 21,
  gap: 6,
  character: 6.9,
  length: 26,
  always: 3,
  ticks: [
    1950, 1960, 1970, 1980, 1990, 2000, 2009, 2010, 2011, 2012, 2013, 2014, 2015, 2016, 2017,
    2020, 2022, 2024, 2026, 2028,
  ],
  themes: ["model", "competition", "hardware", "data", "theory", "company", "people", "society"],
};

const DAY = 86400000; // milliseconds

/** A date, as precise as it is known, as a decimal year: the middle of what it can mean.
 * @param {string} iso 1943, 2012-10 or 2012-10-13 */
export function decimalYear(iso) {
  const [year, month, day] = iso.split("-").map(Number);
  const start = Date.UTC(year, 0, 1);
  const first = Date.UTC(year, (month ?? 1) - 1, day ?? 1);
  const last = day ? first : Date.UTC(year, month ?? 12, 0);
  const length = (Date.UTC(year + 1, 0, 1) - start) / DAY;
  return year + (first + last - 2 * start) / 2 / DAY / length;
}

/** Where a decimal year lies. @param {number} moment @param {Scale} scale @param {number} width */
export function position(moment, scale, width) {
  const { knots, margin } = scale;
  const inner = width - 2 * margin;
  if (moment <= knots[0][0]) return margin;
  for (let i = 1; i < knots.length; i += 1) {
    const [year, share] = knots[i - 1];
    const [next, nextShare] = knots[i];
    if (moment <= next) {
      return margin + inner * (share + ((moment - year) / (next - year)) * (nextShare - share));
    }
  }
  return margin + inner;
}

/** The decimal year at a place: the inverse of `position`.
 * @param {number} x @param {Scale} scale @param {number} width */
export function moment(x, scale, width) {
  const { knots, margin } = scale;
  const share = (x - margin) / (width - 2 * margin);
  for (let i = 1; i < knots.length; i += 1) {
    const [year, from] = knots[i - 1];
    const [next, to] = knots[i];
    if (share <= to) return year + ((share - from) / (to - from)) * (next - year);
  }
  return knots[knots.length - 1][0];
}

/** A title short enough for the band. @param {string} title @param {number} length */
export function labelOf(title, length) {
  const letters = [...title];
  if (letters.length <= length) return title;
  const cut = letters.slice(0, length - 1).join("");
  const space = cut.lastIndexOf(" ");
  const head = cut.slice(0, Math.max(space, 0));
  return `${space > 0 && [...head].length > length / 2 ? head : cut}…`;
}

/** A width that the text will not exceed. @param {string} text @param {number} character */
export function textWidth(text, character) {
  let cells = 0;
  for (const letter of text) {
    if (/\p{Mark}/u.test(letter)) continue;
    const wide = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
    cells += wide.test(letter) ? 2 : 1;
    if ("MWm@%—…ⅢⅧ".includes(letter) || letter.length > 1) cells += 0.7;
    else if (/\p{Lu}/u.test(letter) || "w&+=<>~".includes(letter)) cells += 0.3;
  }
  return cells * character + 6;
}

/** Whether nothing in a row lies between two places.
 * @param {[number, number][]} taken @param {number} left @param {number} right */
const free = (taken, left, right) => taken.every(([from, to]) => right <= from || to <= left);

/** One lane. @param {Item[]} items in order of time @param {Scale} scale @param {number} width
 * @param {number} labelled @param {number} top @returns {{places: Place[], rows: number}} */
function pack(items, scale, width, labelled, top) {
  const half = scale.pitch / 2;
  /** @type {[number, number][][]} */
  const rows = [];
  const spots = new Map();
  const byWeight = [...items].sort((a, b) => b.importance - a.importance);
  for (const item of byWeight) {
    const x = position(item.moment, scale, width);
    const label = item.importance >= scale.always ? labelOf(item.title, scale.length) : "";
    const room = label ? textWidth(label, scale.character) : 0;
    const flipped = label !== "" && x + half + room > width;
    const left = x - half - (flipped ? room : 0);
    const right = x + half + (flipped ? 0 : room);
    let row = rows.findIndex((taken) => free(taken, left, right));
    if (row < 0) row = rows.push([]) - 1;
    rows[row].push([left, right]);
    spots.set(item.id, { row, x, label, flipped });
  }
  for (const item of byWeight) {
    const spot = spots.get(item.id);
    if (spot.label) continue;
    if (item.importance < labelled) break;
    const label = labelOf(item.title, scale.length);
    const room = textWidth(label, scale.character);
    const [left, right] = [spot.x - half, spot.x + half];
    if (right + room <= width && free(rows[spot.row], right, right + room)) {
      rows[spot.row].push([right, right + room]);
      spot.label = label;
    } else if (left - room >= 0 && free(rows[spot.row], left - room, left)) {
      rows[spot.row].push([left - room, left]);
      spot.label = label;
      spot.flipped = true;
    }
  }
  const places = items.map(({ id }) => {
    const { row, x, label, flipped } = spots.get(id);
    return { id, x, y: top + row * scale.pitch + half, label, flipped };
  });
  return { places, rows: rows.length };
}

/**
 * Lay the band out.
 * @param {Item[]} items
 * @param {Scale} scale
 * @param {number} width
 * @param {number} labelled events of this importance and above are named where there is room
 * @returns {Drawing}
 */
export function draw(items, scale, width, labelled) {
  const ordered = [...items].sort((a, b) => a.moment - b.moment || (a.id < b.id ? -1 : 1));
  let top = scale.axis;
  const lanes = [];
  const places = [];
  for (const theme of scale.themes) {
    const own = ordered.filter((item) => item.theme === theme);
    if (own.length === 0) continue;
    const packed = pack(own, scale, width, labelled, top + scale.head);
    const height = scale.head + packed.rows * scale.pitch;
    lanes.push({ theme, top, height });
    places.push(...packed.places);
    top += height + scale.gap;
  }
  /** @type {[number, number][]} */
  const ticks = [];
  let last = -40;
  for (const year of scale.ticks) {
    const x = position(year, scale, width);
    if (x - last >= 40) {
      ticks.push([year, x]);
      last = x;
    }
  }
  return { height: top, lanes, places, ticks };
}

/**
 * How many pixels a picture's file says it holds, read before it is decoded: a small file can
 * unfold into gigabytes. A kind of file that is not known here is not decoded at all.
 */

/** @typedef {[number, number]} Size width and height */

/** @param {DataView} view @param {number} at @param {number} [count] */
const letters = (view, at, count = 4) =>
  String.fromCharCode(...new Uint8Array(view.buffer, at, Math.max(0, Math.min(count, view.byteLength - at))));

/** The first frame's header; stray bytes before a marker are stepped over, as decoders do.
 * @param {DataView} view @returns {Size|undefined} */
function jpeg(view) {
  for (let at = 2; at + 9 < view.byteLength; ) {
    const marker = view.getUint8(at + 1);
    if (view.getUint8(at) !== 0xff || marker === 0xff || marker === 0) at += 1;
    else if (marker === 0xda) return undefined; // the pixels, before any size
    else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return [view.getUint16(at + 7), view.getUint16(at + 5)];
    } else at += marker === 1 || (marker >= 0xd0 && marker <= 0xd9) ? 2 : 2 + view.getUint16(at + 2);
  }
  return undefined;
}

/** The screen, or the first picture on it where that reaches further.
 * @param {DataView} view @returns {Size} */
function gif(view) {
  const word = (/** @type {number} */ at) => view.getUint16(at, true);
  const table = view.getUint8(10);
  let at = 13 + (table & 0x80 ? 3 * 2 ** ((table & 7) + 1) : 0);
  while (at + 9 < view.byteLength) {
    const kind = view.getUint8(at);
    if (kind === 0x2c) {
      return [Math.max(word(6), word(at + 1) + word(at + 5)), Math.max(word(8), word(at + 3) + word(at + 7))];
    }
    if (kind !== 0x21) break;
    at += 2; // an extension: blocks, each after its length
    while (at < view.byteLength && view.getUint8(at) > 0) at += 1 + view.getUint8(at);
    at += 1;
  }
  return [word(6), word(8)];
}

/** @param {DataView} view @returns {Size} */
const bmp = (view) =>
  view.getUint32(14, true) === 12
    ? [view.getUint16(18, true), view.getUint16(20, true)]
    : [Math.abs(view.getInt32(18, true)), Math.abs(view.getInt32(22, true))];

/** Lossy, lossless, or with a canvas of its own.
 * @param {DataView} view of more than 30 bytes @returns {Size|undefined} */
function webp(view) {
  const kind = letters(view, 12);
  if (kind === "VP8 ") return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
  if (kind === "VP8L") {
    const both = view.getUint32(21, true);
    return [(both & 0x3fff) + 1, ((both >>> 14) & 0x3fff) + 1];
  }
  if (kind === "VP8X") {
    return [(view.getUint32(24, true) & 0xffffff) + 1, (view.getUint32(26, true) >>> 8) + 1];
  }
  return undefined;
}

/** Boxes that hold boxes, and how many bytes come before those. @type {Record<string, number>} */
const HOLDERS = { meta: 4, iprp: 0, ipco: 0, moov: 0, trak: 0 };

const DEEPEST = 4; // a real file has three levels; more only overflow the stack

/** The largest of a file of boxes (AVIF, HEIC): of its pictures and of its films.
 * @param {DataView} view @param {number} from @param {number} to @param {number} [deep]
 * @returns {Size|undefined} */
function boxes(view, from, to, deep = 0) {
  /** @type {Size|undefined} */
  let largest;
  for (let at = from; at + 8 <= to; ) {
    let long = view.getUint32(at);
    let start = at + 8;
    if (long === 1 && at + 16 <= to) {
      long = Number(view.getBigUint64(start));
      start += 8;
    }
    const end = long === 0 ? to : Math.min(to, at + long);
    if (end < start) return largest;
    const kind = letters(view, at + 4);
    /** @type {Size|undefined} */
    let size;
    if (kind in HOLDERS && deep < DEEPEST) size = boxes(view, start + HOLDERS[kind], end, deep + 1);
    if (kind === "ispe" && end >= start + 12) size = [view.getUint32(start + 4), view.getUint32(start + 8)];
    if (kind === "tkhd" && end >= start + 84) {
      const side = start + (view.getUint8(start) === 1 ? 88 : 76); // in 65536ths
      if (end >= side + 8) size = [view.getUint16(side), view.getUint16(side + 4)];
    }
    if (size && (!largest || size[0] * size[1] > largest[0] * largest[1])) largest = size;
    at = end;
  }
  return largest;
}

const HEIC = ["heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1"];

/** Whether a file is of Apple's usual kind, which few browsers read. @param {ArrayBuffer} file */
export function isHeic(file) {
  const view = new DataView(file);
  return view.byteLength > 12 && letters(view, 4) === "ftyp" && HEIC.includes(letters(view, 8));
}

/** @param {ArrayBuffer} file @returns {number|undefined} pixels; undefined where it is of no kind
 * that is known here, or does not say */
export function pixelsOf(file) {
  const view = new DataView(file);
  if (view.byteLength < 32) return undefined;
  /** @type {Size|undefined} */
  let size;
  if (view.getUint32(0) === 0x89504e47) size = [view.getUint32(16), view.getUint32(20)]; // PNG
  else if (view.getUint16(0) === 0xffd8) size = jpeg(view);
  else if (letters(view, 0) === "GIF8") size = gif(view);
  else if (letters(view, 0, 2) === "BM") size = bmp(view);
  else if (letters(view, 0) === "RIFF" && letters(view, 8) === "WEBP") size = webp(view);
  else if (letters(view, 4) === "ftyp") size = boxes(view, 0, view.byteLength);
  return size && size[0] * size[1];
}

/** The chosen picture, whole, with a frame round the part that the network gets. */

import { frameOf } from "./changes.js";
import { store } from "./store.js";
import { byId } from "./page.js";

const PIXEL_LIMIT = 89_478_485; // the Python runner's
const HEADER = 2 ** 20; // bytes of a file that are searched for its size
const SVG_SIDE = 1024; // pixels of a drawing's longer side

const FRAME = "It gets what is in the frame: drag it, or pull a corner.";

let url = "";

/** @param {Blob} blob @returns {Promise<HTMLImageElement|undefined>} undefined where the browser
 * cannot show it */
async function imageOf(blob) {
  const image = /** @type {HTMLImageElement} */ (byId("live-whole"));
  if (url) URL.revokeObjectURL(url);
  url = URL.createObjectURL(blob);
  image.src = url;
  try {
    await image.decode();
    return image;
  } catch {
    return undefined;
  }
}

/** A drawing (SVG) as pixels, since the worker cannot draw one. @param {HTMLImageElement} image */
async function rasterised(image) {
  const { naturalWidth: width, naturalHeight: height } = image;
  const scale = SVG_SIDE / Math.max(width || SVG_SIDE, height || SVG_SIDE);
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round((width || SVG_SIDE) * scale));
  canvas.height = Math.max(1, Math.round((height || SVG_SIDE) * scale));
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return /** @type {Promise<Blob>} */ (
    new Promise((done) => canvas.toBlob((blob) => done(/** @type {Blob} */ (blob))))
  );
}

/** Whether a picture may be decoded on this page: small files can unfold into gigabytes.
 * @param {Blob} blob */
async function isHarmless(blob) {
  if (blob.type === "image/svg+xml") return true;
  const { pixelsOf } = await import("./header.js");
  return (pixelsOf(await blob.slice(0, HEADER).arrayBuffer()) ?? Infinity) <= PIXEL_LIMIT;
}

/** Show a picture. @param {Blob} blob @param {string} words what it shows
 * @returns {Promise<Blob>} what the worker can read of it */
export async function showPhoto(blob, words) {
  const image = (await isHarmless(blob)) ? await imageOf(blob) : undefined;
  byId("live-invite").hidden = Boolean(image);
  byId("live-whole").hidden = !image;
  for (const name of ["crop", "frame-row"]) byId(`live-${name}`).hidden = true;
  if (!image) return blob; // the worker says what is wrong with it
  image.alt = words;
  if (blob.type === "image/svg+xml") return rasterised(image);
  return blob;
}

/** No picture is shown. */
export function hidePhoto() {
  if (url) URL.revokeObjectURL(url);
  url = "";
  byId("live-whole").removeAttribute("src");
  for (const name of ["whole", "crop", "frame-row"]) byId(`live-${name}`).hidden = true;
  byId("live-invite").hidden = false;
}

/** Put the frame where the network looks. */
export function showFrame() {
  const image = /** @type {HTMLImageElement} */ (byId("live-whole"));
  const { naturalWidth: width, naturalHeight: height } = image;
  if (image.hidden || !width || !store.card) return;
  const { left, top, side } = frameOf({ width, height }, store.card.input, store.view.change);
  const part = (/** @type {number} */ length, /** @type {number} */ of) => `${(100 * length) / of}%`;
  Object.assign(byId("live-crop").style, {
    left: part(left, width),
    top: part(top, height),
    width: part(side, width),
    height: part(side, height),
  });
  for (const name of ["crop", "frame-row"]) byId(`live-${name}`).hidden = false;
}

/** A map to lay over a picture, readable on any colour: orange where it is strong, dark elsewhere.
 * @param {number} side @param {(at: number) => number} level 0 to 1 */
export function glow(side, level) {
  const picture = new ImageData(side, side);
  for (let at = 0; at < side * side; at += 1) {
    const strong = level(at);
    picture.data.set([255 * strong, 110 * strong, 20 * strong, 255 * (0.7 - 0.35 * strong)], at * 4);
  }
  return picture;
}

/** Lay the map of what matters over the picture. @param {Uint8ClampedArray<ArrayBuffer>} map four
 * channels a place, dark where it matters @param {number} across places */
export function showOverlay(map, across) {
  const canvas = /** @type {HTMLCanvasElement} */ (byId("live-overlay"));
  canvas.width = canvas.height = across;
  const mirrored = (/** @type {number} */ at) => at - (at % across) + across - 1 - (at % across);
  const place = store.view.change.flip ? mirrored : (/** @type {number} */ at) => at;
  canvas.getContext("2d")?.putImageData(glow(across, (at) => (255 - map[place(at) * 4]) / 225), 0, 0);
  canvas.hidden = false;
}

/** The map is that of an earlier picture or view. */
export function hideOverlay() {
  byId("live-overlay").hidden = true;
  byId("live-frame-words").textContent = FRAME;
}

/** The chosen picture, whole, with a frame round the part that the network gets. */

import { store } from "./store.js";
import { byId } from "./page.js";

const PIXEL_LIMIT = 89_478_485; // the Python runner's
const HEADER = 2 ** 20; // bytes of a file that are searched for its size
const SVG_SIDE = 1024; // pixels of a drawing's longer side

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
  byId("live-invite").hidden = true;
  byId("live-whole").hidden = !image;
  byId("live-crop").hidden = true;
  byId("live-whole-words").hidden = true;
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
  for (const name of ["whole", "crop", "whole-words"]) byId(`live-${name}`).hidden = true;
  byId("live-invite").hidden = false;
}

/** Put the frame where the network looks: the middle square, as the card's preprocessing cuts it. */
export function showFrame() {
  const image = /** @type {HTMLImageElement} */ (byId("live-whole"));
  const { naturalWidth: width, naturalHeight: height } = image;
  if (image.hidden || !width || !store.card) return;
  const { size, resize } = store.card.input;
  const side = (Math.min(width, height) * size * store.view.change.closer) / (100 * resize);
  const crop = byId("live-crop");
  crop.style.width = `${(100 * side) / width}%`;
  crop.style.height = `${(100 * side) / height}%`;
  crop.hidden = false;
  byId("live-whole-words").hidden = false;
}

/** Lay the map of what matters over the picture. @param {Uint8ClampedArray<ArrayBuffer>} map four
 * channels a place, dark where it matters @param {number} across places */
export function showOverlay(map, across) {
  const canvas = /** @type {HTMLCanvasElement} */ (byId("live-overlay"));
  const flip = store.view.change.flip;
  canvas.width = canvas.height = across;
  const picture = new ImageData(across, across);
  for (let i = 0; i < across * across; i += 1) {
    const from = flip ? i - (i % across) + across - 1 - (i % across) : i;
    picture.data.set([207, 74, 10, 255 - map[from * 4]], i * 4);
  }
  canvas.getContext("2d")?.putImageData(picture, 0, 0);
  canvas.hidden = false;
}

/** Lay one map of a layer over the picture: where it fires. @param {Blob} sheet of maps
 * @param {number} left @param {number} top of the map in the sheet @param {number} side */
export async function showMap(sheet, left, top, side) {
  const bitmap = await createImageBitmap(sheet, left, top, side, side);
  const canvas = /** @type {HTMLCanvasElement} */ (byId("live-overlay"));
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return;
  if (store.view.change.flip) {
    context.translate(side, 0);
    context.scale(-1, 1);
  }
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const picture = context.getImageData(0, 0, side, side);
  for (let at = 0; at < picture.data.length; at += 4) {
    picture.data.set([207, 74, 10, picture.data[at]], at);
  }
  context.putImageData(picture, 0, 0);
  canvas.hidden = false;
}

/** The map is that of an earlier picture or view. */
export function hideOverlay() {
  byId("live-overlay").hidden = true;
}

/** A file's bytes to pixels, as the Python runner reads them: upright, three channels, on white. */

import { isHeic, pixelsOf } from "./header.js";
import { userError } from "./errors.js";

/** @typedef {import("./picture.js").Pixels} Pixels */

const PIXEL_LIMIT = 89_478_485; // the Python runner's
const BYTE_LIMIT = 64 * 2 ** 20;
const BAND = 2 ** 22; // pixels that are on a canvas at once; phones allow four times as many

/** @param {number} width @param {number} height */
function canvasOf(width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw userError("picture", "This picture is too large for this browser.");
  return { canvas, context };
}

/** @param {Blob} blob @returns {Promise<Pixels>} */
export async function decode(blob) {
  if (blob.size === 0) throw userError("picture", "This file is empty.");
  if (blob.size > BYTE_LIMIT) throw userError("picture", "This file is over 64 MB. Save it smaller first.");
  const content = await blob.arrayBuffer();
  const unreadable = () =>
    userError(
      "picture",
      isHeic(content)
        ? "This is a HEIC photograph, which your browser cannot read. On an iPhone: Settings, Camera, Formats, Most Compatible makes JPEGs; or open it in Photos and export it as a JPEG."
        : "This file is not a picture that your browser can read. Try a JPEG or a PNG.",
    );
  const large = (/** @type {number} */ pixels) =>
    userError("picture", `This picture has ${(pixels / 1e6).toFixed(0)} megapixels, and the limit is ${Math.floor(PIXEL_LIMIT / 1e6)}. Save it smaller first.`);
  const claimed = pixelsOf(content);
  if (claimed === undefined) throw unreadable();
  if (claimed > PIXEL_LIMIT) throw large(claimed);
  /** @type {ImageBitmap} */
  let bitmap;
  try {
    bitmap = await createImageBitmap(blob, {
      imageOrientation: "from-image",
      colorSpaceConversion: "none",
    });
  } catch {
    throw unreadable();
  }
  try {
    if (bitmap.width * bitmap.height > PIXEL_LIMIT) throw large(bitmap.width * bitmap.height);
    return pixelsIn(bitmap);
  } finally {
    bitmap.close();
  }
}

/** A bitmap's pixels on white, band by band, so that a large picture is in memory but once in
 * four channels. @param {ImageBitmap} bitmap @returns {Pixels} */
function pixelsIn(bitmap) {
  const { width, height } = bitmap;
  const rows = Math.min(height, Math.ceil(BAND / width));
  const { context } = canvasOf(width, rows);
  const data = new Uint8Array(width * height * 3);
  for (let top = 0; top < height; top += rows) {
    context.fillStyle = "white";
    context.fillRect(0, 0, width, rows);
    context.drawImage(bitmap, 0, -top);
    const part = context.getImageData(0, 0, width, Math.min(rows, height - top));
    data.set(three(part.data), top * width * 3);
  }
  return { data, width, height };
}

/** Four channels to three. @param {Uint8ClampedArray} from */
export function three(from) {
  const data = new Uint8Array((from.length / 4) * 3);
  for (let i = 0, j = 0; i < from.length; i += 4, j += 3) {
    data[j] = from[i];
    data[j + 1] = from[i + 1];
    data[j + 2] = from[i + 2];
  }
  return data;
}

/** Three channels to a canvas's four. @param {Pixels} pixels
 * @returns {Uint8ClampedArray<ArrayBuffer>} */
export function four({ data, width, height }) {
  const to = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0, j = 0; i < data.length; i += 3, j += 4) {
    to[j] = data[i];
    to[j + 1] = data[i + 1];
    to[j + 2] = data[i + 2];
  }
  return to;
}

/** A file of these pixels. @param {Pixels} pixels @param {"image/png"|"image/jpeg"} type
 * @param {number} [quality] of a JPEG, 0 to 1 */
export async function encode(pixels, type, quality) {
  const { canvas, context } = canvasOf(pixels.width, pixels.height);
  context.putImageData(new ImageData(four(pixels), pixels.width, pixels.height), 0, 0);
  return canvas.convertToBlob({ type, quality });
}

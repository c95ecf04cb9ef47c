/** Away from the page's own thread: decodes a picture and lets the two lower rungs name it. */

import { decode, four } from "../live/decode.js";
import { download } from "../live/download.js";
import { best } from "../live/engine.js";
import { toMessage } from "../live/errors.js";
import { resizeAndCrop } from "../live/picture.js";
import { Rungs } from "./rungs.js";

/** @type {Rungs|undefined} */
let rungs;

/** @param {{file: string, bytes: number, blob: Blob, rule: import("../live/picture.js").Rule}} ask */
async function name({ file, bytes, blob, rule }) {
  if (!rungs) {
    const model = await download(file, "The lower rungs' file", bytes, () => {});
    rungs = new Rungs(/** @type {ArrayBuffer} */ (model.buffer));
  }
  const pixels = resizeAndCrop(await decode(blob), rule);
  const began = performance.now();
  const { logits, ...seen } = rungs.answers(pixels.data);
  return {
    milliseconds: performance.now() - began,
    picture: four(pixels),
    pixels: best(Float32Array.from(logits.pixels)),
    fisher: best(Float32Array.from(logits.fisher)),
    ...seen,
  };
}

addEventListener("message", async ({ data: ask }) => {
  try {
    postMessage({ id: ask.id, result: await name(ask) });
  } catch (error) {
    postMessage({ id: ask.id, ...toMessage(error) });
  }
});

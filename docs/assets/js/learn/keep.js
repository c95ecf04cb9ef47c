/** The network that was learned: as a file, or in the live page, through this browser's own store. */

import { sha256 } from "../live/cache.js";
import { userError } from "../live/errors.js";
import { leaveLearned } from "../live/kept.js";
import { root } from "../live/page.js";

/** @typedef {{bytes: Uint8Array, labels: string[], title: string, on: string}} Learned the ONNX file,
 *   the name of each output, what the network is called, and what it learned from */

/** @param {Learned} learned */
export function saveFile({ bytes }) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([/** @type {BlobPart} */ (bytes)]));
  link.download = "learned.onnx";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Leave the network where the live page looks, and go there. @param {Learned} learned
 * @throws a `UserError` where this browser keeps nothing */
export async function openLive({ bytes, labels, title, on }) {
  const hash = await sha256(bytes);
  const file = "assets/models/learned.onnx";
  const card = {
    title,
    name: "learned",
    architecture: "learned",
    labels: labels.map((name) => ({ name })),
    input: { name: "x", size: 28, resize: 28, crop: "centre", interpolation: "bilinear", antialias: true, channels: "RGB", mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
    output: "logits",
    precision: "fp32",
    weights: { trained_by: "you, in this browser", trained_on: on },
  };
  const model = { file, packed: null, card: "", reference: null, bytes: bytes.length, travels: 0, sha256: hash, gradient: null };
  const kept = hash && (await leaveLearned(root, model, card, bytes));
  if (!kept) throw userError("storage", "This browser keeps nothing for this page (a private window, or plain http), so the live page cannot get the network. Save it as a file instead.");
  location.href = new URL("live/?network=learned", root).href;
}

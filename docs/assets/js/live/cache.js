/**
 * A network's bytes: from the browser's cache, where they are kept under their hash, else fetched.
 * Bytes with another hash than the published one are never used.
 */

import { download } from "./download.js";
import { userError } from "./errors.js";
import { dropPieces, keyOf, withCache } from "./kept.js";

/** @typedef {{model: string, bytes: number, sha256: string, keep: boolean}} Wanted the address,
 *   the size, the hash, and whether this browser may keep it */

/** The SHA-256 in hexadecimal; undefined on plain http, where browsers lend pages no
 * `crypto.subtle`. The reference answer then is the only check.
 * @param {Uint8Array} bytes @returns {Promise<string|undefined>} */
export async function sha256(bytes) {
  if (!globalThis.crypto?.subtle) return undefined;
  const digest = await crypto.subtle.digest("SHA-256", /** @type {BufferSource} */ (bytes));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether the hash is the published one, or cannot be computed here.
 * @param {Uint8Array} bytes @param {string} published */
async function intact(bytes, published) {
  const hash = await sha256(bytes);
  return hash === undefined || hash === published;
}

/** The network's bytes, and whether they were kept from an earlier visit.
 * @param {Wanted} wanted @param {(bytes: number) => void} progress
 * @returns {Promise<{bytes: Uint8Array, cached: boolean}>} */
export async function network(wanted, progress) {
  const key = keyOf(wanted);
  const old = wanted.keep ? await withCache((cache) => cache.match(key)) : undefined;
  if (old) {
    const bytes = new Uint8Array(await old.arrayBuffer());
    if (await intact(bytes, wanted.sha256)) return { bytes, cached: true };
    await withCache((cache) => cache.delete(key));
  }
  const bytes = await download(wanted.model, "The network", wanted.bytes, progress, wanted.keep ? key : undefined);
  if (wanted.keep) await dropPieces(key);
  if (!(await intact(bytes, wanted.sha256))) {
    throw userError("corrupted", "The network's file is damaged: its hash is not the published one. It was not run. Load it again.");
  }
  if (wanted.keep) {
    await withCache((cache) => cache.put(key, new Response(/** @type {BodyInit} */ (bytes))));
  }
  return { bytes, cached: false };
}

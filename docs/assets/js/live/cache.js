/**
 * A network's bytes: from the browser's cache, where they are kept under their hash, else fetched.
 * Bytes with another hash than the published one are never used.
 */

import { download } from "./download.js";
import { userError } from "./errors.js";
import { dropPieces, keyOf, withCache } from "./kept.js";

/** @typedef {{model: string, bytes: number, sha256: string, keep: boolean, packed: string|null,
 *   travels: number}} Wanted the address, the size, the hash, whether this browser may keep it, and
 *   the address and the size of a copy packed with gzip, where there is one */

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

/** The content of a gzip file; undefined where it is damaged. @param {Uint8Array} bytes
 * @returns {Promise<Uint8Array|undefined>} */
async function unpacked(bytes) {
  const content = new Blob([/** @type {BlobPart} */ (bytes)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(content).arrayBuffer().then(
    (all) => new Uint8Array(all),
    () => undefined,
  );
}

/** The network's bytes, and whether they were kept from an earlier visit.
 * @param {Wanted} wanted @param {(share: number) => void} progress how much has arrived, 0 to 1
 * @returns {Promise<{bytes: Uint8Array, cached: boolean}>} */
export async function network(wanted, progress) {
  const key = keyOf(wanted);
  const old = wanted.keep ? await withCache((cache) => cache.match(key)) : undefined;
  if (old) {
    const bytes = new Uint8Array(await old.arrayBuffer());
    if (await intact(bytes, wanted.sha256)) return { bytes, cached: true };
    await withCache((cache) => cache.delete(key));
  }
  const packed = "DecompressionStream" in globalThis ? wanted.packed : null;
  const [file, size, pieces] = packed ? [packed, wanted.travels, `${key}&packed`] : [wanted.model, wanted.bytes, key];
  const arrived = await download(file, "The network", size, (at) => progress(at / size), wanted.keep ? pieces : undefined);
  if (wanted.keep) await dropPieces(pieces);
  const bytes = packed ? await unpacked(arrived) : arrived;
  if (!bytes || !(await intact(bytes, wanted.sha256))) {
    throw userError("corrupted", "The network's file is damaged: its hash is not the published one. It was not run. Load it again.");
  }
  if (wanted.keep) {
    await withCache((cache) => cache.put(key, new Response(/** @type {BodyInit} */ (bytes))));
  }
  return { bytes, cached: false };
}

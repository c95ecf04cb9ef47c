/**
 * A network's bytes: from the browser's store where they lie under their hash, else fetched with
 * progress, and never used unless the hash is the published one.
 */

import { trouble } from "./trouble.js";

/** @typedef {{model: string, bytes: number, sha256: string, keep: boolean}} Wanted the address,
 *   the size, the hash, and whether this browser may keep it */

const CACHE = "alexnet-models";

/** @param {Uint8Array} bytes @returns {Promise<string>} in hexadecimal */
export async function sha256(bytes) {
  const digest = await crypto.subtle.digest("SHA-256", /** @type {BufferSource} */ (bytes));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The kept copy, if there is one; storage may be denied. @param {string} key */
async function kept(key) {
  try {
    const hit = await (await caches.open(CACHE)).match(key);
    return hit ? new Uint8Array(await hit.arrayBuffer()) : undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} key @param {Uint8Array} bytes */
async function keep(key, bytes) {
  try {
    const cache = await caches.open(CACHE);
    await cache.put(key, new Response(/** @type {BodyInit} */ (bytes)));
  } catch {
    // no room, or none allowed: it is fetched again next time
  }
}

/** @param {string} key */
async function forget(key) {
  try {
    await (await caches.open(CACHE)).delete(key);
  } catch {
    // as above
  }
}

const wrong = () =>
  trouble("corrupted", "The network's file is damaged: its hash is not the published one. It was not run. Load it again.");
const cancelled = () => trouble("cancelled", "Cancelled. Nothing was kept.");

/** @param {Wanted} wanted @param {AbortSignal} signal @param {(bytes: number) => void} progress */
async function fetched({ model, bytes: size }, signal, progress) {
  /** @type {Response} */
  let answer;
  try {
    answer = await fetch(model, { signal });
  } catch {
    if (signal.aborted) throw cancelled();
    throw trouble("offline", "The network could not be fetched. Are you offline? Try again.");
  }
  if (!answer.ok || !answer.body) {
    throw trouble("offline", `The network could not be fetched (status ${answer.status}). Try again later.`);
  }
  const bytes = new Uint8Array(size);
  const reader = answer.body.getReader();
  let at = 0;
  let told = 0;
  for (;;) {
    let part;
    try {
      part = await reader.read();
    } catch {
      if (signal.aborted) throw cancelled();
      throw trouble("offline", "The connection broke while the network was loading. Try again.");
    }
    if (part.done) break;
    if (at + part.value.length > size) throw wrong();
    bytes.set(part.value, at);
    at += part.value.length;
    if (at - told > size / 64) progress((told = at));
  }
  if (at !== size) throw wrong();
  return bytes;
}

/** The network's bytes, and whether they were kept from an earlier visit.
 * @param {Wanted} wanted @param {AbortSignal} signal @param {(bytes: number) => void} progress
 * @returns {Promise<{bytes: Uint8Array, cached: boolean}>} */
export async function network(wanted, signal, progress) {
  const key = `${wanted.model}?sha256=${wanted.sha256}`;
  const old = wanted.keep ? await kept(key) : undefined;
  if (old && (await sha256(old)) === wanted.sha256) return { bytes: old, cached: true };
  if (old) await forget(key);
  const bytes = await fetched(wanted, signal, progress);
  if ((await sha256(bytes)) !== wanted.sha256) throw wrong();
  if (wanted.keep) await keep(key, bytes);
  return { bytes, cached: false };
}

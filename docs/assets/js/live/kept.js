/** What this browser has kept of networks, in its cache, under their hashes. */

const CACHE = "alexnet-models";

/** What the cache does, or undefined where storage is denied, full, or not there (plain http).
 * @template T @param {(cache: Cache) => Promise<T>} use @returns {Promise<T|undefined>} */
export async function withCache(use) {
  try {
    return await use(await caches.open(CACHE));
  } catch {
    return undefined;
  }
}

/** @param {{model: string, sha256: string}} wanted */
export const keyOf = ({ model, sha256 }) => `${model}?sha256=${sha256}`;

/** Whether an earlier visit has kept this network. @param {{model: string, sha256: string}} wanted */
export async function isKept(wanted) {
  return Boolean(await withCache((cache) => cache.match(keyOf(wanted))));
}

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

const pieceOf = (/** @type {string} */ key, /** @type {number} */ from) => `${key}&from=${from}`;

/** Keep bytes of a file that is still on its way. @param {string} key the file's
 * @param {number} from where they begin @param {Uint8Array[]} bytes */
export const keepPiece = (key, from, bytes) =>
  withCache((cache) => cache.put(pieceOf(key, from), new Response(new Blob(/** @type {BlobPart[]} */ (bytes)))));

/** What was kept of a file that never arrived whole, from its beginning. @param {string} key
 * @returns {Promise<Uint8Array[]>} */
export async function keptPieces(key) {
  /** @type {Uint8Array[]} */
  const found = [];
  await withCache(async (cache) => {
    for (let at = 0; ; at += found[found.length - 1].length) {
      const piece = await cache.match(pieceOf(key, at));
      if (!piece) return;
      found.push(new Uint8Array(await piece.arrayBuffer()));
    }
  });
  return found;
}

/** Forget the pieces: the file is there, or they are damaged. @param {string} key */
export const dropPieces = (key) =>
  withCache(async (cache) => {
    for (const { url } of await cache.keys()) if (url.startsWith(pieceOf(key, 0).slice(0, -1))) await cache.delete(url);
  });

/** What this browser has kept of networks, in its cache, under their hashes. */

const CACHE = "alexnet-models";
const LEARNED = "assets/models/learned.json"; // below the site's root; no such file is on the server

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

/** Leave a network that was learned on this site for the live page. @param {URL} root of the site
 * @param {object} model @param {object} card @param {Uint8Array} bytes
 * @returns {Promise<boolean>} false where this browser keeps nothing */
export async function leaveLearned(root, model, card, bytes) {
  const done = await withCache(async (cache) => {
    const { file, sha256 } = /** @type {{file: string, sha256: string}} */ (model);
    await cache.put(keyOf({ model: new URL(file, root).href, sha256 }), new Response(/** @type {BodyInit} */ (bytes)));
    await cache.put(new URL(LEARNED, root).href, new Response(JSON.stringify({ ...model, own: card })));
    return true;
  });
  return done ?? false;
}

/** The network that was left, as the list of networks names one. @param {URL} root of the site
 * @returns {Promise<any>} undefined if there is none */
export async function learnedNetwork(root) {
  return withCache(async (cache) => (await cache.match(new URL(LEARNED, root).href))?.json());
}

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

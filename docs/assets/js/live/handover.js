/** Hands a picture from one page of the site to the live page, through this browser's own store. */

const [NAME, STORE, KEY] = ["alexnet-handover", "pictures", "picture"];

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** @param {IDBTransactionMode} mode */
async function open(mode) {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return (await done(request)).transaction(STORE, mode).objectStore(STORE);
}

/** Leave a picture for the live page. @param {Blob} picture @throws where storage is denied */
export async function leave(picture) {
  await done((await open("readwrite")).put(picture, KEY));
}

/** The picture that was left, once; undefined if there is none.
 * @returns {Promise<Blob|undefined>} */
export async function collect() {
  try {
    const pictures = await open("readwrite");
    const picture = await done(pictures.get(KEY));
    await done(pictures.delete(KEY));
    return picture;
  } catch {
    return undefined;
  }
}

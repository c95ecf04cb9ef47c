/**
 * Fetches one file with progress. A connection that breaks is resumed where it stopped, and every
 * failure names its cause: no connection, a login page in place of the file, a damaged file. To
 * cancel, end the worker in which it runs.
 */

import { userError } from "./errors.js";
import { keptPieces, keepPiece } from "./kept.js";

const ATTEMPTS = 3; // a connection that breaks more often is reported
const PAUSE = 500; // ms before the next attempt
const PIECE = 2 ** 16; // bytes that are kept at once

const offline = (/** @type {string} */ what, /** @type {string} */ why) =>
  userError("offline", `${what} could not be fetched${why} What has arrived is kept: try again.`);

/** Bytes of files that did not arrive whole, by address. @type {Map<string, Uint8Array[]>} */
const parts = new Map();
const sizeOf = (/** @type {Uint8Array[]} */ some) => some.reduce((sum, part) => sum + part.length, 0);

/** The answer to a request for a file from a byte on. @param {string} address @param {string} what
 * @param {number} at */
async function open(address, what, at) {
  /** @type {Response} */
  let answer;
  try {
    answer = await fetch(address, { headers: at ? { Range: `bytes=${at}-` } : {} });
  } catch {
    throw offline(what, ". Are you offline?");
  }
  if (answer.status === 404) throw userError("missing", `${what} is not on this server (status 404).`);
  if (!answer.ok || !answer.body) throw offline(what, ` (status ${answer.status}).`);
  if ((answer.headers.get("content-type") ?? "").startsWith("text/html")) {
    throw userError("offline", `A web page came in place of ${what.toLowerCase()}. Does this connection want a login first? Open any page, log in, and try again.`);
  }
  return answer;
}

/** @param {string} address @param {string} what its name at the beginning of a sentence
 * @param {number} size in bytes @param {(bytes: number) => void} progress how many have arrived
 * @param {string} [key] under which what has arrived is kept in this browser, for another page
 * @returns {Promise<Uint8Array>} exactly `size` bytes
 * @throws a `UserError`: "offline", "missing" or "corrupted" */
export async function download(address, what, size, progress, key) {
  const keeping = [];
  for (let attempt = 1; ; attempt += 1) {
    let have = parts.get(address) ?? (key ? await keptPieces(key) : []);
    let [pieces, kept] = [have.length, sizeOf(have)]; // of what has arrived, those that are kept
    if (kept >= size) [have, pieces, kept] = [[], 0, 0];
    try {
      const answer = await open(address, what, sizeOf(have));
      if (answer.status !== 206) [have, pieces, kept] = [[], 0, 0];
      parts.set(address, have);
      const reader = /** @type {ReadableStream<Uint8Array>} */ (answer.body).getReader();
      for (let at = sizeOf(have), shown = 0; ; ) {
        const part = await reader.read().catch(() => undefined);
        if (!part) throw offline(what, ": the connection broke.");
        if (part.done) break;
        have.push(part.value);
        at += part.value.length;
        if (at > size) break;
        if (key && at - kept >= PIECE && at < size) {
          keeping.push(keepPiece(key, kept, have.slice(pieces)));
          [pieces, kept] = [have.length, at];
        }
        if (at - shown > size / 64) progress((shown = at));
      }
      if (sizeOf(have) < size) throw offline(what, ": the connection broke.");
      parts.delete(address);
      if (sizeOf(have) > size) throw userError("corrupted", `${what} is larger than published. It was not run. Load the page again.`);
      const bytes = new Uint8Array(size);
      let at = 0;
      for (const part of have) {
        bytes.set(part, at);
        at += part.length;
      }
      progress(size);
      await Promise.all(keeping); // whoever drops the pieces then finds them all
      return bytes;
    } catch (error) {
      const { kind } = /** @type {{kind: string}} */ (error);
      if (kind !== "offline" || attempt === ATTEMPTS || !sizeOf(have)) throw error;
      await new Promise((done) => setTimeout(done, PAUSE * attempt));
    }
  }
}

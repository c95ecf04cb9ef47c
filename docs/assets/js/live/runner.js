/**
 * The engine outside the browser: `python -m demo serve` serves this page and says so in the list
 * of networks. Pictures are sent to it, and to nobody else.
 */

import { userError } from "./errors.js";

/** @typedef {{engine: string, classify: string}} Addresses on this page's own host */
/** @typedef {{words: string, model: {title: string, name: string, trained_by: string,
 *   trained_on: string, sha256: string, precision: string}}} Info */
/** @typedef {{index: number, label: string, probability: number}} Named */
/** @typedef {{top: Named[], provider: string,
 *   milliseconds: {decode: number, queue: number, inference: number}}} Told */

const GONE = "The program that serves this page does not answer. Is it still running?";

/** @param {string} address @param {RequestInit} [how] @returns {Promise<any>} */
async function asked(address, how) {
  let answer;
  try {
    answer = await fetch(new URL(address, location.origin), how);
  } catch {
    throw userError("offline", GONE);
  }
  const reply = await answer.json().catch(() => ({}));
  if (answer.ok) return reply;
  const words = typeof reply.error === "string" ? reply.error : `${GONE} (status ${answer.status})`;
  throw userError(answer.status < 500 ? "picture" : "offline", words);
}

/** What runs there. @param {Addresses} at @returns {Promise<Info>} */
export const engineOf = (at) => asked(at.engine);

/** @param {Addresses} at @param {Blob} blob @returns {Promise<Told>} */
export const nameIt = (at, blob) =>
  asked(at.classify, {
    method: "POST",
    body: blob,
    headers: { "Content-Type": "application/octet-stream" },
  });

/** Where a picture goes, in words. @param {string} host @param {string} words of the engine */
export const whereTo = (host, words) =>
  ["localhost", "127.0.0.1", "[::1]"].includes(host)
    ? `Your picture goes to ${words}, and no further.`
    : `Your picture goes to the computer that serves this page (${host}).`;

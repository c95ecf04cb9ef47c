/**
 * What the page shows, as the address holds it, so that a teacher can send it. Whatever an
 * address says is checked against what the page knows and brought within bounds; the rest is
 * dropped.
 *
 * @typedef {object} View
 * @property {string} picture a sample's name, or empty
 * @property {string} layer one of LAYERS, or empty
 * @property {number} silent the tower that is off: 0 for none, 1 or 2
 * @property {boolean} quiz @property {boolean} kiosk
 * @property {import("./changes.js").Change} change
 */

import { PLACES, unchanged } from "./changes.js";

export const LAYERS = ["filters", "conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8"];

/** The sliders' least, most and step. @type {Record<string, [number, number, number]>} */
export const SLIDERS = {
  bright: [20, 200, 5],
  noise: [0, 100, 5],
  blur: [0, 6, 0.5],
  jpeg: [1, 100, 1],
  closer: [10, 100, 1],
};
const SWITCHES = ["flip", "grey"];

/** @param {string|null} text @param {[number, number, number]} bounds @param {number} otherwise */
function within(text, [least, most, step], otherwise) {
  const value = Number(text || NaN);
  if (!Number.isFinite(value)) return otherwise;
  return least + Math.round((Math.min(most, Math.max(least, value)) - least) / step) * step;
}

/** Read a view. @param {string} search the address's query @param {string[]} pictures that the
 * page has @returns {View} */
export function read(search, pictures) {
  const query = new URLSearchParams(search);
  const usual = unchanged();
  const pair = (/** @type {string} */ name, /** @type {number} */ most) => {
    const both = (query.get(name) ?? "").split(",").map((k) => within(k, [0, most, 1], -1));
    return both.length === 2 && !both.includes(-1) ? both : [];
  };
  const picture = query.get("picture") ?? "";
  const layer = query.get("layer") ?? "";
  const change = {
    ...usual,
    flip: query.get("flip") === "1",
    grey: query.get("grey") === "1",
    at: pair("at", 1000),
    hide: pair("hide", PLACES - 1),
  };
  for (const name of /** @type {("bright"|"noise"|"blur"|"jpeg"|"closer")[]} */ (
    Object.keys(SLIDERS)
  )) {
    change[name] = within(query.get(name), SLIDERS[name], usual[name]);
  }
  return {
    picture: pictures.includes(picture) ? picture : "",
    layer: LAYERS.includes(layer) ? layer : "",
    silent: ["1", "2"].indexOf(query.get("silent") ?? "") + 1,
    quiz: query.get("quiz") === "1",
    kiosk: query.get("kiosk") === "1",
    change,
  };
}

/** Write a view, shortest form. @param {View} view @returns {string} with its question mark */
export function write({ picture, layer, silent, quiz, kiosk, change }) {
  const query = new URLSearchParams();
  const usual = unchanged();
  if (picture) query.set("picture", picture);
  if (layer) query.set("layer", layer);
  if (silent) query.set("silent", String(silent));
  for (const name of SWITCHES) {
    if (change[/** @type {"flip"} */ (name)]) query.set(name, "1");
  }
  for (const name of Object.keys(SLIDERS)) {
    const value = change[/** @type {"bright"} */ (name)];
    if (value !== usual[/** @type {"bright"} */ (name)]) query.set(name, String(value));
  }
  for (const name of /** @type {("at"|"hide")[]} */ (["at", "hide"])) {
    if (change[name].length === 2) query.set(name, change[name].join(","));
  }
  if (quiz) query.set("quiz", "1");
  if (kiosk) query.set("kiosk", "1");
  const words = query.toString().replaceAll("%2C", ",");
  return words ? `?${words}` : "";
}

/**
 * The view as the address holds it, so that a teacher can send it. Whatever an address says
 * is checked against what the page knows; the rest is dropped.
 *
 * @typedef {object} View
 * @property {Set<string>} themes empty means all
 * @property {Set<string>} people empty means everyone; several mean any of them
 * @property {string} query
 * @property {number} zoom
 *
 * @typedef {object} Known
 * @property {string[]} themes @property {string[]} people
 */

export const ZOOMS = [1, 2, 4, 8];
const LONGEST = 60;

/** Nothing filtered, at the first size. @returns {View} */
export const everything = () => ({
  themes: new Set(),
  people: new Set(),
  query: "",
  zoom: 1,
});

/** Read a view. @param {string} search the address's query @param {Known} known @returns {View} */
export function read(search, known) {
  const parameters = new URLSearchParams(search);
  const zoom = Number(parameters.get("zoom"));
  return {
    themes: new Set((parameters.get("theme") ?? "").split(",").filter((t) => known.themes.includes(t))),
    people: new Set(parameters.getAll("person").filter((name) => known.people.includes(name))),
    query: [...(parameters.get("find") ?? "")].slice(0, LONGEST).join(""), // letters, never half of one
    zoom: ZOOMS.includes(zoom) ? zoom : 1,
  };
}

/** Write a view, shortest form. @param {View} view @returns {string} with its question mark */
export function write({ themes, people, query, zoom }) {
  const parameters = new URLSearchParams();
  if (themes.size > 0) parameters.set("theme", [...themes].sort().join(","));
  for (const name of [...people].sort()) parameters.append("person", name);
  if (query) parameters.set("find", query); // "q" is the theme's: it opens the search of the site
  if (zoom !== 1) parameters.set("zoom", String(zoom));
  const words = parameters.toString().replaceAll("%2C", ",");
  return words ? `?${words}` : "";
}

/** Text for comparing: no case, no accents. @param {string} text */
export const plain = (text) =>
  text.normalize("NFD").replace(/\p{Mark}/gu, "").toLowerCase();

/** Whether an event belongs to a view.
 * @param {{theme: string, people: string[], words: string}} item @param {View} view */
export function matches(item, view) {
  const asked = plain(view.query).split(/\s+/).filter(Boolean);
  return (
    (view.themes.size === 0 || view.themes.has(item.theme)) &&
    (view.people.size === 0 || item.people.some((name) => view.people.has(name))) &&
    asked.every((word) => item.words.includes(word))
  );
}

/**
 * The view as it stands in the address, so that a teacher can send it. Whatever an address says
 * is checked against what the page knows; the rest is dropped.
 *
 * @typedef {object} View
 * @property {Set<string>} themes empty means all
 * @property {string} person empty means everyone
 * @property {string} query
 * @property {number} zoom
 *
 * @typedef {object} Known
 * @property {string[]} themes @property {string[]} people
 */

export const ZOOMS = [1, 2, 4, 8];
const LONGEST = 60;

/** Nothing filtered, at the first size. @returns {View} */
export const everything = () => ({ themes: new Set(), person: "", query: "", zoom: 1 });

/** Read a view. @param {string} search the address's query @param {Known} known @returns {View} */
export function read(search, known) {
  const told = new URLSearchParams(search);
  const zoom = Number(told.get("zoom"));
  const person = told.get("person") ?? "";
  return {
    themes: new Set((told.get("theme") ?? "").split(",").filter((t) => known.themes.includes(t))),
    person: known.people.includes(person) ? person : "",
    query: (told.get("q") ?? "").slice(0, LONGEST),
    zoom: ZOOMS.includes(zoom) ? zoom : 1,
  };
}

/** Write a view, shortest form. @param {View} view @returns {string} with its question mark */
export function write({ themes, person, query, zoom }) {
  const told = new URLSearchParams();
  if (themes.size > 0) told.set("theme", [...themes].sort().join(","));
  if (person) told.set("person", person);
  if (query) told.set("q", query);
  if (zoom !== 1) told.set("zoom", String(zoom));
  const words = told.toString().replaceAll("%2C", ",");
  return words ? `?${words}` : "";
}

/** Text for comparing: no case, no accents. @param {string} text */
export const plain = (text) =>
  text.normalize("NFD").replace(/\p{Mark}/gu, "").toLowerCase();

/** Whether an event belongs to a view.
 * @param {{theme: string, people: string[], words: string}} item @param {View} view */
export function matches(item, view) {
  return (
    (view.themes.size === 0 || view.themes.has(item.theme)) &&
    (!view.person || item.people.includes(view.person)) &&
    plain(view.query).split(/\s+/).every((word) => item.words.includes(word))
  );
}

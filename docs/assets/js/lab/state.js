/**
 * The explorer's view as it stands in the address. What an address says is checked against what
 * the page knows; the rest is dropped.
 *
 * @typedef {object} View
 * @property {string} query @property {string} set @property {string} sort
 * @property {boolean} results only runs with figures
 * @property {string[]} compare none, one or two runs
 *
 * @typedef {object} Known
 * @property {string[]} sets @property {string[]} runs
 *
 * @typedef {object} Item
 * @property {string} run @property {string} set @property {string} date
 * @property {number} error infinite where there is none
 * @property {boolean} results @property {number} place @property {string} words
 */

export const SORTS = ["", "date", "error"];
const LONGEST = 60;

/** Nothing filtered. @returns {View} */
export const everything = () => ({ query: "", set: "", sort: "", results: false, compare: [] });

/** Read a view. @param {string} search @param {Known} known @returns {View} */
export function read(search, known) {
  const told = new URLSearchParams(search);
  const set = told.get("set") ?? "";
  const sort = told.get("sort") ?? "";
  const compare = (told.get("compare") ?? "").split(",").filter((r) => known.runs.includes(r));
  return {
    query: (told.get("q") ?? "").slice(0, LONGEST),
    set: known.sets.includes(set) ? set : "",
    sort: SORTS.includes(sort) ? sort : "",
    results: told.get("figures") === "1",
    compare: [...new Set(compare)].slice(0, 2),
  };
}

/** Write a view, shortest form. @param {View} view @returns {string} with its question mark */
export function write({ query, set, sort, results, compare }) {
  const told = new URLSearchParams();
  if (query) told.set("q", query);
  if (set) told.set("set", set);
  if (sort) told.set("sort", sort);
  if (results) told.set("figures", "1");
  if (compare.length > 0) told.set("compare", compare.join(","));
  const words = told.toString().replaceAll("%2C", ",");
  return words ? `?${words}` : "";
}

/** Whether a run belongs to a view. @param {Item} item @param {View} view */
export function matches(item, view) {
  return (
    (!view.set || item.set === view.set) &&
    (!view.results || item.results) &&
    view.query.toLowerCase().split(/\s+/).every((word) => item.words.includes(word))
  );
}

/** Order of two runs; what lacks the measure comes last. @param {string} sort
 * @returns {(a: Item, b: Item) => number} */
export function order(sort) {
  if (sort === "error") {
    return (a, b) => (a.error === b.error ? a.place - b.place : a.error - b.error);
  }
  if (sort === "date") {
    return (a, b) => (a.date || "9").localeCompare(b.date || "9") || a.place - b.place;
  }
  return (a, b) => a.place - b.place;
}

/** Choose a run, or let it go; a third takes the place of the first. @param {string[]} chosen
 * @param {string} run @returns {string[]} */
export function toggle(chosen, run) {
  return chosen.includes(run) ? chosen.filter((r) => r !== run) : [...chosen, run].slice(-2);
}

/**
 * The explorer's view as the address holds it. What an address says is checked against what
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
  const parameters = new URLSearchParams(search);
  const set = parameters.get("set") ?? "";
  const sort = parameters.get("sort") ?? "";
  const compare = (parameters.get("compare") ?? "").split(",").filter((r) => known.runs.includes(r));
  return {
    query: (parameters.get("q") ?? "").slice(0, LONGEST),
    set: known.sets.includes(set) ? set : "",
    sort: SORTS.includes(sort) ? sort : "",
    results: parameters.get("figures") === "1",
    compare: [...new Set(compare)].slice(0, 2),
  };
}

/** Write a view, shortest form. @param {View} view @returns {string} with its question mark */
export function write({ query, set, sort, results, compare }) {
  const parameters = new URLSearchParams();
  if (query) parameters.set("q", query);
  if (set) parameters.set("set", set);
  if (sort) parameters.set("sort", sort);
  if (results) parameters.set("figures", "1");
  if (compare.length > 0) parameters.set("compare", compare.join(","));
  const words = parameters.toString().replaceAll("%2C", ",");
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

/** Times and rates for people. */

/** @typedef {{least: number, median: number, most: number}} Summary in ms */
/** @param {number[]} times sorted, in ms @returns {Summary} */
export const summary = (times) => ({
  least: times[0],
  median: times[times.length >> 1],
  most: times[times.length - 1],
});

/** Two digits of a small figure, whole numbers of a large one. @param {number} value */
export const figure = (value) =>
  value < 10 ? value.toPrecision(2) : Math.round(value).toLocaleString("en");

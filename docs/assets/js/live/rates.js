/** Times to rates, and peaks to estimates. */

/** @typedef {{least: number, median: number, most: number}} Summary in ms */
/** @typedef {{name: string, how: string, one?: Summary, rate?: number}} Row how: measured,
 *   published or estimated, or why there is no figure; rate: pictures a second */

/** @param {number[]} times sorted, in ms @returns {Summary} */
export const summary = (times) => ({
  least: times[0],
  median: times[times.length >> 1],
  most: times[times.length - 1],
});

/** Pictures a second. @param {Summary} time of a batch @param {number} batch */
export const rate = ({ median }, batch) => (1000 * batch) / median;

/** As many pictures as the maker's peak allows, or a share of the peak, two operations a
 * multiply-add. @param {string} name @param {number} peak in 10^12 operations a second
 * @param {number} multiplyAdds of one picture @param {number} [share] of the peak that the
 * training of 2012 reached, in percent; without one the figure is a ceiling @returns {Row} */
export const estimated = (name, peak, multiplyAdds, share) => ({
  name,
  rate: (peak * 1e12 * (share ?? 100)) / 100 / (2 * multiplyAdds),
  how: share
    ? `estimated: ${share} percent of its published peak, as in the training of 2012`
    : "estimated: the most that the maker's published peak allows",
});

/** Two digits of a small figure, whole numbers of a large one. @param {number} value */
export const figure = (value) =>
  value < 10 ? value.toPrecision(2) : Math.round(value).toLocaleString("en");

/** What the table says, in one sentence. @param {Row[]} rows the reader's first */
export function sentence(rows) {
  const best = rows.filter((row) => row.one).sort((a, b) => (b.rate ?? 0) - (a.rate ?? 0))[0];
  if (!best?.rate) return "Nothing could be measured here.";
  const pictures = `${figure(best.rate)} pictures a second`;
  return `Fastest here: ${best.name.replace("Your", "your")}, ${pictures}.`;
}

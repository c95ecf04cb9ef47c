/** The curves of a run as a drawing: share of wrong answers, or loss, by step. */

/** @typedef {{at: number, loss: number, wrong: number}} Point */
/** @typedef {"wrong"|"loss"} Measure */
/** @typedef {{every: number, low: number[], high: number[]}} Recorded the lowest and the highest
 *   error on new pictures of the recorded runs, in per cent, at step 0 and every so many */

const SPACE = "http://www.w3.org/2000/svg";
const HEIGHT = 250;
const [LEFT, RIGHT, TOP, BOTTOM] = [40, 8, 12, 24];
const SHORTEST = 300; // steps that the drawing has room for at the least

/** @param {string} name @param {Record<string, string|number>} attributes @param {string} [words] */
function node(name, attributes, words = "") {
  const made = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.textContent = words;
  return made;
}

/** Means over up to `wide` points each, so that chance among few pictures does not hide the way.
 * @param {Point[]} points @param {number} wide @returns {Point[]} */
export function smoothed(points, wide) {
  const means = [];
  for (let i = 0; i < points.length; i += wide) {
    const part = points.slice(i, i + wide);
    const mean = (/** @type {Measure} */ key) => part.reduce((sum, point) => sum + point[key], 0) / part.length;
    means.push({ at: part[part.length - 1].at, loss: mean("loss"), wrong: mean("wrong") });
  }
  return means;
}

/** A round step of an axis that has room for about `count`. @param {number} most
 * @param {number} count */
export function tick(most, count) {
  const rough = most / count;
  const ten = 10 ** Math.floor(Math.log10(rough));
  return ten * ([1, 2, 5].find((n) => n * ten >= rough) ?? 10);
}

/** @param {SVGElement} drawing @param {{train: Point[], tests: Point[]}} run
 * @param {Measure} measure @param {Recorded} [recorded] */
export function drawCurves(drawing, { train, tests }, measure, recorded) {
  const width = Math.max(280, drawing.parentElement?.clientWidth ?? 600);
  drawing.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  const last = train[train.length - 1]?.at ?? 0;
  const steps = Math.max(SHORTEST, last);
  const highest = measure === "wrong" ? 1 : Math.max(2.5, ...tests.map((point) => point.loss));
  const x = (/** @type {number} */ at) => LEFT + ((width - LEFT - RIGHT) * at) / steps;
  const y = (/** @type {number} */ value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - Math.min(value, highest) / highest);
  const parts = [];
  if (recorded && measure === "wrong") {
    const corner = (/** @type {number} */ value, /** @type {number} */ i) => `${x(i * recorded.every).toFixed(1)} ${y(value / 100).toFixed(1)}`;
    const band = [...recorded.high.map(corner), ...recorded.low.map(corner).reverse()];
    parts.push(node("path", { class: "learn-band", d: `M${band.join("L")}Z` }));
  }
  const up = measure === "wrong" ? 0.25 : tick(highest, 4);
  for (let value = 0; value <= highest + 1e-9; value += up) {
    const words = measure === "wrong" ? `${Math.round(100 * value)}%` : value.toFixed(1);
    parts.push(node("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value) }));
    parts.push(node("text", { class: "muted", x: LEFT - 6, y: y(value) + 4, "text-anchor": "end", "font-size": 13 }, words));
  }
  const across = tick(steps, width < 420 ? 4 : 6);
  for (let at = 0; at <= steps; at += across) {
    const end = x(at) > width - 20 ? "end" : "middle";
    const words = at ? String(at) : "step 0";
    parts.push(node("text", { class: "muted", x: x(at), y: HEIGHT - 6, "text-anchor": end, "font-size": 13 }, words));
  }
  if (measure === "wrong") {
    parts.push(node("line", { class: "divide", x1: LEFT, x2: width - RIGHT, y1: y(0.9), y2: y(0.9) }));
    parts.push(node("text", { class: "muted", x: width - RIGHT, y: y(0.9) + 15, "text-anchor": "end", "font-size": 13 }, "guessing"));
  }
  const way = (/** @type {Point[]} */ points) => points.map((point, i) => `${i ? "L" : "M"}${x(point.at).toFixed(1)} ${y(point[measure]).toFixed(1)}`).join("");
  const means = smoothed(train, 10);
  if (means.length > 1) parts.push(node("path", { class: "kin learn-train", d: way(means) }));
  if (tests.length > 1) parts.push(node("path", { class: "stroke main", d: way(tests) }));
  for (const point of tests) parts.push(node("circle", { class: "deep", cx: x(point.at), cy: y(point[measure]), r: 4 }));
  drawing.replaceChildren(...parts);
}
